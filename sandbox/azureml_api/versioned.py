"""How do assets with versions behave? A container per name, versions below it that never change what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from sandbox.arm.resources import not_found
from sandbox.azureml_api import pages
from sandbox.azureml_api.base import (
    ASSET_NAME,
    WORKSPACE,
    WORKSPACES,
    Change,
    check_name,
    finished,
    merged,
    prepared,
    require_workspace,
)
from sandbox.azureml_api.references import short_uri
from sandbox.cloud import Cloud
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes


class VersionedKind:
    """Assets that have a name and versions."""

    collection: ClassVar[str]
    title: ClassVar[str]
    #: Properties of a version that cannot change once it exists; tags, description and isArchived always can.
    immutable: ClassVar[tuple[str, ...]] = ()
    #: Properties of a version that its container shows too.
    inherited: ClassVar[tuple[str, ...]] = ()

    @property
    def container_type(self) -> str:
        """The container's type in ARM."""
        return f"{WORKSPACES}/{self.collection}"

    @property
    def version_type(self) -> str:
        """A version's type in ARM."""
        return f"{self.container_type}/versions"

    def register(self, routes: Routes) -> None:
        """Add the kind's operations."""
        all_, title = f"{WORKSPACE}/{self.collection}", self.title
        one, versions = f"{all_}/{{name}}", f"{all_}/{{name}}/versions"
        routes.add("GET", all_, f"{title}: list names", self._list_containers)
        routes.add("GET", one, f"{title}: get a name, with its latest version", self._get_container)
        routes.add("PUT", one, f"{title}: change a name (archive, tags)", self._put_container)
        routes.add("DELETE", one, f"{title}: delete a name and its versions", self._delete)
        routes.add("GET", versions, f"{title}: list versions", self._list_versions)
        routes.add("GET", f"{versions}/{{version}}", f"{title}: get a version", self._get_version)
        routes.add("PUT", f"{versions}/{{version}}", f"{title}: create or update a version", self._put_version)
        routes.add("DELETE", f"{versions}/{{version}}", f"{title}: delete a version", self._delete)

    # --- what a kind says -------------------------------------------------------------------------------

    def prepare(self, change: Change) -> None:
        """Write what was sent as Azure keeps it, before it is compared with what is there."""

    def check(self, change: Change) -> None:
        """Raise :class:`Refusal` for what Azure refuses."""

    def complete(self, change: Change) -> None:
        """Add what Azure adds."""

    def refuse_change(self, change: Change, name: str) -> Refusal:  # noqa: ARG002
        """What Azure says when an immutable property differs."""
        return Refusal(400, "UserError", "Asset paths cannot be updated.")

    # --- reading ----------------------------------------------------------------------------------------

    def _list_containers(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            workspace = require_workspace(store, call)
            found = store.below(f"{workspace['id']}/{self.collection}", self.container_type)
        return pages.answer([body for body in found if _in_view(body, call)], call)

    def _get_container(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            return Answer(body=self._require(store, call))

    def _list_versions(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            workspace = require_workspace(store, call)
            folder = f"{workspace['id']}/{self.collection}/{call.parameters['name']}"
            found = store.below(folder, self.version_type)
        found = [body for body in found if _in_view(body, call)]
        return pages.answer(_ordered(found, call.query.get("$orderBy", "")), call)

    def _get_version(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            return Answer(body=self._require(store, call))

    def _require(self, store: Store, call: Call) -> ArmObject:
        identifier = self._id(require_workspace(store, call), call)
        body = store.get(identifier)
        if body is None:
            raise not_found(identifier)
        return body

    def _id(self, workspace: ArmObject, call: Call) -> str:
        version = call.parameters.get("version")
        identifier = f"{workspace['id']}/{self.collection}/{call.parameters['name']}"
        return identifier if version is None else f"{identifier}/versions/{version}"

    # --- writing ----------------------------------------------------------------------------------------

    def _put_container(self, cloud: Cloud, call: Call) -> Answer:
        name = call.parameters["name"]
        check_name(name, ASSET_NAME, self.title)
        with cloud.stores.writing() as store:
            workspace = require_workspace(store, call)
            old = store.get(self._id(workspace, call))
            sent = merged(old, prepared(call.json())) if old else prepared(call.json())
            change = Change(cloud, store, call, workspace, self._id(workspace, call), name, old, sent)
            counted = {"latestVersion": None, "nextVersion": "1"}
            change.properties.update({key: (old or {"properties": counted})["properties"][key] for key in counted})
            body = finished(change, self.container_type)
            store.put(body)
        return Answer(201 if old is None else 200, body)

    def _put_version(self, cloud: Cloud, call: Call) -> Answer:
        name, version = call.parameters["name"], call.parameters["version"]
        check_name(name, ASSET_NAME, self.title)
        check_name(version, ASSET_NAME, f"{self.title}, version")
        with cloud.stores.writing() as store:
            workspace = require_workspace(store, call)
            identifier = self._id(workspace, call)
            change = Change(
                cloud, store, call, workspace, identifier, version, store.get(identifier), prepared(call.json())
            )
            self.prepare(change)
            self._keep_what_cannot_change(change)
            self.check(change)
            self.complete(change)
            change.properties.setdefault("isArchived", False)
            change.properties.setdefault("tags", {})
            body = finished(change, self.version_type)
            store.put(body)
            if change.old is None:
                self._count(change, body)
        return Answer(201 if change.old is None else 200, body)

    def _keep_what_cannot_change(self, change: Change) -> None:
        if change.old is None:
            return
        before = change.old["properties"]
        for name in self.immutable:
            if name in change.properties and _plain(change.properties[name]) != _plain(before.get(name)):
                raise self.refuse_change(change, name)
            if name in before:
                change.properties[name] = before[name]

    def _count(self, change: Change, version: ArmObject) -> None:
        """The container's latest and next version."""
        identifier = change.id.rpartition("/versions/")[0]
        name = change.call.parameters["name"]
        old = change.store.get(identifier)
        properties: dict[str, Any] = dict((old or {"properties": {"tags": {}, "isArchived": False}})["properties"])
        properties |= {key: version["properties"][key] for key in self.inherited if key in version["properties"]}
        properties["latestVersion"] = change.name
        number = int(change.name) + 1 if re.fullmatch(r"\d{1,18}", change.name) else 1
        properties["nextVersion"] = str(max(number, int(properties.get("nextVersion") or 1)))
        container = Change(
            change.cloud, change.store, change.call, change.workspace, identifier, name, old, {"properties": properties}
        )
        change.store.put(finished(container, self.container_type))

    def _delete(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.writing() as store:
            identifier = self._id(require_workspace(store, call), call)
            if store.get(identifier) is None:
                return Answer(204)
            store.delete(identifier)
        return Answer(200)


def _plain(value: Any) -> Any:
    """A value without what makes no difference: empty members, and a slash at the end of an address."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item not in (None, {}, [], "")} or None
    if isinstance(value, str):
        return short_uri(value).rstrip("/") or None
    return value or None


def _in_view(body: ArmObject, call: Call) -> bool:
    view = call.query.get("listViewType", "ActiveOnly").lower()
    archived = bool(body["properties"].get("isArchived"))
    return view == "all" or archived == (view == "archivedonly")


def _ordered(bodies: Iterable[ArmObject], order: str) -> list[ArmObject]:
    """Newest first, unless asked otherwise: so programs find the latest version."""
    newest_first = "asc" not in order.lower().split()
    return sorted(bodies, key=lambda body: body["systemData"]["createdAt"], reverse=newest_first)
