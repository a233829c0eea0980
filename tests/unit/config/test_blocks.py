"""A group of settings is changed in its file, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ezazml.config.blocks import write_block
from ezazml.errors import InputError
from tests.conftest import ROOT

BACKEND = {"type": "azurerm", "storage_account_name": "mystate", "container_name": "tfstate", "key": "dev.tfstate"}


def lines_without(text: str, words: tuple[str, ...]) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not any(word in line for word in words)]


@pytest.mark.parametrize("name", ["dev", "uat", "preprod", "prd", "sandbox"])
def test_everything_else_stays_as_it_was(tmp_path: Path, name: str) -> None:
    before = (ROOT / "environments" / f"{name}.yaml").read_text(encoding="utf-8")
    path = tmp_path / f"{name}.yaml"
    path.write_text(before, encoding="utf-8")
    assert write_block(path, "backend", BACKEND)
    after = path.read_text(encoding="utf-8")
    assert yaml.safe_load(after) == {**yaml.safe_load(before), "backend": BACKEND}
    words = ("backend:", "type: azurerm", "type: local", "storage_account_name", "container_name", "key: dev.tfstate")
    assert lines_without(after, words) == lines_without(before, words)
    assert not write_block(path, "backend", BACKEND)
    assert path.read_text(encoding="utf-8") == after


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "prefix: a",
        "backend: {type: local}\nprefix: a\n",
        "backend:\n  type: local",
        "backend:\n\n\n",
    ],
)
def test_every_ordinary_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dev.yaml"
    path.write_text(text)
    write_block(path, "backend", BACKEND)
    assert yaml.safe_load(path.read_text()) == {**(yaml.safe_load(text) or {}), "backend": BACKEND}


@pytest.mark.parametrize(
    "text",
    [
        "{prefix: a, backend: {type: local}}\n",
        "backend: {type: local,\nkey: x}\n",
        "backend: &b\n  type: local\nname: *b\n",
    ],
)
def test_an_unusual_file_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dev.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"too unusual to change 'backend'[\s\S]*storage_account_name: mystate"):
        write_block(path, "backend", BACKEND)
    assert path.read_text() == text
