"""Which of Azure's services (resource providers) may the subscription use?"""

from __future__ import annotations

from typing import Any

from sandbox import limits
from sandbox.arm.subscriptions import require_subscription
from sandbox.cloud import Cloud
from sandbox.store import Store
from sandbox.web import Answer, Call, Refusal, Routes

_ALL = "/subscriptions/{subscription}/providers"


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", _ALL, "Resource providers and whether they are registered", _list)
    routes.add("GET", _ALL + "/{namespace}", "One resource provider", _get)
    routes.add("POST", _ALL + "/{namespace}/register", "Register a resource provider", _register)
    routes.add("POST", _ALL + "/{namespace}/unregister", "Take a registration back", _unregister)


def _list(cloud: Cloud, call: Call) -> Answer:
    require_subscription(call)
    with cloud.stores.reading() as store:
        return Answer(body={"value": [_describe(store, call, name) for name in limits.SERVICES]})


def _get(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        return Answer(body=_describe(store, call, _known(call)))


def _register(cloud: Cloud, call: Call) -> Answer:
    name = _known(call)
    with cloud.stores.writing() as store:
        limits.register(store, [name])
        return Answer(body=_describe(store, call, name))


def _unregister(cloud: Cloud, call: Call) -> Answer:
    name = _known(call)
    with cloud.stores.writing() as store:
        limits.unregister(store, name)
        return Answer(body=_describe(store, call, name))


def _known(call: Call) -> str:
    require_subscription(call)
    wanted = call.parameters["namespace"]
    for name in limits.SERVICES:
        if name.lower() == wanted.lower():
            return name
    raise Refusal(404, "InvalidResourceNamespace", f"The resource namespace '{wanted}' is invalid.")


def _describe(store: Store, call: Call, name: str) -> dict[str, Any]:
    state = "Registered" if limits.is_registered(store, name) else "NotRegistered"
    return {
        "id": f"/subscriptions/{call.parameters['subscription']}/providers/{name}",
        "namespace": name,
        "registrationState": state,
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [],
    }
