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


def test_a_half_set_shell_gets_the_whole_sandbox(project: Path, shell: pytest.MonkeyPatch) -> None:
    shell.setenv("ARM_CLIENT_SECRET", "real-secret")
    shell.setenv("AZURE_CLIENT_SECRET", "real-secret")
    shell.setenv("EZAZML_SANDBOX_HOME", str(project / "elsewhere"))
    environ = enter("sandbox").environ
    home = SandboxHome(project / "elsewhere")
    assert home.is_up
    assert environ["EZAZML_SANDBOX_HOME"] == str(home.root)
    assert environ["TF_CLI_CONFIG_FILE"] == str(home.terraform_rc)
    assert "real-secret" not in environ.values()


def test_a_shell_of_the_sandbox_stays_open_for_its_environments(project: Path, shell: pytest.MonkeyPatch) -> None:
    home = SandboxHome(project / ".sandbox")
    home.up()
    opened = home.environ(["sandbox", "uat"], os.environ)
    for name, value in opened.items():
        shell.setenv(name, value)
    assert enter("uat").environ["EZAZML_SANDBOX_ENVIRONMENTS"] == "sandbox,uat"
    assert enter("uat").environ == opened | {"EZAZML_SANDBOX_ENVIRONMENTS": "sandbox,uat"}


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
