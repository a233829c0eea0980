"""Computes, endpoints, deployments, traffic, schedules and jobs, with the unmodified azure-ai-ml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.services import ServiceError
from tests.sandbox.conftest import Served, made_once
from tests.sandbox.test_sdk_assets import refused

SIZE = "Standard_DS3_v2"


@made_once
def assets(running: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model and an environment; returns the folder with the scoring code."""
    from azure.ai.ml.entities import Environment, Model

    folder = tmp_path_factory.mktemp("scoring")
    (folder / "score.py").write_text("def init(): ...\ndef run(data): return data\n")
    running.ml().models.create_or_update(Model(name="served-model", version="1", path=str(folder)))
    environment = Environment(name="served-env", version="1", image="mcr.microsoft.com/a:1")
    running.ml().environments.create_or_update(environment)
    return folder


def online(cloud: Served, name: str, assets: Path, *deployments: str) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    endpoint = ManagedOnlineEndpoint(name=name, auth_mode="key")
    cloud.ml().online_endpoints.begin_create_or_update(endpoint).result()
    for deployment in deployments:
        deploy(cloud, name, deployment, assets)


def deploy(cloud: Served, endpoint: str, name: str, assets: Path, **values: Any) -> None:
    from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment

    arguments = {"model": "azureml:served-model:1", "environment": "azureml:served-env:1", **values}
    deployment = ManagedOnlineDeployment(
        name=name,
        endpoint_name=endpoint,
        code_configuration=CodeConfiguration(code=str(assets), scoring_script="score.py"),
        instance_type=SIZE,
        instance_count=1,
        **arguments,
    )
    cloud.ml().online_deployments.begin_create_or_update(deployment).result()


def set_traffic(cloud: Served, endpoint: str, traffic: dict[str, int]) -> dict[str, int]:
    found = cloud.ml().online_endpoints.get(endpoint)
    found.traffic = traffic
    result: dict[str, int] = cloud.ml().online_endpoints.begin_create_or_update(found).result().traffic
    return result


def test_an_endpoint_with_two_deployments_shares_its_traffic(cloud: Served, assets: Path) -> None:
    online(cloud, "shared", assets, "blue", "green")
    assert set_traffic(cloud, "shared", {"blue": 90, "green": 10}) == {"blue": 90, "green": 10}
    assert {found.name for found in cloud.ml().online_deployments.list("shared")} == {"blue", "green"}
    error = refused(lambda: cloud.ml().online_deployments.begin_delete("green", "shared").result())
    assert "10 percent of the endpoint's traffic" in error.message
    set_traffic(cloud, "shared", {"blue": 100, "green": 0})
    cloud.ml().online_deployments.begin_delete("green", "shared").result()
    assert cloud.ml().online_endpoints.get("shared").traffic == {"blue": 100}


@pytest.mark.parametrize(
    ("traffic", "text"),
    [
        ({"blue": 50}, "must sum to 0 or 100, not 50"),
        ({"red": 100}, "names the deployment 'red'"),
        ({"blue": 110}, "must be from 0 to 100"),
    ],
)
def test_wrong_traffic_is_refused(cloud: Served, assets: Path, traffic: dict[str, int], text: str) -> None:
    online(cloud, "refusing", assets, "blue")
    error = refused(lambda: set_traffic(cloud, "refusing", traffic))
    assert error.status_code == 400
    assert text in error.message


def test_a_deployment_names_only_what_exists(cloud: Served, assets: Path) -> None:
    online(cloud, "naming", assets)
    missing = refused(lambda: deploy(cloud, "naming", "blue", assets, model="azureml:missing:1"))
    assert missing.status_code == 404
    assert "models/missing/versions/1' was not found" in missing.message
    # An asset of a registry is outside of the workspace: it is believed to exist.
    deploy(cloud, "naming", "blue", assets, environment="azureml://registries/azureml/environments/sklearn/versions/1")


def test_a_deployment_needs_its_endpoint(cloud: Served, assets: Path) -> None:
    assert refused(lambda: deploy(cloud, "no-endpoint", "blue", assets)).status_code == 404


def test_keys_of_an_endpoint_are_made_and_renewed(cloud: Served, assets: Path) -> None:
    online(cloud, "keyed", assets)
    endpoints = cloud.ml().online_endpoints
    before = endpoints.get_keys("keyed")
    endpoints.begin_regenerate_keys("keyed", key_type="primary").result()
    after = endpoints.get_keys("keyed")
    assert before.primary_key != after.primary_key
    assert before.secondary_key == after.secondary_key


def test_an_endpoint_goes_with_its_deployments(cloud: Served, assets: Path) -> None:
    online(cloud, "leaving", assets, "blue")
    cloud.ml().online_endpoints.begin_delete("leaving").result()
    assert refused(lambda: cloud.ml().online_endpoints.get("leaving")).status_code == 404


def batch(cloud: Served, endpoint: str, name: str, assets: Path, compute: str) -> None:
    from azure.ai.ml.entities import BatchEndpoint, CodeConfiguration, ModelBatchDeployment

    cloud.ml().batch_endpoints.begin_create_or_update(BatchEndpoint(name=endpoint)).result()
    deployment = ModelBatchDeployment(
        name=name,
        endpoint_name=endpoint,
        model="azureml:served-model:1",
        environment="azureml:served-env:1",
        code_configuration=CodeConfiguration(code=str(assets), scoring_script="score.py"),
        compute=compute,
    )
    cloud.ml().batch_deployments.begin_create_or_update(deployment).result()


def test_a_batch_endpoint_has_a_default_deployment(cloud: Served, assets: Path) -> None:
    batch(cloud, "batch", "first", assets, "cpu-cluster")
    endpoint = cloud.ml().batch_endpoints.get("batch")
    endpoint.defaults.deployment_name = "first"
    endpoint = cloud.ml().batch_endpoints.begin_create_or_update(endpoint).result()
    assert endpoint.defaults.deployment_name == "first"
    assert list(cloud.ml().batch_endpoints.list_jobs("batch")) == []
    endpoint.defaults.deployment_name = "missing"
    error = refused(lambda: cloud.ml().batch_endpoints.begin_create_or_update(endpoint).result())
    assert "default deployment 'missing'" in error.message


def test_a_batch_deployment_needs_its_cluster(cloud: Served, assets: Path) -> None:
    error = refused(lambda: batch(cloud, "batch-two", "first", assets, "no-cluster"))
    assert "Unknown compute target 'no-cluster'" in error.message


def test_computes_of_terraform_and_of_programs_are_the_same(cloud: Served) -> None:
    from azure.ai.ml.entities import AmlCompute

    ml = cloud.ml()
    made = ml.compute.begin_create_or_update(AmlCompute(name="made-here", size=SIZE, max_instances=3)).result()
    assert made.max_instances == 3
    assert {found.name for found in ml.compute.list()} >= {"cpu-cluster", "made-here"}
    assert ml.compute.get("cpu-cluster").max_instances == 2
    ml.compute.begin_delete("made-here").result()
    assert refused(lambda: ml.compute.get("made-here")).status_code == 404


def test_a_schedule_is_kept_and_switched_off(cloud: Served, assets: Path) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.dsl import pipeline
    from azure.ai.ml.entities import CronTrigger, JobSchedule

    step = command(command="python score.py", code=str(assets), environment="azureml:served-env:1")

    @pipeline
    def nightly() -> None:
        step()

    job = nightly()
    assert job.settings is not None
    job.settings.default_compute = "cpu-cluster"

    ml = cloud.ml()
    schedule = JobSchedule(name="nightly", trigger=CronTrigger(expression="0 3 * * *"), create_job=job)
    ml.schedules.begin_create_or_update(schedule).result()
    assert "nightly" in [found.name for found in ml.schedules.list()]
    assert ml.schedules.begin_disable("nightly").result().is_enabled is False
    assert "nightly" not in [found.name for found in ml.schedules.list()]
    fired = cloud.home.services.fire("nightly")
    assert (fired["schedule"], fired["workspace"]) == ("nightly", "workspace")
    assert ml.jobs.get(fired["job"]).type == "pipeline"
    assert ml.jobs.get(ml.schedules.trigger("nightly").job_name).properties["azureml.scheduleId"] == "nightly"
    with pytest.raises(ServiceError, match="no schedule 'weekly'"):
        cloud.home.services.fire("weekly")


def test_a_job_on_a_cluster_that_does_not_exist_is_refused(cloud: Served, assets: Path) -> None:
    from azure.ai.ml import command

    job = command(command="true", code=str(assets), environment="azureml:served-env:1", compute="no-cluster")
    assert refused(lambda: cloud.ml().jobs.create_or_update(job)).status_code == 404
