"""How do the deployments of endpoints behave?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.arm.resources import not_found
from sandbox.azureml_api.abilities import require_cpu_compute, require_cpu_size, require_no_build, require_server
from sandbox.azureml_api.base import WORKSPACE, Change, NamedKind
from sandbox.azureml_api.endpoints import ENDPOINT_NAME
from sandbox.azureml_api.references import require_asset, require_compute
from sandbox.cloud import Cloud
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

_OPERATION = (
    "/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices"
    "/locations/{location}/mfeOperationsStatus/{operation}"
)


class _Deployments(NamedKind):
    """What both kinds share."""

    name_rule = ENDPOINT_NAME

    def require_parent(self, store: Store, workspace: ArmObject, call: Call) -> None:
        """The endpoint exists."""
        identifier = f"{workspace['id']}/{self.path.split('/')[0]}/{call.parameters['endpoint']}"
        if store.get(identifier) is None:
            raise not_found(identifier)

    def check(self, change: Change) -> None:
        """Environment and code exist."""
        properties = change.properties
        require_asset(change.store, change.workspace, "environments", properties.get("environmentId"))
        code = properties.get("codeConfiguration") or {}
        require_asset(change.store, change.workspace, "codes", code.get("codeId"))
        if code and not code.get("scoringScript"):
            raise Refusal(400, "ValidationError", "codeConfiguration needs the field 'scoringScript'.")
        require_no_build(change.store, change.workspace, properties.get("environmentId"))

    def complete(self, change: Change) -> None:
        """Where it is."""
        change.new["location"] = change.workspace["location"]
        change.new.setdefault("tags", {})


class OnlineDeployments(_Deployments):
    """Deployments of online endpoints."""

    path = "onlineEndpoints/{endpoint}/deployments"
    title = "Online deployments"

    def register(self, routes: Routes) -> None:
        """Also logs, and how far a deployment has come."""
        path = f"{WORKSPACE}/{self.path}/{{name}}/getLogs"
        routes.add("POST", path, "Online deployments: logs", self._logs)
        routes.add("GET", _OPERATION, "How far an operation has come", self._operation)
        super().register(routes)

    def check(self, change: Change) -> None:
        """The model exists, and there is a size and a number of instances."""
        super().check(change)
        properties = change.properties
        require_asset(change.store, change.workspace, "models", properties.get("model"))
        if properties.get("endpointComputeType") == "Managed" and not properties.get("instanceType"):
            raise Refusal(400, "ValidationError", "A managed online deployment needs the field 'instanceType'.")
        capacity = (change.new.get("sku") or {}).get("capacity", 1)
        if not isinstance(capacity, int) or capacity < 1:
            raise Refusal(400, "UserError", f"The number of instances must be at least 1, not {capacity}.")
        require_cpu_size(properties.get("instanceType"), "deployments")
        require_server(change.store, change.workspace, properties, change.name)

    def complete(self, change: Change) -> None:
        """What azure-ai-ml cannot do without: scale settings, and Azure's spelling of the collection mode."""
        super().complete(change)
        change.state = "Creating" if change.old is None else "Updating"
        change.new["sku"] = {"name": "Default", "capacity": 1, **(change.new.get("sku") or {})}
        if not change.properties.get("scaleSettings"):
            change.properties["scaleSettings"] = {"scaleType": "Default"}
        collector: dict[str, Any] = change.properties.get("dataCollector") or {}
        for collection in (collector.get("collections") or {}).values():
            collection["dataCollectionMode"] = str(collection.get("dataCollectionMode", "disabled")).capitalize()

    def check_delete(self, store: Store, workspace: ArmObject, body: ArmObject) -> None:  # noqa: ARG002
        """Not while it has traffic."""
        endpoint = store.get(body["id"].rpartition("/deployments/")[0]) or {"properties": {}}
        share = (endpoint["properties"].get("traffic") or {}).get(body["name"])
        if share:
            text = f"Cannot delete the deployment '{body['name']}': it has {share} percent of the endpoint's traffic."
            raise Refusal(400, "UserError", text)
        for name in ("traffic", "mirrorTraffic"):
            (endpoint["properties"].get(name) or {}).pop(body["name"], None)
        store.put(endpoint)

    def write(self, cloud: Cloud, call: Call, sent: ArmObject) -> Answer:
        """Write it down, then start it: that takes a while, so there is an operation to ask for."""
        answer = super().write(cloud, call, sent)
        operation = cloud.servers.begin(answer.body["id"])
        path = _OPERATION.format(
            subscription=call.parameters["subscription"], location=answer.body["location"], operation=operation
        )
        where = f"https://{call.host}{path}?api-version=2023-04-01"
        return replace(answer, headers={"Azure-AsyncOperation": where, "x-ms-retry-after-ms": "300"})

    def deleted(self, cloud: Cloud, body: ArmObject) -> None:  # noqa: ARG002
        """Its server ends."""
        cloud.servers.refresh()

    def _logs(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            body = self.require(store, call)
        sent = call.json()
        tail = sent.get("tail") or 5000
        return Answer(body={"content": cloud.servers.log(body["id"], int(tail), sent.get("containerType"))})

    def _operation(self, cloud: Cloud, call: Call) -> Answer:
        found = cloud.servers.operation(call.parameters["operation"])
        if found is None:
            raise not_found(call.path)
        status, error = found
        body: dict[str, Any] = {"id": call.path, "name": call.parameters["operation"], "status": status}
        if error is not None:
            body["error"] = {"code": "ResourceNotReady", "message": error}
        headers = {} if status in ("Succeeded", "Failed") else {"x-ms-retry-after-ms": "300"}
        return Answer(body=body, headers=headers)


class BatchDeployments(_Deployments):
    """Deployments of batch endpoints."""

    path = "batchEndpoints/{endpoint}/deployments"
    title = "Batch deployments"

    def check(self, change: Change) -> None:
        """The model and the compute exist."""
        super().check(change)
        model: Any = change.properties.get("model")
        if isinstance(model, dict) and model.get("referenceType") == "Id":
            require_asset(change.store, change.workspace, "models", model.get("assetId"))
        require_compute(change.store, change.workspace, change.properties.get("compute"))
        require_cpu_compute(change.store, change.workspace, change.properties.get("compute"))

    def check_delete(self, store: Store, workspace: ArmObject, body: ArmObject) -> None:  # noqa: ARG002
        """An endpoint whose default is deleted has none."""
        endpoint = store.get(body["id"].rpartition("/deployments/")[0]) or {"properties": {}}
        defaults = endpoint["properties"].get("defaults") or {}
        if defaults.get("deploymentName") == body["name"]:
            defaults["deploymentName"] = None
            store.put(endpoint)
