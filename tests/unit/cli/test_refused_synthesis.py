"""What cannot work is refused before the synthesis: one message with file, field, value, rule and next step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ezazml.cli.main import main

#: Synthesises an environment with these settings, which must fail, and returns the lines it told.
Refused = Callable[[dict[str, Any]], list[str]]
PRIVATE: dict[str, Any] = {
    "network": {"profile": "private"},
    "container_registry": {"sku": "Premium"},
    "identities": {"application": {"secret_enabled": False}},
}
KEY: dict[str, Any] = {
    "container_registry": {"sku": "Premium"},
    "key_vault": {"purge_protection_enabled": True},
    "on_destroy": "keep",
}


@pytest.fixture
def refused(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    def synth(settings: dict[str, Any]) -> list[str]:
        (project / "environments" / "dev.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        monkeypatch.chdir(project)
        with pytest.raises(SystemExit) as ended:
            main(["synth", "dev"])
        told = capsys.readouterr()
        assert (ended.value.code, told.out) == (2, "")
        assert "Traceback" not in told.err
        assert not (project / ".ezazml" / "azure").exists()
        return told.err.splitlines()

    return synth


def role(**entry: str) -> dict[str, Any]:
    return {"role_assignments": [{"role": "Reader", "group": "team", **entry}]}


def cluster(size: str) -> dict[str, Any]:
    return {"compute": {"clusters": [{"name": "cpu", "size": size}]}}


@pytest.mark.parametrize(
    ("settings", "field", "says"),
    [
        (role(scope="moon"), "role_assignments[0].scope", ("'moon' is not a scope", "Use one of resource_group")),
        (role(scope="data_lake"), "role_assignments[0].scope", ("'data_lake' does not exist", "or switch it on")),
        (role(role="King"), "role_assignments[0].role", ("'King' is not a role", "role_id")),
        (
            {**PRIVATE, "network": {"profile": "private", "virtual_network": {"compute_subnet": "10.80.4.0/23"}}},
            "network.virtual_network.endpoint_subnet",
            ("10.80.4.0/24 overlaps compute_subnet 10.80.4.0/23", "Choose ranges"),
        ),
        (
            {**PRIVATE, "workspace": {"public_network_access_enabled": True}},
            "workspace.public_network_access_enabled",
            ("True contradicts network.profile private", "Remove it"),
        ),
        (
            {**PRIVATE, "network": {"profile": "private", "allowed_ips": ["20.1.2.3"]}},
            "network.allowed_ips",
            ("contradicts network.profile private", "Remove it"),
        ),
        (
            {**KEY, "encryption": {"customer_managed_key": True}},
            "encryption.user_assigned_identity",
            ("is missing: customer-managed keys need a user-assigned identity", "Set it to create"),
        ),
        (
            {"names": {"storage_account": "My_Account"}},
            "names.storage_account",
            ("'My_Account' (10 characters)", "3-24 lower-case letters and digits", "'myaccount'"),
        ),
        ({"names": {"key_vault": "1vault"}}, "names.key_vault", ("'1vault'", "starting with a letter", "for example")),
        (cluster("big"), "compute.clusters[0].size", ("'big' is not a VM size", "az ml compute list-sizes")),
        (cluster("Standard_DS3v2"), "compute.clusters[0].size", ("is not a VM size", "Did you mean Standard_DS3_v2?")),
        ({"location": "westeurop"}, "location", ("'westeurop' is not a region", "Did you mean westeurope?")),
        ({"location": "moon"}, "location", ("'moon' is not a region of Azure", "such as westeurope")),
    ],
)
def test_synth_refuses_with_one_clear_message(
    refused: Refused, settings: dict[str, Any], field: str, says: tuple[str, ...]
) -> None:
    (line,) = [line for line in refused(settings) if f" {field}: " in line]
    assert "environments/dev.yaml:" in line
    assert [text for text in says if text not in line] == []
