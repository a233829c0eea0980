"""How do schedules behave? They are kept; nothing runs at their times yet."""

from __future__ import annotations

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
        routes.add("POST", f"{WORKSPACE}/schedules/{{name}}/trigger", "Schedules: run now (refused)", self._trigger)
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
            self.require(store, call)
        raise Refusal(501, "NotImplemented", "The sandbox does not run jobs yet, so a schedule cannot be triggered.")
