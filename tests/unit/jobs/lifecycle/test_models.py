"""Versions, stages and what a registration refuses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ezazml.errors import InputError
from jobs.lifecycle.models import Registration, Stage, champion_of, find, promote, register
from tests.unit.jobs.assets.conftest import Project


class Models:
    """A workspace's models in memory."""

    def __init__(self, **versions: dict[str, str]) -> None:
        self.there = [self._made(version.removeprefix("v"), tags) for version, tags in versions.items()]

    @staticmethod
    def _made(version: str, tags: dict[str, str], **more: Any) -> Any:
        return SimpleNamespace(**{"name": "m", "version": version, "type": "custom_model", "path": "p",
                                  "description": None, "tags": dict(tags), **more})  # fmt: skip

    def list(self, name: str | None = None) -> list[Any]:
        return [one for one in self.there if name in {None, one.name}]

    def get(self, name: str, version: str) -> Any:
        return next(one for one in self.there if one.version == version)

    def create_or_update(self, model: Any) -> Any:
        if model not in self.there:
            model = self._made(model.version or str(len(self.there) + 1), model.tags, path=model.path, type=model.type)
            self.there.append(model)
        return model


def connection(models: Models, project: Project | None = None) -> Any:
    deployment = project.deployment() if project else SimpleNamespace(name="dev")
    return SimpleNamespace(ml=SimpleNamespace(models=models), deployment=deployment)


def stages(models: Models) -> dict[str, str]:
    return {one.version: one.tags.get("stage", "") for one in models.there}


def test_there_is_exactly_one_champion_after_a_promotion() -> None:
    models = Models(v1={"stage": "champion"}, v2={}, v3={"stage": "challenger"})
    at = connection(models)
    promote(at, find(at, "m:3"), Stage.CHAMPION)
    assert stages(models) == {"1": "", "2": "", "3": "champion"}


def test_promoting_the_champion_again_changes_nothing() -> None:
    at = connection(Models(v1={"stage": "champion"}))
    assert promote(at, find(at, "m"), Stage.CHAMPION) == []


def test_after_an_interrupted_promotion_the_later_one_is_the_champion() -> None:
    at = connection(Models(v1={"stage": "champion", "stage.since": "2026-01-01"},
                           v2={"stage": "champion", "stage.since": "2026-02-01"}))  # fmt: skip
    found = champion_of(at, "m")
    assert found is not None and found.version == "2"
    assert find(at, "m@champion").version == "2"


def test_the_latest_version_is_the_highest_number() -> None:
    assert find(connection(Models(v2={}, v10={}, v9={})), "azureml:m@latest").version == "10"


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("x", "no model 'x'. Registered: m"),
        ("m:7", "no model 'm:7'. Versions: 1"),
        ("m@champion", "no model 'm@champion'"),
        ("m@best", "no label 'best'"),
    ],
)
def test_what_is_not_registered_is_told_with_what_is(reference: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        find(connection(Models(v1={})), reference)
    assert said in str(raised.value)


def test_the_same_files_are_registered_once(project: Project) -> None:
    models = Models()
    at = connection(models, project)
    project.write("model/model.joblib", "bytes")
    first = register(at, Registration("m", path="model"))
    assert (first.is_new, register(at, Registration("m", path="model")).is_new) == (True, False)
    project.write("model/model.joblib", "other bytes")
    assert register(at, Registration("m", path="model")).version == "2"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Registration("m"), "from a job or from a path"),
        (Registration("m", path="a", job="b"), "from a job or from a path"),
        (Registration("m", path="nowhere"), "There is no model at nowhere"),
        (Registration("m", path="ml/train", type="mlflow_model"), "holds no file MLmodel"),
        (Registration("m", path="ml/train", version="1"), "Version 1 of model 'm' holds something else"),
    ],
)
def test_a_registration_that_cannot_be_is_wrong_input(project: Project, wanted: Registration, said: str) -> None:
    with pytest.raises(InputError, match=said):
        register(connection(Models(v1={}), project), wanted)


def test_an_mlflow_model_is_recognised(project: Project, tmp_path: Path) -> None:
    project.write("model/MLmodel", "flavors: {}\n")
    assert register(connection(Models(), project), Registration("m", path="model")).type == "mlflow_model"
