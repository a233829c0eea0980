"""What a batch deploy makes, what it says when a part of it is refused, and which inputs a run takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from ezazml.errors import EzazmlError, InputError
from jobs.lifecycle.batch import deploy, run
from tests.unit.jobs.assets.conftest import SCHEMAS, Project

ENVIRONMENT = "lifecycle: {folder: ml}\ncompute: {clusters: [{name: cpu-cluster}]}\nprefix: contoso\n"


class Things:
    """Batch endpoints or deployments, in memory."""

    def __init__(self) -> None:
        self.there: dict[str, Any] = {}
        self.refusal: str | None = None

    def get(self, name: str, endpoint_name: str = "") -> Any:
        del endpoint_name
        if name not in self.there:
            raise ResourceNotFoundError("not there")
        return self.there[name]

    def list(self, endpoint_name: str) -> list[Any]:
        assert endpoint_name == "scores"
        return list(self.there.values())

    def begin_create_or_update(self, entity: Any) -> Any:
        if self.refusal:
            raise HttpResponseError(self.refusal)
        self.there[entity.name] = entity
        return SimpleNamespace(result=lambda: entity)


class Models:
    """One registered model: m, version 1."""

    def list(self, _name: str | None = None) -> list[Any]:
        return [SimpleNamespace(name="m", version="1", type="mlflow_model", description="", path="", tags={})]


class Azure:
    """A workspace and a project that declares a batch endpoint with one deployment."""

    def __init__(self, project: Project) -> None:
        project.write("environments/dev.yaml", ENVIRONMENT)
        self.endpoints, self.deployments = Things(), Things()
        ml = SimpleNamespace(batch_endpoints=self.endpoints, batch_deployments=self.deployments, models=Models())
        deployment = project.deployment()
        outputs = {"compute_cluster_names": ["contoso-dev-cpu-cluster-w01"]}
        deployment = type(deployment)(deployment.environment, outputs, "sub", None, "rg", "ws")
        self.connection: Any = SimpleNamespace(ml=ml, deployment=deployment)
        project.write("ml/scores.yml", f"$schema: {SCHEMAS}/batchEndpoint.schema.json\nname: scores\n")
        self.project = project
        self.declare("cpu-cluster")

    def declare(self, compute: str | None) -> None:
        lines = ["name: only", "endpoint_name: scores", "type: model", "model: azureml:m:1"]
        lines += [f"compute: azureml:{compute}"] if compute else []
        schema = f"$schema: {SCHEMAS}/modelBatchDeployment.schema.json"
        self.project.write("ml/only.yml", "\n".join([schema, *lines, ""]))


@pytest.mark.parametrize("compute", ["cpu-cluster", "contoso-dev-cpu-cluster-w01", None])
def test_a_deployment_runs_on_the_cluster_that_the_environments_file_names(
    project: Project, compute: str | None
) -> None:
    azure = Azure(project)
    azure.declare(compute)
    done = deploy(azure.connection, "scores")
    assert (done.parts, done.default) == ({"endpoint": "created", "only": "created"}, "only")
    assert str(azure.deployments.there["only"].compute).endswith("contoso-dev-cpu-cluster-w01")
    assert deploy(azure.connection, "scores").is_unchanged


def test_a_refused_deployment_leaves_an_endpoint_without_a_default_and_says_so(project: Project) -> None:
    azure = Azure(project)
    azure.deployments.refusal = "Unknown compute target"
    with pytest.raises(EzazmlError) as raised:
        deploy(azure.connection, "scores")
    assert "Unknown compute target" in str(raised.value)
    assert "Deployment only was not created. Before it, endpoint was created." in str(raised.value)
    assert not (azure.endpoints.there["scores"].defaults or {})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("azureml:many@oldest", "data assets are written azureml:name:version"),
        ("azureml:", "data assets are written azureml:name:version"),
        ("nowhere.csv", "there is no such file or folder"),
    ],
)
def test_an_input_that_is_none_is_refused_before_anything_is_started(project: Project, source: str, said: str) -> None:
    azure = Azure(project)
    deploy(azure.connection, "scores")
    with pytest.raises(InputError, match=said):
        run(azure.connection, "scores", source)


def test_a_run_needs_its_endpoint_and_its_deployment(project: Project) -> None:
    azure = Azure(project)
    with pytest.raises(InputError, match="no batch endpoint 'scores'"):
        run(azure.connection, "scores", "azureml:many@latest")
    deploy(azure.connection, "scores")
    with pytest.raises(InputError, match="no deployment 'other'"):
        run(azure.connection, "scores", "azureml:many@latest", deployment="other")
