"""Job files name computes as the environment's file does, whatever they are called in Azure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ezazml.config.environment import Environment
from ezazml.config.loading import load_environment
from jobs.computes import full_names, with_full_names

FILE = """
prefix: contoso
compute:
  instances: [{name: desk}]
  clusters: [{name: cpu-cluster, count: 2}, {name: spot}, {name: none-yet, count: 0}]
"""


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.yaml").write_text(FILE)
    return load_environment("dev", root=tmp_path, environ={})


def test_every_declared_compute_has_its_name_in_azure(environment: Environment) -> None:
    assert full_names(environment) == {
        "desk": "contoso-dev-desk-w01",
        "cpu-cluster": "contoso-dev-cpu-cluster-w01",
        "spot": "contoso-dev-spot-w01",
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"compute": "azureml:cpu-cluster"}, {"compute": "azureml:contoso-dev-cpu-cluster-w01"}),
        ({"compute": "spot"}, {"compute": "azureml:contoso-dev-spot-w01"}),
        (
            {"settings": {"default_compute": "azureml:spot"}, "jobs": {"a": {"compute": "azureml:cpu-cluster"}}},
            {
                "settings": {"default_compute": "azureml:contoso-dev-spot-w01"},
                "jobs": {"a": {"compute": "azureml:contoso-dev-cpu-cluster-w01"}},
            },
        ),
    ],
)
def test_a_declaration_means_the_environments_computes(
    environment: Environment, written: dict[str, Any], meant: dict[str, Any]
) -> None:
    before = repr(written)
    assert with_full_names(written, environment) == meant
    assert repr(written) == before


@pytest.mark.parametrize(
    "value",
    [
        {"compute": "azureml:contoso-dev-cpu-cluster-w02"},
        {"compute": "azureml:somebody-elses"},
        {"compute": "serverless"},
        {"compute": {"instance_type": "Standard_E4s_v3"}},
        {"inputs": {"name": "spot"}, "command": "spot"},
    ],
)
def test_everything_else_stays_as_it_is_written(environment: Environment, value: dict[str, Any]) -> None:
    assert with_full_names(value, environment) == value
