"""Each check says ok, warning or problem for the right reason, with a fix."""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr

from ezazml.config.loading import load_environment
from ezazml.config.models import AzurermBackend
from ezazml.config.resource_providers import RESOURCE_PROVIDERS
from ezazml.operations.doctor import access, aftermath, machine, resources, surroundings
from ezazml.operations.doctor.examination import examine_environment
from ezazml.operations.doctor.finding import Case, Finding, Machine, Verdict
from ezazml.operations.soft_deleted import ids_of
from jobs.azure_errors import AzureError
from tests.unit.operations.azure import SUBSCRIPTION, FakeAzure
from tests.unit.operations.smtp_server import smtp_server

OWNER = {"actions": ["*"], "notActions": []}
CONTRIBUTOR = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
ROLES = "Microsoft.Authorization/roleAssignments/write"


def with_settings(case: Case, **settings: Any) -> Case:
    changed = case.environment.settings.model_copy(update=settings)
    return dataclasses.replace(case, environment=dataclasses.replace(case.environment, settings=changed))


def verdicts(found: Iterator[Finding] | list[Finding]) -> list[Verdict]:
    findings = list(found)
    assert all(finding.fix for finding in findings if finding.verdict in (Verdict.PROBLEM, Verdict.WARNING))
    return [finding.verdict for finding in findings]


# --- login, services, roles, directory ----------------------------------------------------------------------


def test_a_login_that_sees_its_subscription_is_fine(case: Case) -> None:
    assert verdicts(access.check_login(case)) == [Verdict.OK]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, "does not see the subscription"),
        ({"state": "Disabled"}, "is Disabled"),
        ({"state": "Enabled", "tenantId": "other"}, "belongs to the tenant other"),
    ],
)
def test_a_subscription_that_cannot_be_used_is_a_problem(
    case: Case, azure: FakeAzure, body: dict[str, Any] | None, expected: str
) -> None:
    azure.arm.bodies = {} if body is None else {SUBSCRIPTION: body}
    (finding,) = access.check_login(with_settings(case, tenant_id="mine"))
    assert finding.verdict is Verdict.PROBLEM
    assert expected in finding.text


def test_without_a_login_nothing_else_is_asked(case: Case, azure: FakeAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: str, **_query: str) -> None:
        raise AzureError("the login failed.", hint="Run az login.")

    monkeypatch.setattr(azure.arm, "get", fails)
    findings = examine_environment(case, lambda _line: None)
    by_check = {finding.check: finding for finding in findings}
    assert by_check["login"].verdict is Verdict.PROBLEM
    assert {by_check[name].verdict for name in ("services", "roles", "directory", "names", "quota")} == {
        Verdict.NOT_CHECKED
    }


def test_services_that_are_not_registered_are_named_with_the_command(case: Case, azure: FakeAzure) -> None:
    providers = [{"namespace": name, "registrationState": "Registered"} for name in RESOURCE_PROVIDERS]
    azure.arm.lists_at(f"{SUBSCRIPTION}/providers", *providers)
    assert verdicts(access.check_services(case)) == [Verdict.OK]
    providers[2]["registrationState"] = "NotRegistered"
    (finding,) = access.check_services(case)
    assert finding.verdict is Verdict.WARNING
    assert f"az provider register --namespace {RESOURCE_PROVIDERS[2]}" in finding.fix


@pytest.mark.parametrize(
    ("permissions", "action", "allowed"),
    [
        ([OWNER], ROLES, True),
        ([CONTRIBUTOR], ROLES, False),
        ([CONTRIBUTOR], "Microsoft.KeyVault/vaults/write", True),
        ([CONTRIBUTOR, {"actions": ["microsoft.authorization/roleassignments/*"]}], ROLES, True),
        ([{"actions": ["*/read"]}], "Microsoft.KeyVault/vaults/write", False),
        ([], ROLES, False),
    ],
)
def test_actions_and_exceptions_decide_what_is_allowed(
    permissions: list[dict[str, Any]], action: str, allowed: bool
) -> None:
    assert access.allows(permissions, action) is allowed


def test_a_missing_right_is_named(case: Case, azure: FakeAzure) -> None:
    azure.arm.lists_at(f"{SUBSCRIPTION}/providers/Microsoft.Authorization/permissions", CONTRIBUTOR)
    (finding,) = access.check_roles(case)
    assert finding.verdict is Verdict.PROBLEM
    assert f"lacks {ROLES}." in finding.text


def test_what_is_switched_on_needs_rights_of_its_own(case: Case, azure: FakeAzure) -> None:
    only = {"actions": [*access._ACTIONS, "Microsoft.ContainerRegistry/registries/write"]}
    azure.arm.lists_at(f"{SUBSCRIPTION}/providers/Microsoft.Authorization/permissions", only)
    plain = case.environment.settings
    off = with_settings(
        case,
        alerts=plain.alerts.model_copy(update={"enabled": False}),
        budget=plain.budget.model_copy(update={"monthly_amount": None}),
        diagnostics=plain.diagnostics.model_copy(update={"enabled": False}),
    )
    assert verdicts(access.check_roles(off)) == [Verdict.OK]
    on = with_settings(
        off,
        budget=plain.budget.model_copy(update={"monthly_amount": 5}),
        network=plain.network.model_copy(update={"profile": "private"}),
    )
    (finding,) = access.check_roles(on)
    assert finding.verdict is Verdict.PROBLEM
    assert "lacks Microsoft.Consumption/budgets/write, Microsoft.Network/privateEndpoints/write" in finding.text


def test_rights_are_looked_at_in_the_group_where_it_exists(case: Case, azure: FakeAzure) -> None:
    group = ids_of(case.environment, case.azure).group
    azure.arm.has(group)
    azure.arm.lists_at(f"{group}/providers/Microsoft.Authorization/permissions", OWNER)
    assert verdicts(access.check_roles(case)) == [Verdict.OK]


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({"roles": ["Application.ReadWrite.OwnedBy"]}, Verdict.OK),
        ({"roles": ["Directory.Read.All"]}, Verdict.PROBLEM),
        ({}, Verdict.PROBLEM),
        ({"scp": "Directory.AccessAsUser.All"}, Verdict.NOT_CHECKED),
    ],
)
def test_the_token_tells_what_the_login_may_do_in_the_directory(
    case: Case, azure: FakeAzure, claims: dict[str, Any], verdict: Verdict
) -> None:
    azure.graph.token = claims
    assert verdicts(access.check_graph(case))[0] is verdict


# --- names and quota ------------------------------------------------------------------------------------------


def name_check(service: str) -> str:
    return f"{SUBSCRIPTION}/providers/{service}/checkNameAvailability".lower()


def test_names_are_free_taken_or_our_own(case: Case, azure: FakeAzure) -> None:
    names, group = case.environment.names, ids_of(case.environment, case.azure).group
    azure.arm.has(f"{group}/providers/Microsoft.Storage/storageAccounts/{names.storage_account}")
    azure.arm.answers = {
        name_check("Microsoft.KeyVault"): {"nameAvailable": True},
        name_check("Microsoft.ContainerRegistry"): {"nameAvailable": False, "message": "in use."},
    }
    own, free, taken = resources.check_names(case)
    assert (own.verdict, free.verdict, taken.verdict) == (Verdict.OK, Verdict.OK, Verdict.PROBLEM)
    assert "names.container_registry" in taken.fix


@pytest.mark.parametrize(
    ("location", "group", "verdict"),
    [
        ("westeurope", "own", Verdict.WARNING),
        ("uksouth", "own", Verdict.PROBLEM),
        ("westeurope", "other", Verdict.PROBLEM),
    ],
)
def test_a_vault_that_azure_keeps_is_told_with_the_way_out(
    case: Case, azure: FakeAzure, location: str, group: str, verdict: Verdict
) -> None:
    name = case.environment.names.key_vault
    vault = ids_of(case.environment, case.azure).vault
    if group == "other":
        vault = vault.replace(case.environment.names.resource_group, "other")
    azure.arm.answers = {
        name_check(service): {"nameAvailable": service != "Microsoft.KeyVault"}
        for service in ("Microsoft.Storage", "Microsoft.KeyVault", "Microsoft.ContainerRegistry")
    }
    azure.arm.lists_at(
        f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults",
        {"name": name.upper(), "properties": {"vaultId": vault, "location": location}},
    )
    finding = next(one for one in resources.check_names(case) if "vault" in one.text)
    assert finding.verdict is verdict
    assert "ezazml purge dev" in finding.fix


def test_names_of_what_exists_already_and_of_a_data_lake(case: Case, azure: FakeAzure) -> None:
    plain = case.environment.settings
    existing = plain.existing.model_copy(update={"storage_account_id": "/s", "container_registry_id": "/r"})
    lake = plain.data_lake.model_copy(update={"enabled": True})
    azure.arm.answers = {
        name_check("Microsoft.Storage"): {"nameAvailable": False, "message": "in use."},
        name_check("Microsoft.KeyVault"): {"nameAvailable": True},
    }
    data_lake, vault = resources.check_names(with_settings(case, existing=existing, data_lake=lake))
    assert (data_lake.verdict, vault.verdict) == (Verdict.PROBLEM, Verdict.OK)
    assert f"data lake {case.environment.names.data_lake}: in use." in data_lake.text
    assert "names.data_lake" in data_lake.fix


@pytest.mark.parametrize(
    ("cores", "verdict"),
    [
        ({"limit": 1000, "used": 0, "own": 0}, Verdict.OK),
        ({"limit": 1000, "used": 1000, "own": 0}, Verdict.PROBLEM),
        ({"limit": 1000, "used": 1000, "own": 1000}, Verdict.OK),
        ({"limit": 0, "used": 0, "own": 0}, Verdict.PROBLEM),
        ({"limit": -1, "used": 0, "own": 0}, Verdict.NOT_CHECKED),
    ],
)
def test_the_cores_that_are_left_are_compared_with_what_is_declared(
    case: Case, azure: FakeAzure, cores: dict[str, int], verdict: Verdict
) -> None:
    compute = case.environment.settings.compute
    place = f"{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/{case.environment.settings.location}"
    sizes = {one.size for one in compute.instances} | {one.size for one in compute.clusters}
    azure.arm.lists_at(f"{place}/vmSizes", *({"name": one, "family": "F", "vCPUs": 4} for one in sorted(sizes)))
    ml = "Microsoft.MachineLearningServices"
    usages = [
        {"id": f"{SUBSCRIPTION}/usages/F", "type": f"{ml}/vmFamily/dedicatedCores/usages", "name": {"value": "F"}},
        {
            "id": f"{ids_of(case.environment, case.azure).workspace}/usages/F",
            "type": f"{ml}/workspaces/dedicatedCores/usages",
            "name": {"value": "F"},
        },
    ]
    azure.arm.lists_at(
        f"{place}/usages",
        {**usages[0], "currentValue": cores["used"], "limit": cores["limit"]},
        {**usages[1], "currentValue": cores["own"], "limit": cores["limit"]},
    )
    findings = [one for one in resources.check_quota(case) if one.text.startswith("F")]
    assert verdicts(findings) == [verdict]


def test_a_size_that_the_region_does_not_have_is_a_warning(case: Case) -> None:
    findings = list(resources.check_quota(case))
    assert findings
    assert {finding.verdict for finding in findings} == {Verdict.WARNING}


# --- machine, state, mail -------------------------------------------------------------------------------------


def test_missing_programs_are_problems(case: Case, tmp_path: Path) -> None:
    bare = Machine(tmp_path, {"PATH": str(tmp_path), "TERRAFORM_BINARY_NAME": "nowhere"})
    assert verdicts(machine.check_node(bare)) == [Verdict.PROBLEM]
    assert verdicts(machine.check_terraform(bare)) == [Verdict.PROBLEM]
    assert verdicts(machine.check_cdktf(bare)) == [Verdict.WARNING]
    assert verdicts(machine.check_python(bare))[0] in (Verdict.OK, Verdict.WARNING)


def test_a_state_on_this_machine_needs_a_folder_that_can_be_written(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = with_settings(
        case, backend=load_environment("sandbox", root=case.machine.root, environ={}).settings.backend
    )
    assert verdicts(surroundings.check_backend(local)) == [Verdict.OK]
    monkeypatch.setattr("os.access", lambda *_arguments: False)
    assert verdicts(surroundings.check_backend(local)) == [Verdict.PROBLEM]


@pytest.mark.parametrize(
    ("exists", "verdict"), [(lambda: True, Verdict.OK), (lambda: False, Verdict.PROBLEM), (None, Verdict.PROBLEM)]
)
def test_the_states_container_must_exist_and_be_reachable(
    case: Case, monkeypatch: pytest.MonkeyPatch, exists: Callable[[], bool] | None, verdict: Verdict
) -> None:
    def answer(_case: Case, _backend: AzurermBackend) -> bool:
        if exists is None:
            raise AzureError("this request is not authorized.")
        return exists()

    monkeypatch.setattr(surroundings, "_container_exists", answer)
    remote = with_settings(case, backend=AzurermBackend(storage_account_name="state01"))
    assert verdicts(surroundings.check_backend(remote)) == [verdict]


def with_mail(case: Case, **settings: Any) -> Case:
    mail = case.environment.settings.notifications
    return with_settings(case, notifications=mail.model_copy(update=settings))


def test_without_a_mail_server_there_is_nothing_to_check(case: Case) -> None:
    assert verdicts(surroundings.check_mail(with_mail(case, smtp_server=None))) == [Verdict.NOT_CHECKED]


def test_a_mail_server_that_does_not_answer_is_a_problem(case: Case) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (finding,) = surroundings.check_mail(with_mail(case, smtp_server="127.0.0.1", smtp_port=port))
    assert finding.verdict is Verdict.PROBLEM
    assert f"127.0.0.1:{port}" in finding.text


@pytest.mark.parametrize(
    ("settings", "verdict", "text"),
    [
        # As the mails themselves are sent: TLS unless the file says otherwise.
        ({}, Verdict.PROBLEM, "STARTTLS"),
        ({"smtp_security": "none"}, Verdict.OK, "answers; 1 recipients"),
        ({"smtp_security": "none", "recipients": ()}, Verdict.WARNING, "nobody gets mail"),
        (
            {"smtp_security": "none", "smtp_username": "me", "smtp_password": SecretStr("pl4nted")},
            Verdict.PROBLEM,
            "the password is not sent in clear",
        ),
    ],
)
def test_a_mail_server_is_asked_as_mails_are_sent_and_the_password_is_never_told(
    case: Case, settings: dict[str, Any], verdict: Verdict, text: str
) -> None:
    with smtp_server() as box:
        mail = {"smtp_server": "localhost", "smtp_port": box.port, "recipients": ("a@b.c",), **settings}
        (finding,) = surroundings.check_mail(with_mail(case, **mail))
    assert finding.verdict is verdict
    assert text in finding.text
    assert finding.fix or verdict is Verdict.OK
    assert "pl4nted" not in repr(finding)
    assert box.mails == []


def test_a_lock_that_a_killed_destroy_lifted_is_a_problem(case: Case, azure: FakeAzure) -> None:
    lock = f"{ids_of(case.environment, case.azure).group}/providers/Microsoft.Authorization/locks/keep"
    (fine,) = aftermath.check_locks(case)
    assert fine.verdict is Verdict.OK
    file = case.environment.root / "audit" / "dev.jsonl"
    file.parent.mkdir()
    lifted = [{"id": lock, "level": "ReadOnly", "notes": None}]
    file.write_text(json.dumps({"run": "1", "event": "lifting-locks", "locks_lifted": lifted}) + "\n")
    azure.arm.has(ids_of(case.environment, case.azure).group)
    (missing,) = aftermath.check_locks(case)
    assert missing.verdict is Verdict.PROBLEM
    assert "keep (ReadOnly)" in missing.text
    assert "ezazml destroy dev --put-back-locks" in missing.fix
    azure.arm.has(lock)
    assert verdicts(aftermath.check_locks(case)) == [Verdict.OK]


def test_a_check_that_fails_is_a_problem_and_the_others_go_on(
    case: Case, azure: FakeAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: str, **_query: str) -> list[Any]:
        raise AzureError("Azure cannot be reached.")

    monkeypatch.setattr(azure.arm, "list", cast(Any, fails))
    by_check = {one.check: one.verdict for one in examine_environment(case, lambda _line: None)}
    assert by_check["services"] is Verdict.PROBLEM
    assert by_check["mail"] is Verdict.NOT_CHECKED
