"""Which login a job gets, and of which tenant its tokens are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jobs.connection import credential_of

SCOPE = "https://management.azure.com/.default"
AZ = """#!/bin/sh
echo "$@" >> "$AZ_CALLS"
echo '{"accessToken": "token", "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4070908800}'
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the Azure CLI, the only login there is, was called with."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "ARM_", "IDENTITY_", "MSI_"))]:
        monkeypatch.delenv(name)
    program = tmp_path / "az"
    program.write_text(AZ)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("AZ_CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


@pytest.mark.parametrize(
    ("tenant_id", "environ", "asked"),
    [("t-1", {}, "--tenant t-1"), (None, {"ARM_TENANT_ID": "t-2"}, "--tenant t-2"), (None, {}, "")],
)
def test_tokens_are_asked_of_the_known_tenant(
    tenant_id: str | None, environ: dict[str, str], asked: str, calls: Path
) -> None:
    assert credential_of(environ, tenant_id=tenant_id).get_token(SCOPE).token == "token"
    assert asked in calls.read_text()
    assert bool(asked) == ("--tenant" in calls.read_text())
