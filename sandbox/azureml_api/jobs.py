"""How do jobs behave? They are checked as Azure checks them, then they run on this machine."""

from __future__ import annotations

import secrets
from typing import Any

from sandbox.arm.resources import not_found
from sandbox.azureml_api.base import WORKSPACE, Change, NamedKind
from sandbox.azureml_api.job_checks import JOB_NAME, check_job
from sandbox.cloud import Cloud
from sandbox.compute.records import ENDED, RUN, set_status
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

#: What can change in a job that is there already.
_CHANGEABLE = ("tags", "displayName", "description", "isArchived", "properties")


class Jobs(NamedKind):
    """Jobs: what a program submits, and what the sandbox runs."""

    path = "jobs"
    title = "Jobs"
    name_rule = JOB_NAME

    def register(self, routes: Routes) -> None:
        """Also the end by hand."""
        one = f"{WORKSPACE}/{self.path}/{{name}}"
        routes.add("POST", f"{one}/cancel", "Jobs: cancel", self._cancel)
        super().register(routes)

    def check(self, change: Change) -> None:
        """Everything that a new job names exists, and the sandbox can run it. Of an old one little changes."""
        if change.old is None:
            check_job(change.store, change.workspace, change.name, change.properties)
            return
        kept = {**change.old["properties"]}
        kept |= {name: change.properties[name] for name in _CHANGEABLE if name in change.properties}
        change.new = {**change.old, "properties": kept}

    def complete(self, change: Change) -> None:
        """A new job waits."""
        if change.old is not None:
            return
        properties: dict[str, Any] = change.properties
        for name, value in (("experimentName", "Default"), ("displayName", change.name)):
            properties[name] = properties.get(name) or value
        for name in ("tags", "properties"):
            properties[name] = properties.get(name) or {}
        studio = f"https://ml.azure.com/runs/{change.name}?wsid={change.workspace['id']}"
        tracking = f"azureml://{change.workspace['location']}.api.azureml.ms/mlflow/v1.0{change.workspace['id']}"
        properties["services"] = {
            "Tracking": {"jobServiceType": "Tracking", "endpoint": tracking},
            "Studio": {"jobServiceType": "Studio", "endpoint": studio},
        }
        change.new[RUN] = {"logToken": secrets.token_urlsafe(24), **(change.new.get(RUN) or {})}
        set_status(change.new, "Queued" if properties["jobType"] == "Command" else "NotStarted")

    def write(self, cloud: Cloud, call: Call, sent: ArmObject) -> Answer:
        """Create and run, or change the little that can change."""
        sent.pop(RUN, None)
        answer = super().write(cloud, call, sent)
        if answer.status == 201:
            with cloud.stores.reading() as store:
                job = self.require(store, call)
            cloud.runner.submit(job)
        return answer

    def shown(self, body: ArmObject) -> ArmObject:
        """Without what only the sandbox knows."""
        return {name: value for name, value in body.items() if name != RUN}

    def arranged(self, bodies: list[ArmObject]) -> list[ArmObject]:
        """The newest first."""
        return sorted(bodies, key=lambda body: str(body["systemData"]["createdAt"]), reverse=True)

    def selected(self, body: ArmObject, call: Call) -> bool:
        """Lists hold no children, and may ask for archived jobs, one type or a tag."""
        properties, query = body["properties"], call.query
        if (body.get(RUN) or {}).get("parent"):
            return False
        view = query.get("listViewType", "ActiveOnly").lower()
        if view != "all" and bool(properties.get("isArchived")) != (view == "archivedonly"):
            return False
        if query.get("jobType") and query["jobType"].lower() != str(properties["jobType"]).lower():
            return False
        return not query.get("tag") or query["tag"] in (properties.get("tags") or {})

    def check_delete(self, store: Store, workspace: ArmObject, body: ArmObject) -> None:  # noqa: ARG002
        """Not while it runs."""
        if body["properties"].get("status") not in ENDED:
            raise Refusal(400, "UserError", f"The job '{body['name']}' has not ended; cancel it first.")

    def deleted(self, cloud: Cloud, body: ArmObject) -> None:
        """Its files on this machine go too."""
        cloud.runner.remove_folder(body["id"])

    def _cancel(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            workspace = self.enter(store, call)
            identifier = f"{self.folder(workspace, call)}/{call.parameters['name']}"
            body = store.get(identifier)
        if body is None:
            raise not_found(identifier)
        if body["properties"]["status"] in ENDED:
            text = f"The job '{body['name']}' is in the terminal state {body['properties']['status']}."
            raise Refusal(400, "UserError", text)
        cloud.runner.cancel(body["id"])
        return Answer(200)
