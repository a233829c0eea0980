"""Terraform is run with what the command decided, and a failure leaves nothing behind that hides it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ezazml.terraform.engine import Engine, without_overrides
from ezazml.terraform.provider_cache import ProviderCache
from ezazml.terraform.runner import Terraform, TerraformError

ENVIRON = {"PATH": "/bin:/usr/bin"}


def engine(folder: Path, script: str) -> Engine:
    """A program that stands in for Terraform: this shell script."""
    program = folder / "terraform"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return Engine(str(program), (1, 9, 0))


def stack(folder: Path, backend: str) -> Path:
    """A stack with this backend, as it is synthesised."""
    made = folder / "stack"
    (made / ".terraform").mkdir(parents=True, exist_ok=True)
    (made / "cdk.tf.json").write_text(json.dumps({"terraform": {"backend": {backend: {}}}}))
    return made


def test_after_a_failed_init_the_next_one_runs_again(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    works = engine(tmp_path, f'echo "$1" >> "{ran}"')
    for _ in range(2):
        Terraform(works, stack(tmp_path, "local"), ENVIRON, providers=ProviderCache(tmp_path / "providers")).init()
    assert ran.read_text().splitlines() == ["init"]

    fails = engine(tmp_path, "exit 1")
    with pytest.raises(TerraformError):
        Terraform(fails, stack(tmp_path, "azurerm"), ENVIRON, providers=ProviderCache(tmp_path / "providers")).init()

    works = engine(tmp_path, f'echo "$1" >> "{ran}"')
    Terraform(works, stack(tmp_path, "local"), ENVIRON, providers=ProviderCache(tmp_path / "providers")).init()
    assert ran.read_text().splitlines() == ["init", "init"]


def test_variables_that_change_what_terraform_does_do_not_reach_it(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    spy = engine(tmp_path, f'env > "{seen}"')
    overrides = {
        "TF_CLI_ARGS": "-lock=false",
        "TF_CLI_ARGS_plan": "-destroy",
        "TF_CLI_ARGS_providers_lock": "-x",
        "TF_DATA_DIR": "elsewhere",
        "TF_WORKSPACE": "other",
        "TF_LOG": "error",
    }
    Terraform(
        spy, stack(tmp_path, "local"), ENVIRON | overrides, providers=ProviderCache(tmp_path / "providers")
    ).init()
    lines = seen.read_text().splitlines()
    assert [line for line in lines if line.startswith(("TF_CLI", "TF_DATA", "TF_WORKSPACE"))] == []
    assert "TF_LOG=error" in lines


def test_the_sandboxs_own_arguments_stay_in_its_shell() -> None:
    shell = {"EZAZML_TARGET": "sandbox", "TF_CLI_ARGS_providers_lock": "-fs-mirror=x", "TF_CLI_ARGS_plan": "-destroy"}
    assert set(without_overrides(shell)) == {"EZAZML_TARGET", "TF_CLI_ARGS_providers_lock"}


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_what_terraform_writes_first_is_its_owners_alone(tmp_path: Path, command: str) -> None:
    state = tmp_path / "dev.tfstate"
    writes = engine(tmp_path, f'echo "{{}}" > "{state}"; mkdir "{tmp_path}/folder"')
    terraform = Terraform(writes, stack(tmp_path, "local"), ENVIRON, providers=ProviderCache(tmp_path / "providers"))
    if command == "plan":
        terraform.plan(tmp_path / "saved.tfplan")
        assert (tmp_path / "saved.tfplan").stat().st_mode & 0o777 == 0o600
    else:
        terraform.apply(tmp_path / "saved.tfplan")
    assert state.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700
