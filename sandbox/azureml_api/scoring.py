"""What do endpoints answer to scoring requests? Who they are; inference servers come later (sandbox/serving.py)."""

from __future__ import annotations

from sandbox.cloud import Cloud
from sandbox.web import Answer, Call, Refusal, Routes

_TYPES = ("onlineEndpoints", "batchEndpoints")

routes = Routes()


@routes.on("POST", "/score", "Score (refused)")
@routes.on("POST", "/jobs", "Start a batch job (refused)")
@routes.on("GET", "/swagger.json", "The endpoint's description (refused)")
def refuse(cloud: Cloud, call: Call) -> Answer:
    """Nothing runs behind an endpoint yet."""
    name = call.host.partition(".")[0]
    with cloud.stores.reading() as store:
        kinds = [f"Microsoft.MachineLearningServices/workspaces/{kind}" for kind in _TYPES]
        known = any(body["name"].lower() == name for kind in kinds for body in store.find(kind))
    if not known:
        raise Refusal(404, "NotFound", f"There is no endpoint '{name}'.")
    raise Refusal(501, "NotImplemented", f"The sandbox does not run deployments yet: the endpoint '{name}' is idle.")
