"""Which management locks are there, and how are they lifted and put back?"""

from __future__ import annotations

from sandbox.cloud import Cloud
from sandbox.locks import LOCKS
from sandbox.web import Answer, Call, Refusal, Routes

_LOCK = "/{scope*}/providers/" + LOCKS + "/{name}"


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", f"/{{scope*}}/providers/{LOCKS}", "Locks at and below a scope", _list)
    routes.add("PUT", _LOCK, "Lock a scope", _put)
    routes.add("DELETE", _LOCK, "Lift a lock", _delete)


def _list(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        return Answer(body={"value": store.below(f"/{call.parameters['scope']}", LOCKS)})


def _put(cloud: Cloud, call: Call) -> Answer:
    scope, name = f"/{call.parameters['scope']}", call.parameters["name"]
    properties = call.json().get("properties") or {}
    if properties.get("level") not in ("CanNotDelete", "ReadOnly"):
        text = f"The lock level '{properties.get('level')}' is not valid: CanNotDelete or ReadOnly."
        raise Refusal(400, "LockLevelNotSupported", text)
    with cloud.stores.writing() as store:
        target = store.get(scope)
        if target is None and scope.count("/") > 2:
            raise Refusal(404, "ResourceNotFound", f"The Resource '{scope}' was not found.")
        scope = target["id"] if target else scope
        identifier = f"{scope}/providers/{LOCKS}/{name}"
        existed = store.get(identifier) is not None
        body = {"id": identifier, "type": LOCKS, "name": name, "properties": properties}
        store.put(body)
    return Answer(200 if existed else 201, body)


def _delete(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.writing() as store:
        identifier = f"/{call.parameters['scope']}/providers/{LOCKS}/{call.parameters['name']}"
        if store.get(identifier) is None:
            return Answer(204)
        store.delete(identifier)
    return Answer(200)
