"""What one machine without a GPU and without images cannot do is refused for every step, with the way out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.azureml_api.job_checks import check_job
from sandbox.vm_sizes import LISTED, has_accelerator
from sandbox.web import Refusal

WORKSPACE = {"id": "/w", "name": "workspace"}
STEP = {"type": "command", "componentId": "azureml:step:1", "computeId": "/w/computes/cpu"}
OBJECTS: dict[str, dict[str, Any]] = {
    "computes/cpu": {"properties": {"vmSize": "Standard_DS3_v2"}},
    "computes/gpu": {"properties": {"vmSize": "Standard_NC4as_T4_v3"}},
    "environments/plain/versions/1": {"image": "python:3.11"},
    "environments/built/versions/1": {"build": {"contextUri": "azureml://somewhere"}},
    "environments/CliV2AnonymousEnvironment/versions/1": {"build": {"contextUri": "azureml://somewhere"}},
    "components/step/versions/1": {"componentSpec": {"command": "true", "environment": "azureml:plain:1"}},
    "components/built/versions/1": {"componentSpec": {"command": "true", "environment": "azureml:built:1"}},
    "components/many/versions/1": {"componentSpec": {"command": "true", "distribution": {"type": "mpi"}}},
}


def check(properties: dict[str, Any]) -> None:
    objects = {f"/w/{name}": {"id": f"/w/{name}", "properties": value} for name, value in OBJECTS.items()}
    store: Any = SimpleNamespace(get=objects.get)
    check_job(store, WORKSPACE, "job", properties)


def pipeline(**step: Any) -> dict[str, Any]:
    return {"jobType": "Pipeline", "jobs": {"one": {**STEP, **step}}}


def test_what_it_can_do_is_not_refused() -> None:
    check(pipeline(resources={"instance_count": 1}))
    check({"jobType": "Command", "command": "true", "environmentId": "azureml:plain:1", "computeId": "/w/computes/cpu"})


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"distribution": {"type": "pytorch"}}, "distributed steps ('one') (pytorch) on one machine"),
        ({"componentId": "azureml:many:1"}, "distributed steps ('one') (mpi) on one machine"),
        ({"resources": {"instance_count": 2}}, "steps ('one') on 2 nodes"),
        ({"resources": {"instance_type": "Standard_ND40rs_v2"}}, "steps ('one') on GPUs (Standard_ND40rs_v2)"),
        ({"computeId": "/w/computes/gpu"}, "the compute 'gpu' has Standard_NC4as_T4_v3"),
        ({"componentId": "azureml:built:1"}, "environments that a Dockerfile builds ('built')"),
        ({"environment": "azureml:built:1"}, "environments that a Dockerfile builds ('built')"),
        ({"type": "spark"}, "steps of type spark ('one')"),
    ],
)
def test_a_step_that_needs_more_is_refused_by_its_name(step: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal) as raised:
        check(pipeline(**step))
    assert said in raised.value.message
    assert raised.value.message.startswith("The sandbox does not run ")


def test_the_default_compute_of_a_pipeline_counts_for_its_steps() -> None:
    properties = pipeline(computeId=None) | {"settings": {"default_compute": "/w/computes/gpu"}}
    with pytest.raises(Refusal, match="the compute 'gpu'"):
        check(properties)


def test_an_environment_without_a_name_is_told_without_azure_ai_mls_own() -> None:
    job = {"jobType": "Command", "command": "true", "environmentId": "azureml:CliV2AnonymousEnvironment:1"}
    with pytest.raises(Refusal, match="Dockerfile builds: it builds no images"):
        check(job)


@pytest.mark.parametrize("kind", ["AutoML", "Spark", "FineTuning"])
def test_jobs_of_other_kinds_are_refused(kind: str) -> None:
    with pytest.raises(Refusal, match=f"jobs of type {kind}: it runs Command, Pipeline, Sweep"):
        check({"jobType": kind})


def test_sizes_of_the_n_family_have_gpus_and_no_others() -> None:
    assert {size for size in LISTED if has_accelerator(size)} == {size for size in LISTED if "_N" in size}
    assert has_accelerator("standard_nd96asr_v4")
    assert not has_accelerator("Standard_E4s_v3")
