"""What deployments collect and tell of themselves, with the unmodified azure-ai-ml and azureml-ai-monitoring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests

from tests.sandbox.conftest import Served, made_once
from tests.sandbox.test_sdk_monitor import insights, logs, query, setting
from tests.waiting import eventually

T = TypeVar("T")
pytestmark = pytest.mark.runtime

SCORE = """
import json
import pandas
from azureml.ai.monitoring import Collector
def init():
    global inputs, outputs, other
    inputs, outputs = Collector(name="model_inputs"), Collector(name="model_outputs")
    other = Collector(name="other", on_error=lambda error: print("refused:", error, flush=True))
    print("the model is loaded", flush=True)
def run(text):
    rows = pandas.DataFrame({"a": json.loads(text)["data"]})
    context = inputs.collect(rows)
    outputs.collect(pandas.DataFrame({"double": rows["a"] * 2}), context)
    other.collect(rows)
    return [2 * value for value in rows["a"]]
"""


@made_once
def answered(running: Served, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An endpoint whose deployment collects, has answered twice and failed once; returns its key."""
    from azure.ai.ml.entities import (
        CodeConfiguration,
        DataCollector,
        DeploymentCollection,
        Environment,
        ManagedOnlineDeployment,
        ManagedOnlineEndpoint,
        Model,
    )

    folder = tmp_path_factory.mktemp("collecting")
    (folder / "score.py").write_text(SCORE)
    ml = running.ml()
    ml.models.create_or_update(Model(name="doubling", version="1", path=str(folder)))
    ml.environments.create_or_update(Environment(name="collect-env", version="1", image="mcr.microsoft.com/a:1"))
    ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="collects", auth_mode="key")).result()
    assert setting(running, "collects").status_code == 200
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="collects",
        model="azureml:doubling:1",
        environment="azureml:collect-env:1",
        code_configuration=CodeConfiguration(code=str(folder), scoring_script="score.py"),
        instance_type="Standard_DS3_v2",
        instance_count=1,
        app_insights_enabled=True,
        data_collector=DataCollector(
            collections={
                name: DeploymentCollection(enabled="true")
                for name in ("model_inputs", "model_outputs", "request", "response")
            },
            rolling_rate="day",
        ),
    )
    ml.online_deployments.begin_create_or_update(deployment).result()
    key = str(ml.online_endpoints.get_keys("collects").primary_key)
    uri = ml.online_endpoints.get("collects").scoring_uri
    headers = {"Authorization": f"Bearer {key}", "azureml-model-deployment": "blue", "Content-Type": "application/json"}
    for body, status in (('{"data": [1, 2]}', 200), ('{"data": [3]}', 200), ("{}", 424)):
        assert requests.post(uri, data=body, headers=headers, timeout=60).status_code == status
    return key


def collected(cloud: Served, name: str, count: int) -> list[dict[str, Any]]:
    """The events of a collection, once there are so many, and where the data asset says that they are."""
    asset = cloud.ml().data.get(f"collects-blue-{name}", version="1")
    assert asset.path.endswith(f"/datastores/workspaceblobstore/paths/modelDataCollector/collects/blue/{name}")
    container = next(one for one in cloud.ml().datastores.list() if one.name == "workspaceblobstore").container_name
    blobs = cloud.blobs().get_container_client(container)

    def read() -> list[dict[str, Any]]:
        names = list(blobs.list_blob_names(name_starts_with=f"modelDataCollector/collects/blue/{name}/"))
        assert all(Path(one).suffix == ".jsonl" and len(one.split("/")) == 8 for one in names)  # year, month, day
        lines = "".join(blobs.download_blob(one).readall().decode() for one in names).splitlines()
        return [json.loads(line) for line in lines] if len(lines) >= count else []

    return eventually(read)


def test_what_the_script_logs_arrives_in_the_blobs(cloud: Served, answered: str) -> None:
    inputs, outputs = collected(cloud, "model_inputs", 2), collected(cloud, "model_outputs", 2)
    assert [event["data"] for event in inputs] == [[{"a": 1}, {"a": 2}], [{"a": 3}]]
    assert [event["data"] for event in outputs] == [[{"double": 2}, {"double": 4}], [{"double": 6}]]
    # What belongs together has the same id.
    assert [event["correlationid"] for event in inputs] == [event["correlationid"] for event in outputs]
    event = inputs[0]
    assert event["source"].endswith("/onlineEndpoints/collects/deployments/blue")
    assert (event["type"], event["specversion"]) == ("azureml.inference.model_inputs", "1.0")
    assert event["collectdatatype"] == "pandas.core.frame.DataFrame"


def test_whole_requests_and_answers_are_collected_too(cloud: Served, answered: str) -> None:
    sent, back = collected(cloud, "request", 3), collected(cloud, "response", 3)
    assert [event["data"] for event in sent] == [{"data": [1, 2]}, {"data": [3]}, {}]
    assert [event["statuscode"] for event in back] == [200, 200, 500]
    assert back[0]["data"] == [2, 4]
    assert sent[0]["correlationid"] == back[0]["correlationid"]
    assert answered not in json.dumps([sent, back])


def test_a_collection_that_is_not_declared_is_refused_in_the_log(cloud: Served, answered: str) -> None:
    log = cloud.ml().online_deployments.get_logs("blue", "collects", lines=5000)
    assert "refused: collection other is not enabled, drop the data" in log


def test_requests_and_the_scripts_output_are_in_application_insights(cloud: Served, answered: str) -> None:
    component = insights(cloud)["id"]
    # The inference server writes the status among the custom dimensions.
    text = "requests | where cloud_RoleName == 'collects' | project code = tostring(customDimensions.resultCode)"
    rows = eventually(lambda: rows if len(rows := query(component, text)) >= 3 else [])
    assert sorted(row["code"] for row in rows) == ["200", "200", "500"]
    traces = "traces | where message has 'the model is loaded' | count"
    assert eventually(lambda: query(component, traces)[0]["Count"]) == 1


def test_the_console_of_the_deployment_is_in_log_analytics(cloud: Served, answered: str) -> None:
    text = "AmlOnlineEndpointConsoleLog | where EndpointName == 'collects' and Message has 'the model is loaded'"
    [row] = query(logs(cloud)["id"], text)
    assert (row["DeploymentName"], row["ContainerName"]) == ("blue", "inference-server")
    assert query(logs(cloud)["id"], "AmlOnlineEndpointEventLog | where EndpointName == 'collects' | project Name") == [
        {"Name": "Started"}
    ]
