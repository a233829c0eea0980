"""The right programs are found, and their absence is one clear message."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ezazml.errors import InputError
from ezazml.terraform.engine import (
    Engine,
    find_engine,
    find_program,
    require_cdktf,
    require_node,
    require_write_only,
    with_engine_named,
)

BIN = Path(sys.executable).parent


def program(folder: Path, name: str, answer: str) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(0o755)
    return str(path)


def version(text: str) -> str:
    return json.dumps({"terraform_version": text})


def test_terraform_comes_before_tofu_and_both_before_the_launcher(tmp_path: Path) -> None:
    path = {"PATH": str(tmp_path / "bin")}
    assert find_program(path) == str(BIN / "ezazml-terraform")
    tofu = program(tmp_path / "bin", "tofu", version("1.8.0"))
    assert find_program(path) == tofu
    terraform = program(tmp_path / "bin", "terraform", version("1.9.0"))
    assert find_program(path) == terraform
    assert find_program({**path, "TERRAFORM_BINARY_NAME": "tofu"}) == tofu


@pytest.mark.parametrize(
    ("name", "answer", "accepted"),
    [
        ("terraform", version("1.5.0"), True),
        ("terraform", version("1.4.9"), False),
        ("tofu", version("1.6.0"), True),
        ("tofu", version("1.5.9"), False),
        ("terraform", version("2.0.0-beta1"), True),
        ("terraform", "hello", False),
        ("terraform", "{}", False),
    ],
)
def test_the_version_decides(tmp_path: Path, name: str, answer: str, accepted: bool) -> None:
    found = program(tmp_path / "bin", name, answer)
    environ = {"PATH": f"{tmp_path / 'bin'}:/bin:/usr/bin", "TERRAFORM_BINARY_NAME": found}
    if accepted:
        assert find_engine(environ).program == found
    else:
        with pytest.raises(InputError, match=r"Install Terraform"):
            find_engine(environ)


def test_the_launcher_is_terraform() -> None:
    engine = find_engine({"TERRAFORM_BINARY_NAME": str(BIN / "ezazml-terraform"), "PATH": "/bin:/usr/bin"})
    assert engine.version >= (1, 15)


def test_other_programs_are_told_of_an_engine_that_is_not_called_terraform(tmp_path: Path) -> None:
    path = {"PATH": str(tmp_path / "bin")}
    assert with_engine_named(path)["TERRAFORM_BINARY_NAME"] == str(BIN / "ezazml-terraform")
    program(tmp_path / "bin", "terraform", version("1.9.0"))
    assert "TERRAFORM_BINARY_NAME" not in with_engine_named(path)


@pytest.mark.parametrize(
    ("answer", "accepted"), [("v20.0.0", True), ("v24.1.0", True), ("v18.20.1", False), ("x", False)]
)
def test_node_must_be_20_or_newer(tmp_path: Path, answer: str, accepted: bool) -> None:
    node = program(tmp_path / "bin", "node", answer)
    environ = {"PATH": f"{tmp_path / 'bin'}:/bin"}
    if accepted:
        assert require_node(environ) == node
    else:
        with pytest.raises(InputError, match="is too old"):
            require_node(environ)


def test_missing_programs_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Node\.js was not found"):
        require_node({"PATH": str(tmp_path)})
    with pytest.raises(InputError, match="make setup"):
        require_cdktf(tmp_path, {"PATH": str(tmp_path)})


@pytest.mark.parametrize("number", [(1, 11, 0), (1, 15, 5), (2, 0, 0)])
def test_write_only_values_need_1_11(number: tuple[int, ...]) -> None:
    require_write_only(Engine("/bin/terraform", number))
    with pytest.raises(InputError, match=r"write_only_secrets: true needs Terraform or OpenTofu 1\.11"):
        require_write_only(Engine("/bin/tofu", (1, 10, 9)))
