"""How are resource groups made and deleted by a program?"""

from __future__ import annotations

from sandbox.arm.subscriptions import GROUPS, require_subscription
from sandbox.cloud import Cloud
from sandbox.locks import lock_message
from sandbox.web import Answer, Call, Refusal, Routes

_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("PUT", _GROUP, "Make or change a resource group", _put)
    routes.add("DELETE", _GROUP, "Delete a resource group that is empty", _delete)


def _put(cloud: Cloud, call: Call) -> Answer:
    require_subscription(call)
    sent = call.json()
    location = str(sent.get("location") or "").replace(" ", "").lower()
    if not location:
        raise Refusal(400, "LocationRequired", "The location property is required for this definition.")
    with cloud.stores.writing() as store:
        identifier = f"/subscriptions/{call.parameters['subscription']}/resourceGroups/{call.parameters['group']}"
        old = store.get(identifier)
        if old is not None and old["location"] != location:
            text = f"The resource group already exists in location '{old['location']}'."
            raise Refusal(409, "InvalidResourceGroupLocation", text)
        body = {
            "id": old["id"] if old else identifier,
            "type": GROUPS,
            "name": old["name"] if old else call.parameters["group"],
            "location": location,
            "tags": sent.get("tags") or {},
            "properties": {"provisioningState": "Succeeded"},
        }
        store.put(body)
    return Answer(200 if old else 201, body)


def _delete(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.writing() as store:
        identifier = call.path.rstrip("/")
        if store.get(identifier) is None:
            raise Refusal(
                404, "ResourceGroupNotFound", f"Resource group '{call.parameters['group']}' could not be found."
            )
        locked = lock_message(store, identifier)
        if locked is not None:
            raise Refusal(409, "ScopeLocked", locked)
        inside = [body["id"] for body in store.below(identifier)]
        if inside:
            # Azure deletes what is in it, each with its own soft delete; here Terraform and its services do that.
            text = f"The sandbox deletes only empty resource groups; this one holds {len(inside)} resources."
            raise Refusal(501, "NotImplemented", text)
        store.delete(identifier)
    return Answer(200)
