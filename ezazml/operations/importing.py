"""What of a planned creation exists in Azure already, and how does Terraform take it over? Import blocks.

The addresses are those of the synthesised stack, the ids come from the planned names and are looked up in Azure. The
blocks stand in a file of their own beside the stack while Terraform plans, and nowhere afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ezazml.azure.arm import AzureApis
from ezazml.operations.azure_ids import FINDERS, Found, Unimportable

FILE = "imports.tf.json"
#: ``${azurerm_key_vault.key_vault.id}``: another resource's attribute.
_REFERENCE = re.compile(r"\$\{((?:azurerm|azuread)_\w+\.[\w-]+)\.([\w.\[\]]+)\}")
_ANY_REFERENCE = re.compile(r"\b((?:azurerm|azuread)_\w+\.[\w-]+)")
#: Attributes of a resource that others refer to, besides ``id`` -> their places in what Azure tells: those of Entra's
#: principals and of managed identities differ.
_ATTRIBUTES: dict[str, tuple[tuple[str, ...], ...]] = {
    "client_id": (("appId",), ("properties", "clientId")),
    "identity[0].principal_id": (("identity", "principalId"),),
    "location": (("location",),),
    "name": (("name",),),
    "principal_id": (("properties", "principalId"),),
}


@dataclass(frozen=True)
class ImportBlock:
    """One resource that Terraform shall take over, with the id that Azure has for it."""

    address: str
    type: str
    id: str


@dataclass(frozen=True)
class Existing:
    """What exists of the planned creations, and what may exist and cannot be imported (address -> why)."""

    blocks: tuple[ImportBlock, ...]
    unimportable: Mapping[str, str]

    def at(self, addresses: Collection[str]) -> tuple[ImportBlock, ...]:
        """The blocks of these addresses."""
        return tuple(block for block in self.blocks if block.address in addresses)


def existing_creations(
    plan: Mapping[str, Any],
    stack: Mapping[str, Any],
    azure: AzureApis,
    *,
    addresses: Collection[str] | None = None,
    ids: Mapping[str, str] | None = None,
) -> Existing:
    """Which resources that the plan would create exist already in Azure.

    ``plan`` is ``terraform show -json`` of a plan made with the state, ``stack`` the synthesised ``cdk.tf.json``;
    ``addresses`` limits what is looked at, ``ids`` gives the ids of some addresses instead of looking them up. Raises
    :class:`AzureError` when Azure cannot be asked.
    """
    search = _Search(plan, stack, azure, dict(ids or {}))
    blocks: list[ImportBlock] = []
    unimportable: dict[str, str] = {}
    for address in search.creations:
        if addresses is not None and address not in addresses:
            continue
        try:
            found = search.find(address)
        except Unimportable as error:
            unimportable[address] = str(error)
            continue
        if found is not None:
            blocks.append(ImportBlock(address, search.creations[address]["type"], found.id))
    return Existing(tuple(blocks), unimportable)


def addresses_of(plan: Mapping[str, Any], types: Collection[str] | None = None) -> list[str]:
    """Addresses of the planned creations, or of those of some Terraform types."""
    return [address for address, one in _creations(plan).items() if types is None or one["type"] in types]


def with_dependencies(stack: Mapping[str, Any], addresses: Iterable[str]) -> set[str]:
    """The addresses, and those of every resource that they refer to, directly or not."""
    found: set[str] = set()
    waiting = list(addresses)
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            waiting += references_of(stack, address)
    return found


def references_of(stack: Mapping[str, Any], address: str) -> set[str]:
    """Addresses of the resources that one refers to."""
    body = _body_of(stack, address)
    names = _ANY_REFERENCE.findall(json.dumps({name: value for name, value in body.items() if name != "//"}))
    return {name for name in names if name != address and _body_of(stack, name)}


def read_stack(folder: Path) -> dict[str, Any]:
    """The synthesised stack in Terraform's folder."""
    stack: dict[str, Any] = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))
    return stack


@contextmanager
def import_blocks(folder: Path, blocks: Iterable[ImportBlock]) -> Iterator[None]:
    """Have Terraform in ``folder`` import ``blocks``. The file is gone afterwards, whatever happens."""
    file = folder / FILE
    content = {"import": [{"to": block.address, "id": block.id} for block in blocks]}
    try:
        file.write_text(json.dumps(content, indent=2), encoding="utf-8")
        yield
    finally:
        file.unlink(missing_ok=True)


def forget_imports(folder: Path) -> None:
    """Remove the file of a process that was killed while it planned an import: it would be planned again for ever."""
    (folder / FILE).unlink(missing_ok=True)


class _Search:
    """Looks up each planned creation once."""

    def __init__(
        self, plan: Mapping[str, Any], stack: Mapping[str, Any], azure: AzureApis, ids: Mapping[str, str]
    ) -> None:
        self.creations = _creations(plan)
        self._stack = stack
        self._azure = azure
        self._ids = ids
        self._found: dict[str, Found | None] = {}

    def find(self, address: str) -> Found | None:
        """What exists at an address. Raises :class:`Unimportable`."""
        if address not in self._found:
            self._found[address] = None  # a circle ends here
            self._found[address] = self._look_up(address)
        return self._found[address]

    def _look_up(self, address: str) -> Found | None:
        creation = self.creations.get(address)
        if creation is None or creation["type"] not in FINDERS:
            return None
        if address in self._ids:
            return self._given(self._ids[address])
        _kind, finder = FINDERS[creation["type"]]
        return finder(_Creation(address, creation, self), self._azure)

    def _given(self, identifier: str) -> Found:
        if not identifier.lower().startswith("/subscriptions/"):
            return Found(identifier, {})  # of the directory, or of a vault's data
        body = self._azure.resource(identifier)
        if body is None:
            raise Unimportable(f"there is nothing in Azure with the id {identifier}.")
        return Found(identifier, body)

    def configured(self, address: str, attribute: str) -> Any:
        """What the stack has for an attribute: a value, or an expression."""
        return _body_of(self._stack, address).get(attribute)

    def value_of(self, address: str, attribute: str) -> str | None:
        """An attribute of something that exists and is not in the state yet."""
        found = self.find(address)
        if found is None:
            return None
        if attribute == "id":
            return found.id
        if attribute == "object_id":
            return found.id.rsplit("/", 1)[-1]
        values = (_at(found.body, place) for place in _ATTRIBUTES.get(attribute, ()))
        return next((value for value in values if isinstance(value, str)), None)


@dataclass(frozen=True)
class _Creation:
    """One planned creation, as the finders see it."""

    address: str
    planned: Mapping[str, Any]
    search: _Search

    def value(self, attribute: str) -> str | None:
        """The planned value, or that of what it refers to."""
        value = self._after.get(attribute)
        if value is not None:
            return str(value)
        configured = self.search.configured(self.address, attribute)
        return self._with_references(configured) if isinstance(configured, str) else None

    def _with_references(self, text: str) -> str | None:
        """``text`` with the values of the resources that it refers to; ``None`` when one is not known."""
        values = [self.search.value_of(match[1], match[2]) for match in _REFERENCE.finditer(text)]
        if not values or None in values:
            return None
        replacements = iter(values)
        resolved = _REFERENCE.sub(lambda _match: str(next(replacements)), text)
        return None if "${" in resolved else resolved

    @property
    def _after(self) -> Mapping[str, Any]:
        return self.planned["change"]["after"] or {}


def _at(body: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    value: Any = body
    for part in place:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _creations(plan: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        one["address"]: one
        for one in plan.get("resource_changes", [])
        if one["mode"] == "managed" and one["change"]["actions"] == ["create"]
    }


def _body_of(stack: Mapping[str, Any], address: str) -> Mapping[str, Any]:
    type_name, _, name = address.partition(".")
    body: Mapping[str, Any] = (stack.get("resource") or {}).get(type_name, {}).get(name, {})
    return body
