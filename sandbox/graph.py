"""What does Microsoft Graph tell? Applications, service principals and users of the sandbox's directory, read only."""

from __future__ import annotations

import re
from typing import Any

from sandbox.cloud import Cloud
from sandbox.store import ArmObject
from sandbox.web import Answer, Call, Refusal, Routes

_TYPES = {
    "applications": "Microsoft.Graph/applications",
    "servicePrincipals": "Microsoft.Graph/servicePrincipals",
    "users": "Microsoft.Graph/users",
}
_FEDERATED = "Microsoft.Graph/applications/federatedIdentityCredentials"
#: The one form of ``$filter`` that is understood, and the one that programs use: ``appId eq '...'``.
_FILTER = re.compile(r"(\w+) eq '([^']*)'")

routes = Routes()


@routes.on("GET", "/{version}/{folder}", "Objects of the directory, with $filter name eq 'value'")
def find(cloud: Cloud, call: Call) -> Answer:
    """A collection."""
    kind = _kind(call)
    text = call.query.get("$filter")
    match = _FILTER.fullmatch(text) if text else None
    if text and match is None:
        raise Refusal(501, "NotImplemented", f"The sandbox does not understand the filter {text!r}.")
    with cloud.stores.reading() as store:
        found = [_shown(body) for body in store.find(kind)]
    if match is not None:
        found = [body for body in found if str(body.get(match[1])) == match[2]]
    return Answer(body={"value": found})


@routes.on("GET", "/{version}/{folder}/{id}", "One object of the directory")
def get(cloud: Cloud, call: Call) -> Answer:
    """One object, by its object id."""
    kind, name = _kind(call), call.parameters["id"]
    with cloud.stores.reading() as store:
        body = store.get(f"/{call.parameters['folder']}/{name}")
    if body is None or body["type"].lower() != kind.lower():
        text = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
        raise Refusal(404, "Request_ResourceNotFound", text)
    return Answer(body=_shown(body))


@routes.on("GET", "/{version}/applications/{id}/federatedIdentityCredentials", "Who an application trusts")
def federated_credentials(cloud: Cloud, call: Call) -> Answer:
    """The federated credentials of one application."""
    with cloud.stores.reading() as store:
        found = store.below(
            f"/applications/{call.parameters['id']}", "Microsoft.Graph/applications/federatedIdentityCredentials"
        )
    return Answer(body={"value": [{"name": body["name"], **_shown(body)} for body in found]})


def _kind(call: Call) -> str:
    for folder, kind in _TYPES.items():
        if folder.lower() == call.parameters["folder"].lower():
            return kind
    raise Refusal(501, "NotImplemented", f"The sandbox does not serve {call.url}.")


def _shown(body: ArmObject) -> dict[str, Any]:
    """Graph writes properties beside the id."""
    return {"id": body["id"].rsplit("/", 1)[-1], **body["properties"]}
