"""Where this machine is, as the names of a private environment tell it."""

from __future__ import annotations

import dataclasses
import socket
from typing import Any

import pytest

from ezazml.config.dependency_models import Existing
from ezazml.config.network_models import Network
from ezazml.operations.doctor import network
from ezazml.operations.doctor.finding import Case, Machine, Verdict
from tests.unit.operations.azure import SUBSCRIPTION
from tests.unit.operations.doctor.test_checks import verdicts, with_settings


def inside(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name has a private address here; returns the names that are looked up."""
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["10.0.0.4"]

    monkeypatch.setattr(network, "resolve", resolve)
    return asked


def test_outside_of_the_private_profile_every_step_runs_from_here(case: Case) -> None:
    assert verdicts(network.check_network(case)) == [Verdict.OK]


@pytest.mark.parametrize(
    ("deployer_inside", "addresses", "expected"),
    [
        (False, ["20.60.1.2"], (Verdict.WARNING, "this machine is outside")),
        (True, ["20.60.1.2"], (Verdict.PROBLEM, "is 20.60.1.2 here, not a private address")),
        (True, ["10.80.4.5"], (Verdict.OK, "every step runs from here")),
        (False, ["10.80.4.5"], (Verdict.WARNING, "network.deployer_inside is false")),
        (True, [], (Verdict.NOT_CHECKED, "is not known here (yet)")),
        (False, [], (Verdict.NOT_CHECKED, "is not known here (yet)")),
    ],
)
def test_names_of_a_private_environment_tell_where_this_machine_is(
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
    deployer_inside: bool,
    addresses: list[str],
    expected: tuple[Verdict, str],
) -> None:
    verdict, text = expected
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return addresses

    monkeypatch.setattr(network, "resolve", resolve)
    private = with_settings(case, network=Network(profile="private", deployer_inside=deployer_inside))
    found = list(network.check_network(private))
    assert verdicts(found) == [verdict]
    assert text in found[0].text
    names = private.environment.names
    assert asked == [f"{names.storage_account}.blob.core.windows.net", f"{names.key_vault}.vault.azure.net"]


def test_a_vault_that_exists_is_asked_for_by_its_own_name(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = inside(monkeypatch)
    vault = f"{SUBSCRIPTION}/resourceGroups/hub/providers/Microsoft.KeyVault/vaults/hub-vault"
    private = with_settings(case, network=Network(profile="private"), existing=Existing(key_vault_id=vault))
    assert verdicts(network.check_network(private)) == [Verdict.WARNING]
    assert asked[1] == "hub-vault.vault.azure.net"


@pytest.mark.parametrize(
    ("bypass", "looked_up"), [("", False), ("127.0.0.1", False), (".windows.net,.azure.net", True)]
)
def test_names_that_a_proxy_looks_up_are_not_looked_up_here(
    case: Case, monkeypatch: pytest.MonkeyPatch, bypass: str, looked_up: bool
) -> None:
    asked = inside(monkeypatch)
    environ = {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": bypass}
    private = with_settings(case, network=Network(profile="private"))
    found = network.check_network(dataclasses.replace(private, machine=Machine(case.machine.root, environ)))
    assert verdicts(found) == [Verdict.WARNING if looked_up else Verdict.NOT_CHECKED]
    assert bool(asked) == looked_up


def test_a_name_that_nobody_knows_has_no_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "127.0.0.1" in network.resolve("127.0.0.1")

    def unknown(*_arguments: Any, **_options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert network.resolve("account.blob.core.windows.net") == []
