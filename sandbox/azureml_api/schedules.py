"""How do schedules behave? They are kept, and run when somebody triggers them: nothing runs at their times."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from sandbox.azureml_api.base import WORKSPACE, Change, NamedKind
from sandbox.azureml_api.references import require_asset, require_compute
from sandbox.cloud import Cloud
from sandbox.store import ArmObject
from sandbox.web import Answer, Call, Refusal, Routes

_TRIGGERS = ("Cron", "Recurrence")
_ACTIONS = ("CreateJob", "InvokeBatchEndpoint", "CreateMonitor", "ImportData")


class Schedules(NamedKind):
    """Schedules of jobs and of model monitors."""

    path = "schedules"
    title = "Schedules"

    def register(self, routes: Routes) -> None:
        """Also the trigger by hand."""
        routes.add("POST", f"{WORKSPACE}/schedules/{{name}}/trigger", "Schedules: run now", self._trigger)
        super().register(routes)

    def check(self, change: Change) -> None:
        """A known trigger and action, whose compute and environment exist."""
        trigger: dict[str, Any] = change.properties.get("trigger") or {}
        action: dict[str, Any] = change.properties.get("action") or {}
        if trigger.get("triggerType") not in _TRIGGERS:
            raise Refusal(400, "ValidationError", f"The triggerType is none of {', '.join(_TRIGGERS)}.")
        if trigger["triggerType"] == "Cron" and len(str(trigger.get("expression", "")).split()) != 5:
            raise Refusal(400, "UserError", f"The cron expression '{trigger.get('expression')}' must have 5 fields.")
        if action.get("actionType") not in _ACTIONS:
            raise Refusal(400, "ValidationError", f"The actionType is none of {', '.join(_ACTIONS)}.")
        job: dict[str, Any] = action.get("jobDefinition") or {}
        require_compute(change.store, change.workspace, job.get("computeId"))
        require_asset(change.store, change.workspace, "environments", job.get("environmentId"))
        require_asset(change.store, change.workspace, "codes", job.get("codeId"))

    def complete(self, change: Change) -> None:
        """A new schedule is on."""
        change.properties.setdefault("isEnabled", True)

    def selected(self, body: ArmObject, call: Call) -> bool:
        """Lists may ask for enabled or disabled ones."""
        view = call.query.get("listViewType", "EnabledOnly").lower()
        return view == "all" or bool(body["properties"].get("isEnabled")) == (view == "enabledonly")

    def _trigger(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            body = self.require(store, call)
            workspace = self.enter(store, call)
        job = trigger(cloud, workspace, body)
        return Answer(body={"submissionId": job, "scheduleActionType": "CreateJob", "jobName": job})


def trigger(cloud: Cloud, workspace: ArmObject, schedule: ArmObject) -> str:
    """Submit the job of a schedule now; returns the job's name. Raises :class:`Refusal`."""
    action: dict[str, Any] = schedule["properties"]["action"]
    if action["actionType"] != "CreateJob":
        text = f"The sandbox keeps schedules of the kind {action['actionType']} ('{schedule['name']}'), and runs none."
        raise Refusal(400, "NotSupportedInSandbox", text)
    name = f"{schedule['name']}-{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(2)}"
    properties = {**action["jobDefinition"], "isArchived": False}
    properties["properties"] = {**(properties.get("properties") or {}), "azureml.scheduleId": schedule["name"]}
    cloud.runner.context.api("PUT", f"{workspace['id']}/jobs/{name}", {"properties": properties})
    return name
