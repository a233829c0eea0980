"""What do all kinds of a workspace share? Where they are, how they are read, listed, written and deleted.

A kind is a class: :class:`NamedKind` for things with a name (datastores, endpoints), ``VersionedKind`` of
:mod:`sandbox.azureml_api.versioned` for assets with versions. It says where it is, what it checks and what Azure
adds; the operations are the same for all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from sandbox.arm.resources import not_found
from sandbox.azureml_api import pages
from sandbox.cloud import Cloud
from sandbox.locks import lock_message
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
COLLECTION = "/subscriptions/{subscription}/resourceGroups/{group}/providers/" + WORKSPACES
WORKSPACE = COLLECTION + "/{workspace}"

#: The pattern of azure-rest-api-specs, with the full stop that Azure's own curated names have.
ASSET_NAME = (
    r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}",
    "1 to 255 letters, digits, '-', '_' and '.', first a letter or digit",
)


def require_workspace(store: Store, call: Call) -> ArmObject:
    """The workspace in the path. Raises :class:`Refusal` when it is not deployed."""
    parts = call.parameters
    group = f"/subscriptions/{parts['subscription']}/resourceGroups/{parts['group']}"
    identifier = f"{group}/providers/{WORKSPACES}/{parts['workspace']}"
    body = store.get(identifier)
    if body is not None:
        return body
    if store.get(group) is None:
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{parts['group']}' could not be found.")
    raise not_found(identifier)


@dataclass
class Change:
    """A write: what is there (``old``), and what shall be there (``new``, which checks may complete)."""

    cloud: Cloud
    store: Store
    call: Call
    workspace: ArmObject
    id: str
    name: str
    old: ArmObject | None
    new: ArmObject
    #: The provisioning state after the write.
    state: str = "Succeeded"

    @property
    def properties(self) -> dict[str, Any]:
        """The new properties."""
        properties: dict[str, Any] = self.new["properties"]
        return properties


class NamedKind:
    """Things of a workspace that have a name and no versions."""

    #: Below the workspace, such as ``onlineEndpoints/{endpoint}/deployments``.
    path: ClassVar[str]
    title: ClassVar[str]
    #: What the name must match, and that in words.
    name_rule: ClassVar[tuple[str, str]] = ASSET_NAME

    @property
    def type_name(self) -> str:
        """The type in ARM."""
        return "/".join([WORKSPACES, *[part for part in self.path.split("/") if not part.startswith("{")]])

    def register(self, routes: Routes) -> None:
        """Add the kind's operations."""
        one = f"{WORKSPACE}/{self.path}/{{name}}"
        routes.add("GET", f"{WORKSPACE}/{self.path}", f"{self.title}: list", self._list)
        routes.add("GET", one, f"{self.title}: get", self._get)
        routes.add("PUT", one, f"{self.title}: create or update", self._put)
        routes.add("PATCH", one, f"{self.title}: change tags and the like", self._patch)
        routes.add("DELETE", one, f"{self.title}: delete", self._delete)

    # --- what a kind says -------------------------------------------------------------------------------

    def check(self, change: Change) -> None:
        """Raise :class:`Refusal` for what Azure refuses."""

    def complete(self, change: Change) -> None:
        """Add what Azure adds."""

    def check_delete(self, store: Store, workspace: ArmObject, body: ArmObject) -> None:
        """Raise :class:`Refusal` where Azure does not delete."""

    def deleted(self, cloud: Cloud, body: ArmObject) -> None:
        """What follows a deletion."""

    def require_parent(self, store: Store, workspace: ArmObject, call: Call) -> None:
        """Raise :class:`Refusal` when what the thing is below does not exist."""

    def shown(self, body: ArmObject) -> ArmObject:
        """The stored object as a reader sees it."""
        return body

    def arranged(self, bodies: list[ArmObject]) -> list[ArmObject]:
        """The objects of a list, in the order in which Azure gives them."""
        return bodies

    def selected(self, body: ArmObject, call: Call) -> bool:  # noqa: ARG002
        """Whether a list with that query holds the object."""
        return True

    # --- operations -------------------------------------------------------------------------------------

    def folder(self, workspace: ArmObject, call: Call) -> str:
        """The id below which the things are."""
        return f"{workspace['id']}/{self.path.format_map(dict(call.parameters))}"

    def enter(self, store: Store, call: Call) -> ArmObject:
        """The workspace, where it and the parent exist."""
        workspace = require_workspace(store, call)
        self.require_parent(store, workspace, call)
        return workspace

    def _list(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            workspace = self.enter(store, call)
            found = store.below(self.folder(workspace, call), self.type_name)
        chosen = self.arranged([body for body in found if self.selected(body, call)])
        return pages.answer([self.shown(body) for body in chosen], call)

    def _get(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            return Answer(body=self.shown(self.require(store, call)))

    def require(self, store: Store, call: Call) -> ArmObject:
        """The thing in the path. Raises :class:`Refusal` when it does not exist."""
        workspace = self.enter(store, call)
        identifier = f"{self.folder(workspace, call)}/{call.parameters['name']}"
        body = store.get(identifier)
        if body is None:
            raise not_found(identifier)
        return body

    def _put(self, cloud: Cloud, call: Call) -> Answer:
        return self.write(cloud, call, call.json())

    def _patch(self, cloud: Cloud, call: Call) -> Answer:
        sent = call.json()
        with cloud.stores.reading() as store:
            old = self.require(store, call)
        return self.write(cloud, call, merged(old, sent))

    def write(self, cloud: Cloud, call: Call, sent: ArmObject) -> Answer:
        """Create or update, after all checks."""
        name = call.parameters["name"]
        check_name(name, self.name_rule, self.title)
        with cloud.stores.writing() as store:
            workspace = self.enter(store, call)
            identifier = f"{self.folder(workspace, call)}/{name}"
            old = store.get(identifier)
            change = Change(cloud, store, call, workspace, identifier, name, old, prepared(sent))
            self.check(change)
            self.complete(change)
            body = finished(change, self.type_name)
            store.put(body)
        return Answer(201 if old is None else 200, self.shown(body))

    def _delete(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.writing() as store:
            workspace = self.enter(store, call)
            body = store.get(f"{self.folder(workspace, call)}/{call.parameters['name']}")
            if body is None:
                return Answer(204)
            locked = lock_message(store, body["id"])
            if locked is not None:
                raise Refusal(409, "ScopeLocked", locked)
            self.check_delete(store, workspace, body)
            store.delete(body["id"])
        self.deleted(cloud, body)
        return Answer(200)


def check_name(name: str, rule: tuple[str, str], title: str) -> None:
    """Raise :class:`Refusal` for a name that breaks its rule."""
    if re.fullmatch(rule[0], name) is None:
        text = f"The request is invalid. {title}: the name '{name}' must have {rule[1]}."
        raise Refusal(400, "ValidationError", text)


def prepared(sent: ArmObject) -> ArmObject:
    """The body as sent, with its properties. Raises :class:`Refusal` when it has none."""
    if not isinstance(sent.get("properties"), dict):
        raise Refusal(400, "ValidationError", "The request is invalid. The field 'properties' is required.")
    return dict(sent)


def finished(change: Change, type_name: str) -> ArmObject:
    """The object to store: id, name, type and who changed it when."""
    change.properties["provisioningState"] = change.state
    now = datetime.now(UTC).isoformat()
    old = (change.old or {}).get("systemData") or {}
    who = {"createdBy": "Sandbox", "createdByType": "Application", "createdAt": now}
    return {
        **change.new,
        "id": change.id if change.old is None else change.old["id"],
        "name": change.name if change.old is None else change.old["name"],
        "type": type_name,
        "systemData": {
            **who,
            **old,
            "lastModifiedBy": "Sandbox",
            "lastModifiedByType": "Application",
            "lastModifiedAt": now,
        },
    }


def merged(old: Any, new: Any) -> Any:
    """A JSON merge patch (RFC 7396)."""
    if not isinstance(new, dict) or not isinstance(old, dict):
        return new
    result = dict(old)
    for name, value in new.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
