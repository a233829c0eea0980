"""Addresses and JSON of the network profiles change only when somebody means it; see ``test_golden.py``."""

from __future__ import annotations

import pytest

from tests.synth.stacks import PROFILES, addresses, profile
from tests.synth.test_golden import check, normalised


@pytest.mark.parametrize("name", PROFILES)
def test_resource_addresses(request: pytest.FixtureRequest, name: str) -> None:
    check(request, f"profile_{name}.addresses.txt", "\n".join(addresses(profile(name))) + "\n")


@pytest.mark.parametrize("name", PROFILES)
def test_synthesised_json(request: pytest.FixtureRequest, name: str) -> None:
    check(request, f"profile_{name}.json", normalised(profile(name)))
