"""What exists already is adopted where it is provably the environment's own, and left alone otherwise."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ezazml.operations.adoption import ids_in, strangers
from ezazml.operations.importing import ImportBlock, forget_imports, import_blocks

GROUP = "/subscriptions/s/resourceGroups/g"
OWN = {"managed_by": "ezazml", "environment": "dev"}


def importing(address: str, after: dict[str, Any] | None = None, **before: Any) -> dict[str, Any]:
    change = {"actions": ["no-op"], "before": before, "after": after or before, "importing": {"id": before.get("id")}}
    return {"address": address, "type": address.split(".", maxsplit=1)[0], "change": change}


def document(*changes: dict[str, Any], state: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    resources = [{"address": f"x.{i}", "mode": "managed", "values": values} for i, values in enumerate(state)]
    return {
        "resource_changes": list(changes),
        "prior_state": {"values": {"root_module": {"resources": resources}}},
    }


def strange(*changes: dict[str, Any], state: tuple[dict[str, Any], ...] = ()) -> set[str]:
    found = {one["address"]: "id" for one in changes}
    return set(strangers(document(*changes, state=state), found, environment="dev"))


def test_ids_come_from_terraforms_errors() -> None:
    exists = 'A resource with the ID "/subscriptions/s/x" already exists - to be managed via Terraform this resource'
    role = "RoleAssignmentExists: The ID of the existing role assignment is 0123456789abcdef0123456789abcdef."
    told, untold = ids_in(
        [
            {"address": "azurerm_a.a", "summary": exists},
            {"address": "azurerm_b.b", "summary": "azurerm_b: ResourceAlreadyExists", "detail": exists},
            {"address": "azurerm_role_assignment.r", "summary": "unexpected status 409", "detail": role},
            {
                "address": "azuread_user.u",
                "detail": "Another object with the same value already exists.",
                "summary": "",
            },
            {"address": "azurerm_c.c", "summary": "StorageAccountAlreadyTaken"},
            {"summary": exists},
        ]
    )
    assert told == {"azurerm_a.a": "/subscriptions/s/x", "azurerm_b.b": "/subscriptions/s/x"}
    assert untold == {"azurerm_role_assignment.r", "azuread_user.u"}


@pytest.mark.parametrize(
    ("tags", "is_strange"),
    [
        (OWN, False),
        ({**OWN, "more": "x"}, False),
        ({**OWN, "environment": "prd"}, True),
        ({"environment": "dev"}, True),
        ({}, True),
        (None, True),
    ],
)
def test_tags_say_whose_a_resource_is(tags: dict[str, str] | None, is_strange: bool) -> None:
    one = importing("azurerm_storage_account.s", id=f"{GROUP}/s", tags=tags)
    # Also in a group of our own: somebody else may have made it there.
    assert bool(strange(one, state=({"id": GROUP},))) is is_strange


def test_a_kind_without_tags_belongs_to_what_it_is_part_of() -> None:
    account = importing("azurerm_storage_account.s", id=f"{GROUP}/s", tags=OWN)
    container = importing("azurerm_storage_container.c", id=f"{GROUP}/S/blobServices/default/containers/c")
    role = importing("azurerm_role_assignment.r", id=f"{GROUP}/s/providers/x/roleAssignments/1", scope=f"{GROUP}/s")
    assert strange(role, container, account) == set()
    assert strange(container, role) == {"azurerm_storage_container.c", "azurerm_role_assignment.r"}
    assert strange(container, state=({"id": f"{GROUP}/s"},)) == set()


def test_a_role_of_our_principal_on_something_else_is_not_ours() -> None:
    role = importing("azurerm_role_assignment.r", id="/other/providers/x/1", scope="/other", principal_id="p-1")
    assert strange(role, state=({"id": "x", "principal_id": "p-1"},)) == {"azurerm_role_assignment.r"}


def test_what_refers_to_our_application_is_ours() -> None:
    principal = importing("azuread_service_principal.a", id="/servicePrincipals/1", client_id="c-1", tags=None)
    assert strange(principal, state=({"id": "/applications/1", "client_id": "c-1"},)) == set()
    assert strange(principal) == {"azuread_service_principal.a"}


def test_objects_of_entra_say_in_a_mark_whose_they_are() -> None:
    def user(department: str) -> dict[str, Any]:
        return importing("azuread_user.u", {"department": "ezazml dev"}, id="/users/1", department=department)

    assert strange(user("ezazml dev")) == set()
    assert strange(user("ezazml prd")) == {"azuread_user.u"}
    assert strange(user("")) == {"azuread_user.u"}
    application = importing("azuread_application.a", {"notes": "mine"}, id="/applications/1", notes="of others")
    assert strange(application) == {"azuread_application.a"}


def test_what_the_plan_does_not_import_is_strange() -> None:
    assert strangers(document(), {"azurerm_x.x": "id"}, environment="dev") == {"azurerm_x.x": "id"}


def test_import_blocks_of_a_killed_process_are_forgotten(tmp_path: Path) -> None:
    with suppress(KeyboardInterrupt), import_blocks(tmp_path, [ImportBlock("a.b", "a", "id")]):
        file = next(tmp_path.iterdir())
        content = file.read_bytes()
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    file.write_bytes(content)  # what kill -9 leaves
    forget_imports(tmp_path)
    forget_imports(tmp_path)
    assert list(tmp_path.iterdir()) == []
