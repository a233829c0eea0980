"""Terraform is run with what the command decided, and a failure leaves nothing behind that hides it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
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


#: What init makes: a lock file, the backend's record, and a provider that is a link into a cache.
_INIT = """
echo "$1" >> ran
mkdir -p cache/linux .terraform/providers/host/ns/azurerm/1.0
touch cache/linux/program
ln -sfn "$PWD/cache/linux" .terraform/providers/host/ns/azurerm/1.0/linux
echo lock > .terraform.lock.hcl
echo backend > .terraform/terraform.tfstate
"""


def _module(folder: Path) -> None:
    file = folder / "cdk.tf.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "module": {"own": {"source": "./own"}}}))


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        (lambda folder: None, 1),
        (lambda folder: (folder / "main.tf").write_text("# no matter of init"), 1),
        (lambda folder: shutil.rmtree(folder / "cache"), 2),
        (lambda folder: (folder / "cache" / "linux" / "program").write_text("another provider"), 2),
        (lambda folder: (folder / ".terraform.lock.hcl").write_text("other checksums"), 2),
        (lambda folder: (folder / ".terraform.lock.hcl").unlink(), 2),
        (lambda folder: (folder / ".terraform" / "terraform.tfstate").unlink(), 2),
        (lambda folder: (folder / ".terraform" / "ezazml-init").write_bytes(b"\xff torn"), 2),
        (_module, 2),
    ],
)
def test_init_runs_again_when_what_it_made_is_not_there_as_it_was(  # type: ignore[no-untyped-def]
    tmp_path: Path, change, runs: int
) -> None:
    folder = stack(tmp_path, "local")
    for step in (lambda _folder: None, change, lambda _folder: None):
        step(folder)
        terraform = Terraform(engine(tmp_path, _INIT), folder, ENVIRON, providers=ProviderCache(tmp_path / "providers"))
        terraform.init()
    assert len((folder / "ran").read_text().split()) == runs


def test_of_two_inits_at_once_one_runs(tmp_path: Path) -> None:
    folder = stack(tmp_path, "local")
    works = engine(tmp_path, _INIT)
    code = (
        "import pathlib, sys\n"
        "from ezazml.terraform.engine import Engine\n"
        "from ezazml.terraform.provider_cache import ProviderCache\n"
        "from ezazml.terraform.runner import Terraform\n"
        f"Terraform(Engine({works.program!r}, (1, 9, 0)), pathlib.Path({str(folder)!r}), {ENVIRON!r},"
        f" providers=ProviderCache(pathlib.Path({str(tmp_path / 'providers')!r}))).init()"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert (folder / "ran").read_text().split() == ["init"]


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
