"""What if a resource exists already, because a deployment was killed before it could write that down?

Terraform then refuses to make it: "already exists ... needs to be imported". What is provably this environment's own
is imported, and the deployment goes on; anything else is left alone.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from ezazml.errors import EzazmlError
from ezazml.operations.workbench import Workbench
from ezazml.terraform.diagnostics import Diagnostic, TerraformError

_LOG = logging.getLogger(__name__)

Document = dict[str, Any]
#: What is missing in the state shows level by level only: what depends on it was not tried before.
_ROUNDS = 10
_FILE = "adopted.tf.json"
#: azurerm and azuread, ``tf.ImportAsExistsError``.
_EXISTS = re.compile(r'resource with the ID "([^"]+)" already exists', re.IGNORECASE)
#: Azure Resource Manager, for the same role of the same principal (RoleAssignmentExists); the UUID has no hyphens.
_ROLE_EXISTS = re.compile(r"ID of the existing role assignment is ([0-9a-f]{32}|[0-9a-f-]{36})", re.IGNORECASE)
#: Attributes that name a resource in others.
_IDENTIFYING = ("id", "client_id", "object_id", "principal_id")


def apply_and_adopt(bench: Workbench, file: Path, *, confirm: Callable[[Document], bool]) -> None:
    """Apply the plan in ``file``; import what turns out to exist and is the environment's own, and apply the rest.

    ``confirm`` is shown each further plan, as ``terraform show -json`` gives it. Raises :class:`TerraformError` for
    what Terraform refuses, and :class:`EzazmlError` for what exists and is not provably this environment's.
    """
    failure = _failure_of(bench, file)
    seen: set[str] = set()
    for _round in range(_ROUNDS):
        if failure is None:
            return
        found = existing(failure.diagnostics, scope_of=lambda address: _scope_of(bench, address))
        if not found.keys() - seen:
            raise failure
        seen |= found.keys()
        with bench.plan_file("adopting") as again:
            with import_blocks(bench.terraform.folder, found):
                bench.terraform.plan(again)
            document = bench.terraform.show_plan(again)
            require_own(document, found, environment=bench.environment.name)
            if not confirm(document):
                raise failure
            _LOG.info("adopting %s", ", ".join(sorted(found)))
            failure = _failure_of(bench, again)
    if failure is not None:
        raise failure


def existing(diagnostics: Sequence[Diagnostic], *, scope_of: Callable[[str], str | None]) -> dict[str, str]:
    """Address -> id of what Terraform would not make because it exists.

    ``scope_of`` tells the scope of the role assignment at an address: Azure names only the assignment itself.
    """
    found: dict[str, str] = {}
    for diagnostic in diagnostics:
        address = diagnostic.get("address")
        text = f"{diagnostic.get('summary', '')} {diagnostic.get('detail', '')}"
        if not address:
            continue
        if match := _EXISTS.search(text):
            found[address] = match[1]
        elif (match := _ROLE_EXISTS.search(text)) and (scope := scope_of(address)):
            found[address] = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{UUID(match[1])}"
    return found


@contextmanager
def import_blocks(folder: Path, targets: Mapping[str, str]) -> Iterator[None]:
    """Terraform's ``import`` blocks for ``targets`` (address -> id) beside the stack, for as long as it is planned."""
    file = folder / _FILE
    blocks = [{"to": address, "id": identifier} for address, identifier in sorted(targets.items())]
    try:
        file.write_text(json.dumps({"import": blocks}, indent=2), encoding="utf-8")
        yield
    finally:
        file.unlink(missing_ok=True)


def require_own(document: Mapping[str, Any], found: Mapping[str, str], *, environment: str) -> None:
    """Raise :class:`EzazmlError` unless everything that would be imported is this environment's own.

    It is where its tags say so; a kind without tags, where it is part of something that is, or refers to it.
    """
    befores = {
        one["address"]: one["change"].get("before") or {}
        for one in document.get("resource_changes", [])
        if one["address"] in found
    }
    owned = {value for values in _managed(document, found.keys()) for value in _identifiers(values)}
    strange = dict(found)
    progress = True
    while progress:
        mine = [address for address in strange if _is_own(befores.get(address, {}), environment, owned)]
        for address in mine:
            del strange[address]
            owned |= set(_identifiers(befores[address]))
        progress = bool(mine)
    if strange:
        lines = "".join(f"\n  {address}: {identifier}" for address, identifier in sorted(strange.items()))
        raise EzazmlError(
            f"These exist already, and nothing shows that they belong to environment {environment!r} (tags managed_by: "
            f"ezazml, environment: {environment}); they were not touched:{lines}\n",
            hint=f"If they are to be managed here, run: ezazml import {environment}. Else give the environment other "
            "names (names.* or prefix), or remove them.",
        )


def _failure_of(bench: Workbench, file: Path) -> TerraformError | None:
    try:
        bench.terraform.apply(file)
    except TerraformError as error:
        return error
    return None


def _scope_of(bench: Workbench, address: str) -> str | None:
    """The scope of a role assignment, which is known as soon as what it is on exists."""
    with bench.plan_file("scopes") as file:
        if not bench.terraform.plan(file):
            return None
        for one in bench.terraform.show_plan(file).get("resource_changes", []):
            if one["address"] == address:
                scope = (one["change"].get("after") or {}).get("scope")
                return str(scope) if scope else None
    return None


def _managed(document: Mapping[str, Any], found: Any) -> Iterator[Mapping[str, Any]]:
    """What the state holds at this environment's addresses, without what is about to be imported."""
    root = document.get("prior_state", {}).get("values", {}).get("root_module", {})
    for one in root.get("resources", []):
        if one.get("mode") == "managed" and one["address"] not in found:
            yield one.get("values") or {}


def _identifiers(values: Mapping[str, Any]) -> Iterator[str]:
    for name in _IDENTIFYING:
        if isinstance(values.get(name), str) and values[name]:
            yield values[name].lower()


def _is_own(values: Mapping[str, Any], environment: str, owned: set[str]) -> bool:
    if not values:
        return False
    tags = values.get("tags")
    if "tags" in values and (tags is None or isinstance(tags, Mapping)):
        mine = {"managed_by": "ezazml", "environment": environment}
        return all((tags or {}).get(name) == value for name, value in mine.items())
    identifier = str(values.get("id", "")).lower()
    if any(identifier.startswith(f"{parent}/") for parent in owned):
        return True
    return any(
        isinstance(value, str) and value.lower() in owned for name, value in values.items() if name != "principal_id"
    )
