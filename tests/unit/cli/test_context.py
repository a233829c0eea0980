"""What a command's work gets from the shell: the sandbox's variables, or the login that is in force."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ezazml.cli.context import enter
from ezazml.config.loading import load_environment
from ezazml.operations import workbench
from sandbox.home import SandboxHome

GUID = "11111111-2222-4333-8444-555555555555"
OTHER = GUID.replace("1", "9")


@pytest.fixture
def shell(project: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A shell in the project's folder, without a login."""
    for name in list(os.environ):
        if name.startswith(("ARM_", "AZURE_", "EZAZML_", "TF_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(project)
    return monkeypatch


@pytest.mark.parametrize(
    ("file", "variables", "expected"),
    [
        ("ARM_USE_OIDC=true\n", {}, {"ARM_USE_OIDC": "true"}),
        ("", {"ARM_USE_OIDC": "1", "EZAZML_CREDENTIALS__USE_OIDC": "false"}, {"ARM_USE_OIDC": "false"}),
        (f"ARM_CLIENT_ID={GUID}\n", {}, {"ARM_CLIENT_ID": GUID}),
        (f"ARM_CLIENT_ID={GUID}\n", {"ARM_CLIENT_ID": OTHER}, {"ARM_CLIENT_ID": OTHER}),
        (
            "",
            {
                "ARM_CLIENT_ID": GUID,
                "EZAZML_CREDENTIALS__CLIENT_ID": OTHER,
                "ARM_CLIENT_SECRET": "weak",
                "EZAZML_CREDENTIALS__CLIENT_SECRET": "strong",
            },
            {"ARM_CLIENT_ID": OTHER, "ARM_CLIENT_SECRET": "strong"},
        ),
    ],
)
def test_terraform_and_the_sdks_get_the_login_in_force(
    project: Path, shell: pytest.MonkeyPatch, file: str, variables: dict[str, str], expected: dict[str, str]
) -> None:
    (project / "environments" / "dev.env").write_text(file)
    for name, value in variables.items():
        shell.setenv(name, value)
    # Terraform, as an operation starts it from the caller's variables ...
    environment = load_environment("dev", root=project, environ=os.environ)
    for_terraform = workbench._with_secrets(environment, os.environ)
    # ... and the SDKs, which read the variables of the process.
    for_sdks = enter("dev").environ
    for name, value in expected.items():
        assert for_terraform[name] == for_sdks[name] == value


def test_the_sandbox_keeps_its_made_up_login(project: Path, shell: pytest.MonkeyPatch) -> None:
    (project / "environments" / "sandbox.env").write_text(f"ARM_CLIENT_ID={GUID}\nARM_USE_OIDC=true\n")
    environ = enter("sandbox").environ
    environment = load_environment("sandbox", root=project, environ=environ)
    variables = workbench._with_secrets(environment, environ)
    assert variables["ARM_CLIENT_ID"] == SandboxHome(project / ".sandbox").credentials.client_id
    assert "ARM_USE_OIDC" not in variables
