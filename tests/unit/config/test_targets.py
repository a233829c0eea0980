"""Azure and the sandbox are never mixed up."""

from __future__ import annotations

from pathlib import Path

import pytest

from ezazml.config.loading import environments_to_synthesise, left_out_here, load_environment, require_its_shell
from ezazml.config.targets import SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID, Target
from ezazml.errors import InputError
from sandbox import identity

GUID = "11111111-2222-4333-8444-555555555555"
SHELL = {"EZAZML_TARGET": "sandbox", "EZAZML_SANDBOX_ENVIRONMENTS": "sandbox,dev"}


def test_the_product_and_the_sandbox_agree_on_the_sandbox_ids() -> None:
    assert (identity.SANDBOX_SUBSCRIPTION_ID, identity.SANDBOX_TENANT_ID) == (
        SANDBOX_SUBSCRIPTION_ID,
        SANDBOX_TENANT_ID,
    )


def test_azure_never_issues_the_sandbox_ids() -> None:
    for identifier in (SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID):
        assert identifier.split("-")[2][0] == "0"  # the version digit; Azure's ids are version 4


def test_real_logins_do_not_reach_an_environment_of_the_sandbox(project: Path) -> None:
    variables = {
        "ARM_SUBSCRIPTION_ID": GUID,
        "ARM_TENANT_ID": GUID,
        "TF_VAR_tenant_id": GUID,
        "ARM_CLIENT_ID": GUID,
        "ARM_CLIENT_SECRET": "real-secret",
        "TF_VAR_user_password": "real-password",
        "TF_VAR_tf_backend_storage_account_id": f"/subscriptions/{GUID}/resourceGroups/g/providers/"
        "Microsoft.Storage/storageAccounts/realstate",
    }
    settings = load_environment("sandbox", root=project, environ=variables).settings
    assert settings.subscription_id == SANDBOX_SUBSCRIPTION_ID
    assert settings.tenant_id == SANDBOX_TENANT_ID
    assert settings.credentials.client_id is None
    assert settings.credentials.client_secret is None
    assert settings.user.password is None
    assert settings.backend.type == "local"


def test_an_environment_rehearsed_in_the_sandbox_gets_its_ids_and_a_local_state(project: Path) -> None:
    environment = load_environment("dev", root=project, environ={**SHELL, "ARM_SUBSCRIPTION_ID": GUID})
    assert environment.settings.target is Target.SANDBOX
    assert environment.settings.subscription_id == SANDBOX_SUBSCRIPTION_ID
    assert str(project / ".sandbox" / "state" / "dev.tfstate") in str(environment.settings.backend)
    assert environment.origins["subscription_id"] == "target sandbox"


def test_the_sandbox_is_deployed_by_its_own_login(project: Path) -> None:
    deployer = f"identities:\n  deployer: {{object_id: {GUID}, principal_type: Group}}\n"
    path = project / "environments" / "dev.yaml"
    path.write_text(path.read_text().replace("identities:\n", deployer))
    assert load_environment("dev", root=project, environ={}).settings.identities.deployer.object_id == GUID
    assert load_environment("dev", root=project, environ=SHELL).settings.identities.deployer.object_id is None


def test_a_sandbox_shell_refuses_an_environment_it_was_not_opened_for(project: Path) -> None:
    with pytest.raises(InputError, match=r"prd.*is one of Azure.*ezazml sandbox env prd"):
        load_environment("prd", root=project, environ=SHELL)
    assert environments_to_synthesise(project, SHELL) == ["dev", "sandbox"]


def test_an_environment_of_the_sandbox_is_left_out_of_a_normal_shell(project: Path) -> None:
    environments = [load_environment(name, root=project, environ={}) for name in ("dev", "sandbox")]
    assert [one.name for one in left_out_here(environments, {})] == ["sandbox"]
    assert left_out_here(environments, SHELL) == []
    assert left_out_here(environments[:1], {"EZAZML_ENVIRONMENTS": "dev"}) == []
    with pytest.raises(InputError, match=r'eval "\$\(ezazml sandbox env\)"'):
        left_out_here(environments, {"EZAZML_ENVIRONMENTS": "sandbox"})


def test_working_on_the_sandbox_in_a_normal_shell_is_refused_with_the_next_step_alone(project: Path) -> None:
    with pytest.raises(InputError, match="not set for the sandbox") as raised:
        require_its_shell(load_environment("sandbox", root=project, environ={}), {})
    assert 'eval "$(ezazml sandbox env)"' in str(raised.value)
    assert "EZAZML_ENVIRONMENTS" not in str(raised.value)
    require_its_shell(load_environment("sandbox", root=project, environ=SHELL), SHELL)
    require_its_shell(load_environment("dev", root=project, environ={}), {})


def test_the_target_azure_is_refused_for_the_sandbox(project: Path) -> None:
    with pytest.raises(InputError, match="belongs to the sandbox"):
        load_environment("sandbox", root=project, environ={"EZAZML_TARGET": "azure"})


def test_an_unknown_target_is_refused(project: Path) -> None:
    with pytest.raises(InputError, match="EZAZML_TARGET: 'moon'"):
        load_environment("dev", root=project, environ={"EZAZML_TARGET": "moon"})
