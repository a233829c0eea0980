"""A role that counts late is waited for, anything else is told at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError

from ezazml.errors import EzazmlError
from ezazml.operations.readiness import wait_for_data_access
from jobs.azure_errors import AzureError
from jobs.connection import Connection


def refusal(status: int) -> HttpResponseError:
    error = HttpResponseError("This request is not authorized to perform this operation using this permission.")
    error.status_code, error.reason = status, "AuthorizationPermissionMismatch"
    return error


def connection(*answers: Exception | None) -> Connection:
    """A storage account that gives these answers, the last one for ever."""
    left = list(answers)

    def properties() -> None:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer is not None:
            raise answer

    client = SimpleNamespace(get_container_properties=properties)
    blobs = SimpleNamespace(get_container_client=lambda _name: client)
    deployment = SimpleNamespace(storage_account="account", output=lambda _name: ["data"])
    made: Any = SimpleNamespace(deployment=deployment, blobs=lambda _account: blobs)
    return cast("Connection", made)


def test_it_asks_until_the_role_counts() -> None:
    slept: list[float] = []
    shown: list[str] = []
    wait_for_data_access(connection(refusal(403), refusal(403), None), show=shown.append, sleep=slept.append)
    assert slept == [2.0, 3.0]
    assert shown == ["waiting for the role on account to count (0 s)", "waiting for the role on account to count (2 s)"]


def test_a_role_that_counts_already_costs_no_time() -> None:
    wait_for_data_access(connection(None), show=pytest.fail, sleep=lambda _seconds: pytest.fail("slept"))


def test_a_role_that_never_counts_is_told_with_what_is_needed() -> None:
    slept: list[float] = []
    with pytest.raises(EzazmlError, match="Storage Blob Data Contributor"):
        wait_for_data_access(connection(refusal(403)), show=lambda _line: None, timeout_seconds=60, sleep=slept.append)
    assert 60 <= sum(slept) < 80


def test_a_network_that_refuses_is_told_after_a_minute_and_not_after_ten() -> None:
    by_network = refusal(403)
    by_network.error_code = "AuthorizationFailure"  # type: ignore[attr-defined]
    slept: list[float] = []
    shown: list[str] = []
    with pytest.raises(EzazmlError, match="The network of storage account account refuses this machine") as caught:
        wait_for_data_access(connection(by_network), show=shown.append, sleep=slept.append)
    assert 60 <= sum(slept) < 80
    assert shown[0] == "waiting for the network rules of account to count (0 s)"
    assert "network.allowed_ips" in (caught.value.hint or "")


def test_another_refusal_is_told_at_once() -> None:
    with pytest.raises(AzureError, match="Reading container 'data' of storage account account"):
        wait_for_data_access(connection(refusal(404)), show=pytest.fail, sleep=lambda _seconds: pytest.fail("slept"))
