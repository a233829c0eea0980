"""How do computes behave that a program makes? Terraform makes the others; both are the same objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox import limits
from sandbox.azureml_api.base import WORKSPACE, Change, NamedKind
from sandbox.cloud import Cloud
from sandbox.store import ArmObject
from sandbox.web import Answer, Call, Refusal, Routes

_TYPES = ("AmlCompute", "ComputeInstance", "Kubernetes", "AKS", "VirtualMachine", "SynapseSpark")
_DONE = {"start": "Running", "stop": "Stopped", "restart": "Running"}


class Computes(NamedKind):
    """Clusters and instances."""

    path = "computes"
    title = "Computes"
    name_rule = (r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]", "3 to 32 letters, digits and hyphens, first a letter")

    def register(self, routes: Routes) -> None:
        """Also start and stop."""
        for action in _DONE:
            path = f"{WORKSPACE}/computes/{{name}}/{action}"
            routes.add("POST", path, f"Computes: {action} an instance", self._act)
        super().register(routes)

    def check(self, change: Change) -> None:
        """A known type and sensible numbers of nodes."""
        kind = change.properties.get("computeType")
        if kind not in _TYPES:
            raise Refusal(400, "ValidationError", f"The computeType '{kind}' is none of {', '.join(_TYPES)}.")
        inner: dict[str, Any] = change.properties.get("properties") or {}
        if kind in ("AmlCompute", "ComputeInstance") and not inner.get("vmSize"):
            raise Refusal(400, "ValidationError", "The field 'vmSize' is required.")
        scale = inner.get("scaleSettings") or {}
        if int(scale.get("minNodeCount") or 0) > int(scale.get("maxNodeCount") or 0):
            raise Refusal(400, "InvalidScaleSettings", "minNodeCount must not be above maxNodeCount.")
        if change.old and (change.old["properties"].get("properties") or {}).get("vmSize") != inner.get("vmSize"):
            raise Refusal(400, "BadRequest", f"The vmSize of the compute '{change.name}' cannot be changed.")

    def complete(self, change: Change) -> None:
        """Where it is; instances run. Azure refuses what the quota does not hold."""
        change.new.setdefault("location", change.workspace["location"])
        try:
            limits.require_quota(change.store, {**change.new, "id": change.id})
        except limits.QuotaExceeded as error:
            raise Refusal(400, error.code, str(error)) from error
        if change.properties["computeType"] == "ComputeInstance":
            change.properties["properties"].setdefault("state", "Running")

    def shown(self, body: ArmObject) -> ArmObject:
        """What Terraform leaves out."""
        now = datetime.now(UTC).isoformat()
        properties = {"provisioningState": "Succeeded", "createdOn": now, "modifiedOn": now, **body["properties"]}
        inner = dict(properties.get("properties") or {})
        if properties["computeType"] == "AmlCompute":
            scale = {"maxNodeCount": 1, "minNodeCount": 0, **(inner.get("scaleSettings") or {})}
            inner = {"allocationState": "Steady", "currentNodeCount": 0, "targetNodeCount": 0, **inner}
            inner["scaleSettings"] = scale
        return {**body, "properties": {"isAttachedCompute": False, **properties, "properties": inner}}

    def _act(self, cloud: Cloud, call: Call) -> Answer:
        action = call.path.rstrip("/").rsplit("/", 1)[-1].lower()
        with cloud.stores.writing() as store:
            body = self.require(store, call)
            if body["properties"]["computeType"] != "ComputeInstance":
                raise Refusal(400, "BadRequest", f"Only a compute instance can {action}.")
            body["properties"]["properties"]["state"] = _DONE[action]
            store.put(body)
        return Answer(200)
