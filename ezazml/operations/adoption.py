"""What if a resource exists already, because a deployment was killed before it could write that down?

Terraform then refuses to make it: "already exists ... needs to be imported". What is provably this environment's own
is imported, and the deployment goes on; anything else is left alone.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ezazml.azure.arm import AzureApis
from ezazml.errors import EzazmlError
from ezazml.operations.azure_ids import import_id
from ezazml.operations.importing import (
    ImportBlock,
    addresses_of,
    existing_creations,
    import_blocks,
    read_stack,
)
from ezazml.operations.workbench import Workbench
from ezazml.terraform.diagnostics import Diagnostic, TerraformError

_LOG = logging.getLogger(__name__)

Document = dict[str, Any]
#: What is missing in the state shows level by level only: what depends on it was not tried before.
_ROUNDS = 10
#: azurerm and azuread, ``tf.ImportAsExistsError``.
_EXISTS = re.compile(r'resource with the ID "([^"]+)" already exists', re.IGNORECASE)
#: What Azure and Entra answer without saying which one it is (``RoleAssignmentExists`` among them).
_TAKEN = re.compile(r"already exists|exists already|RoleAssignmentExists", re.IGNORECASE)
_APPLICATION = "azuread_application"
#: Where objects of Entra, which have no tags, say whose they are (stacks/environment.py).
_MARKS = {_APPLICATION: "notes", "azuread_user": "department"}
#: Attributes that name a resource in others.
_IDENTIFYING = ("id", "client_id", "object_id", "principal_id")


def plan_and_adopt(bench: Workbench, file: Path, document: Document, azure: Callable[[], AzureApis]) -> Document:
    """Look for what a killed deployment left where Terraform would not find it; returns the plan to go on with.

    Entra lets many applications have one name: Terraform would make a second one, and the first, which may do things,
    would be forgotten. Where this environment's own is found, whatever else exists is imported with it.
    """
    applications = addresses_of(document, [_APPLICATION])
    if not applications:
        return document
    stack = read_stack(bench.terraform.folder)
    if not existing_creations(document, stack, azure(), addresses=applications).blocks:
        return document
    blocks = existing_creations(document, stack, azure()).blocks
    while True:
        with bench.plan_file("adopting") as again:
            adopting = _plan_imports(bench, again, blocks)
            found = {block.address: block.id for block in blocks}
            strange = strangers(adopting, found, environment=bench.environment.name)
            if not strange:
                again.replace(file)
                return adopting if blocks else document
            blocks = tuple(block for block in blocks if block.address not in strange)


def apply_and_adopt(
    bench: Workbench,
    file: Path,
    *,
    confirm: Callable[[Document], bool],
    azure: Callable[[], AzureApis] | None = None,
) -> None:
    """Apply the plan in ``file``; import what turns out to exist and is the environment's own, and apply the rest.

    ``confirm`` is shown each further plan, as ``terraform show -json`` gives it; ``azure`` is asked where Terraform's
    error does not hold the id. Raises :class:`TerraformError` for what Terraform refuses, and :class:`EzazmlError` for
    what exists and is not provably this environment's.
    """
    failure = _failure_of(bench, file)
    seen: set[str] = set()
    for _round in range(_ROUNDS):
        if failure is None:
            return
        found = _existing(bench, failure, azure)
        if not found.keys() - seen:
            raise failure
        seen |= found.keys()
        with bench.plan_file("adopting") as again:
            blocks = [ImportBlock(address, address.partition(".")[0], found[address]) for address in sorted(found)]
            document = _plan_imports(bench, again, blocks)
            _require_own(document, found, bench.environment.name)
            if not confirm(document):
                raise failure
            _LOG.info("adopting %s", ", ".join(sorted(found)))
            failure = _failure_of(bench, again)
    if failure is not None:
        raise failure


def _plan_imports(bench: Workbench, file: Path, blocks: Sequence[ImportBlock]) -> Document:
    with import_blocks(bench.terraform.folder, blocks):
        bench.terraform.plan(file)
    return bench.terraform.show_plan(file)


def ids_in(diagnostics: Sequence[Diagnostic]) -> tuple[dict[str, str], set[str]]:
    """Address -> id of what Terraform would not make because it exists, and the addresses without a told id."""
    told: dict[str, str] = {}
    untold: set[str] = set()
    for diagnostic in diagnostics:
        address = diagnostic.get("address")
        text = f"{diagnostic.get('summary', '')} {diagnostic.get('detail', '')}"
        if not address:
            continue
        if match := _EXISTS.search(text):
            told[address] = import_id(address.partition(".")[0], match[1])
        elif _TAKEN.search(text):
            untold.add(address)
    return told, untold


def _existing(bench: Workbench, failure: TerraformError, azure: Callable[[], AzureApis] | None) -> dict[str, str]:
    told, untold = ids_in(failure.diagnostics)
    if not untold or azure is None:
        return told
    with bench.plan_file("looking") as file:  # a new plan knows the ids of what was made in the meantime
        plan = bench.terraform.show_plan(file) if bench.terraform.plan(file) else {}
    looked_up = existing_creations(plan, read_stack(bench.terraform.folder), azure(), addresses=untold)
    return told | {block.address: block.id for block in looked_up.blocks}


def strangers(document: Mapping[str, Any], found: Mapping[str, str], *, environment: str) -> dict[str, str]:
    """What of ``found`` (address -> id), which the plan imports, is not provably this environment's own.

    It is where its tags say so (in Entra, which has none, another attribute); a kind without tags, where it is part of
    something that is, or refers to it.
    """
    changes = {one["address"]: one for one in document.get("resource_changes", []) if one["address"] in found}
    owned = {value for values in _managed(document, found.keys()) for value in _identifiers(values)}
    strange = dict(found)
    progress = True
    while progress:
        mine = [address for address in strange if address in changes and _is_own(changes[address], environment, owned)]
        for address in mine:
            del strange[address]
            owned |= set(_identifiers(changes[address]["change"]["before"]))
        progress = bool(mine)
    return strange


def _require_own(document: Mapping[str, Any], found: Mapping[str, str], environment: str) -> None:
    strange = strangers(document, found, environment=environment)
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


def _is_own(resource: Mapping[str, Any], environment: str, owned: set[str]) -> bool:
    values, planned = resource["change"].get("before") or {}, resource["change"].get("after") or {}
    if not values:
        return False
    mark = _MARKS.get(resource["type"])
    if mark is not None:
        # As the stack would write it, which names the environment (and the subscription, for an application).
        return bool(values.get(mark)) and values[mark] == planned.get(mark)
    tags = values.get("tags")
    if "tags" in values and resource["type"].startswith("azurerm_"):
        mine = {"managed_by": "ezazml", "environment": environment}
        return all((tags or {}).get(name) == value for name, value in mine.items())
    identifier = str(values.get("id", "")).lower()
    if any(identifier.startswith(f"{parent}/") for parent in owned):
        return True
    return any(
        isinstance(value, str) and value.lower() in owned for name, value in values.items() if name != "principal_id"
    )
