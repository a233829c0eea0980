"""Addresses and JSON of the shipped environments change only when somebody means it.

A changed address makes Terraform destroy and create; these files are the proof that a change of the bindings or of
the constructs keeps what is deployed. ``make golden`` rewrites them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.synth.stacks import ROOT, SHIPPED, addresses, shipped

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def check(request: pytest.FixtureRequest, name: str, text: str) -> None:
    path = GOLDEN / name
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "a stack changed; if it is meant: make golden"


def normalised(stack: Any) -> str:
    """Without what differs by machine, and without cdktf's own notes."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items() if key != "//"}
        if isinstance(value, list):
            return [clean(item) for item in value]
        return value.replace(str(ROOT), "<project>") if isinstance(value, str) else value

    return json.dumps(clean(stack), indent=1, sort_keys=True) + "\n"


@pytest.mark.parametrize("name", SHIPPED)
def test_resource_addresses(request: pytest.FixtureRequest, name: str) -> None:
    check(request, f"{name}.addresses.txt", "\n".join(addresses(shipped(name))) + "\n")


@pytest.mark.parametrize("name", SHIPPED)
def test_synthesised_json(request: pytest.FixtureRequest, name: str) -> None:
    check(request, f"{name}.json", normalised(shipped(name)))
