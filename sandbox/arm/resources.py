"""How is any resource of the store read? Azure Resource Manager's GET of one resource and of a collection."""

from __future__ import annotations

import re

from sandbox.cloud import Cloud
from sandbox.identity import SANDBOX_SUBSCRIPTION_ID
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

_IN_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
_PROVIDERS = re.compile(r".*/providers/(?P<namespace>[^/]+)/(?P<rest>.+)", re.IGNORECASE)


def register(routes: Routes) -> None:
    """Add the operations of this module. They take what no other module took: register them last."""
    routes.add("GET", f"{_IN_GROUP}/resources", "Every resource of a group", _resources_of_group)
    routes.add("GET", "/subscriptions/{subscription}/resources", "Every resource", _resources)
    routes.add(
        "GET", "/{scope*}/providers/{namespace}/{type}", "Resources of a type in a group, or everywhere", _collection
    )
    routes.add("GET", "/{id*}", "Any resource of the store, by its id", _get)


def require_group(store: Store, call: Call) -> ArmObject:
    """The resource group in the path. Raises :class:`Refusal` when there is none."""
    name = call.parameters["group"]
    body = store.get(f"/subscriptions/{call.parameters['subscription']}/resourceGroups/{name}")
    if body is None:
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    return body


def not_found(identifier: str) -> Refusal:
    """What Azure says of a resource that is not there."""
    found = _PROVIDERS.fullmatch(identifier)
    group = re.search(r"/resourceGroups/([^/]+)", identifier, re.IGNORECASE)
    if found is None or group is None:
        return Refusal(404, "ResourceNotFound", f"The resource '{identifier}' was not found.")
    parts = found["rest"].split("/")
    kind, names = "/".join(parts[::2]), "/".join(parts[1::2])
    text = f"The Resource '{found['namespace']}/{kind}/{names}' under resource group '{group[1]}' was not found."
    return Refusal(
        404, "ResourceNotFound", f"{text} For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )


def _resources(cloud: Cloud, _call: Call) -> Answer:
    with cloud.stores.reading() as store:
        return Answer(body={"value": _top_level(store.below(f"/subscriptions/{SANDBOX_SUBSCRIPTION_ID}"))})


def _resources_of_group(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        return Answer(body={"value": _top_level(store.below(require_group(store, call)["id"]))})


def _top_level(bodies: list[ArmObject]) -> list[ArmObject]:
    """Resources right in a group, without what is below them, as Azure lists them."""
    return [body for body in bodies if "/providers/" in body["id"] and body["type"].count("/") == 1]


def _collection(cloud: Cloud, call: Call) -> Answer:
    scope, kind = call.parameters["scope"], f"{call.parameters['namespace']}/{call.parameters['type']}"
    with cloud.stores.reading() as store:
        if "/providers/" not in scope.lower() and "/resourcegroups/" in scope.lower() and not store.get(f"/{scope}"):
            name = scope.rsplit("/", 1)[-1]
            raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
        return Answer(body={"value": store.below(f"/{scope}", kind)})


def _get(cloud: Cloud, call: Call) -> Answer:
    identifier = f"/{call.parameters['id']}".rstrip("/")
    with cloud.stores.reading() as store:
        body = store.get(identifier)
        if body is not None:
            return Answer(body=body)
        parent, _, kind = identifier.rpartition("/")
        owner = store.get(parent)
        if owner is None:
            raise not_found(identifier)
        children = store.below(parent, f"{owner['type']}/{kind}")
        if not children:
            raise not_found(identifier)
        return Answer(body={"value": children})
