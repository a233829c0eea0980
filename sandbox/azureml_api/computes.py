"""How do computes behave that a program makes? Terraform makes the others; both are the same objects."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import isodate

from sandbox import limits
from sandbox.azureml_api.base import WORKSPACE, Change, NamedKind
from sandbox.cloud import Cloud
from sandbox.store import ArmObject
from sandbox.web import Answer, Call, Refusal, Routes

_TYPES = ("AmlCompute", "ComputeInstance", "Kubernetes", "AKS", "VirtualMachine", "SynapseSpark")
#: Minutes.
_SHORTEST_IDLE, _LONGEST_IDLE = 15, 3 * 24 * 60
_MOST_SCHEDULES = 4
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
        for action, handler in (("updateIdleShutdownSetting", self._idle), ("updateSchedules", self._schedules)):
            routes.add("POST", f"{WORKSPACE}/computes/{{name}}/{action}", f"Computes: {action} of an instance", handler)
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
        if change.old and kind == "ComputeInstance":
            _refuse_late_settings(change.name, (change.old["properties"].get("properties") or {}), inner)
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
        return self._change(cloud, call, action, {"state": _DONE[action]})

    def _idle(self, cloud: Cloud, call: Call) -> Answer:
        """Microsoft Learn, "Create an Azure Machine Learning compute instance": 15 minutes to 3 days."""
        text = call.json().get("idleTimeBeforeShutdown")
        try:
            minutes = isodate.parse_duration(str(text)).total_seconds() / 60
        except (isodate.ISO8601Error, AttributeError) as error:
            what = f"The idleTimeBeforeShutdown '{text}' is no period of ISO 8601."
            raise Refusal(400, "BadRequest", what) from error
        if not _SHORTEST_IDLE <= minutes <= _LONGEST_IDLE:
            what = f"The idleTimeBeforeShutdown must be from 15 minutes to 3 days, not {text}."
            raise Refusal(400, "BadRequest", what)
        return self._change(cloud, call, "stop when idle", {"idleTimeBeforeShutdown": text})

    def _schedules(self, cloud: Cloud, call: Call) -> Answer:
        given: list[dict[str, Any]] = call.json().get("computeStartStop") or []
        if len(given) > _MOST_SCHEDULES:
            raise Refusal(400, "BadRequest", f"A compute instance has at most {_MOST_SCHEDULES} schedules.")
        for one in given:
            if one.get("action") not in ("Start", "Stop") or not (one.get("cron") or one.get("recurrence")):
                raise Refusal(400, "BadRequest", "A schedule needs an action (Start, Stop) and a cron or recurrence.")
        kept = [{"id": str(uuid.uuid4()), "provisioningStatus": "Completed", **one} for one in given]
        return self._change(cloud, call, "have schedules", {"schedules": {"computeStartStop": kept}})

    def _change(self, cloud: Cloud, call: Call, what: str, values: dict[str, Any]) -> Answer:
        with cloud.stores.writing() as store:
            body = self.require(store, call)
            if body["properties"]["computeType"] != "ComputeInstance":
                raise Refusal(400, "BadRequest", f"Only a compute instance can {what}.")
            inner = body["properties"].get("properties") or {}
            body["properties"]["properties"] = {**inner, **values}
            store.put(body)
        return Answer(200)


def _refuse_late_settings(name: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Written anew, an instance keeps its idle time and schedules: they change by requests of their own only."""
    for field in ("idleTimeBeforeShutdown", "schedules"):
        if new.get(field) and new[field] != old.get(field):
            what = f"The {field} of the compute instance '{name}' cannot be changed by writing it anew."
            raise Refusal(400, "BadRequest", what)
        if old.get(field):
            new[field] = old[field]
