"""A program inside the sandbox cannot reach Azure, and the sandbox stands in for nothing real."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from sandbox.home import SandboxHome
from sandbox.identity import SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID
from sandbox.terraform_provider.rules.base import AzureError
from sandbox.terraform_provider.servicer import require_sandbox

REAL = "11111111-2222-4333-8444-555555555555"
CALLER = {
    "PATH": "/bin",
    "ARM_CLIENT_SECRET": "real",
    "ARM_OIDC_TOKEN": "real",
    "ARM_SUBSCRIPTION_ID": REAL,
    "AZURE_TENANT_ID": REAL,
    "AZURE_CLIENT_SECRET": "real",
    "TF_VAR_user_password": "real",
    "TF_PLUGIN_CACHE_DIR": "/cache",
    "TF_WORKSPACE": "prd",
    "HTTPS_PROXY": "http://proxy:3128",
    "https_proxy": "http://proxy:3128",
}


@pytest.fixture
def home(tmp_path: Path) -> SandboxHome:
    home = SandboxHome(tmp_path / "a folder" / ".sandbox")
    home.up()
    return home


def test_no_login_of_the_caller_is_left(home: SandboxHome) -> None:
    environ = home.environ(["sandbox"], CALLER)
    assert not [name for name, value in environ.items() if value in ("real", REAL)]
    assert environ["ARM_SUBSCRIPTION_ID"] == SANDBOX_SUBSCRIPTION_ID
    assert environ["ARM_TENANT_ID"] == SANDBOX_TENANT_ID
    assert environ["AZURE_CONFIG_DIR"].startswith(str(home.root))
    assert not {"TF_PLUGIN_CACHE_DIR", "TF_WORKSPACE", "AZURE_TENANT_ID"} & set(environ)


def test_the_network_ends_on_this_machine(home: SandboxHome) -> None:
    environ = home.environ(["sandbox"], CALLER)
    proxies = {environ[name] for name in environ if name.lower() in ("https_proxy", "http_proxy", "all_proxy")}
    assert proxies == {"http://127.0.0.1:9"}


def test_terraform_finds_only_the_sandbox_providers(home: SandboxHome) -> None:
    text = home.terraform_rc.read_text()
    assert "filesystem_mirror" in text
    assert "direct" not in text
    names = {path.name for path in home.plugins.rglob("terraform-provider-*")}
    assert names == {"terraform-provider-azurerm_v4.55.0", "terraform-provider-azuread_v3.7.0"}


def test_changes_are_what_differs(home: SandboxHome) -> None:
    changes = home.changes(["sandbox"], CALLER)
    assert changes["AZURE_TENANT_ID"] is None
    assert changes["EZAZML_TARGET"] == "sandbox"
    assert "PATH" not in changes


def test_the_folder_is_private_and_up_keeps_what_is_there(home: SandboxHome) -> None:
    before = home.credentials
    (home.states / "dev.tfstate").write_text("{}")
    home.up()
    assert SandboxHome(home.root).credentials == before
    assert (home.states / "dev.tfstate").exists()
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.root / "credentials.json").stat().st_mode) == 0o600
    home.reset()
    assert not list(home.states.iterdir())


def inside(**changes: str | None) -> dict[str, str]:
    base = {
        "EZAZML_TARGET": "sandbox",
        "ARM_SUBSCRIPTION_ID": SANDBOX_SUBSCRIPTION_ID,
        "ARM_TENANT_ID": SANDBOX_TENANT_ID,
    }
    return {name: value for name, value in {**base, **changes}.items() if value is not None}


def test_the_stand_in_works_for_the_sandbox(home: SandboxHome) -> None:
    require_sandbox({}, inside(), home)
    require_sandbox({"subscription_id": SANDBOX_SUBSCRIPTION_ID, "tenant_id": SANDBOX_TENANT_ID}, inside(), home)


@pytest.mark.parametrize(
    ("config", "environ", "text"),
    [
        ({}, inside(EZAZML_TARGET=None), "not set for the sandbox"),
        ({}, inside(EZAZML_TARGET="azure"), "not set for the sandbox"),
        ({"subscription_id": REAL}, inside(), f"subscription_id {REAL} is not the sandbox's"),
        ({}, inside(ARM_SUBSCRIPTION_ID=REAL), f"subscription_id {REAL} is not the sandbox's"),
        ({"tenant_id": REAL}, inside(), f"tenant_id {REAL} is not the sandbox's"),
        ({}, inside(ARM_TENANT_ID=REAL), f"tenant_id {REAL} is not the sandbox's"),
    ],
)
def test_the_stand_in_refuses_everything_else(
    home: SandboxHome, config: dict[str, Any], environ: dict[str, str], text: str
) -> None:
    with pytest.raises(AzureError, match="NotTheSandbox") as caught:
        require_sandbox(config, environ, home)
    assert text in str(caught.value)


def test_the_stand_in_refuses_while_the_sandbox_is_down(home: SandboxHome) -> None:
    home.down()
    with pytest.raises(AzureError, match="ezazml sandbox up"):
        require_sandbox({}, inside(), home)
