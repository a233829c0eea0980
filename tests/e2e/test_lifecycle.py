"""The life of a model, once, as a person would go through it: train, gate, register, deploy, score, monitor."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.home import SandboxHome
from tests.e2e.conftest import ROOT, Project

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, dict[str, Any]]]:
    """A deployed environment with its assets, and a job that trained the example's model."""
    folder = tmp_path_factory.mktemp("lifecycle")
    shutil.copy(ROOT / "cdktf.json", folder)
    shutil.copy(ROOT / "main.py", folder)
    for name in ("environments", "assets", "examples"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    at = Project(folder)
    at.ok("deploy", "sandbox", "--yes")
    at.ok("assets", "apply", "sandbox", "--yes")
    job = json.loads(at.ok("train", "sandbox", "--output", "json").out)
    yield at, job
    SandboxHome(folder / ".sandbox").services.stop()


def answer_of(at: Project, *arguments: str) -> Any:
    return json.loads(at.ok(*arguments, "--output", "json").out)


def test_a_model_is_trained_judged_registered_served_and_watched(chain: tuple[Project, dict[str, Any]]) -> None:
    at, job = chain
    assert 0.5 < job["metrics"]["roc_auc"] < 1
    gate = answer_of(at, "gate", "sandbox", "--job", job["name"])
    assert gate["verdict"] == "passed"
    assert Path(gate["report"]["markdown"]).read_text().startswith("# Gate of")
    model = answer_of(at, "model", "register", "sandbox", "--job", job["name"], "--stage", "champion")
    assert (model["version"], model["stage"], model["tags"]["ezazml.data"]) == ("1", "champion", "passengers-file:1")
    assert model["metrics"]["roc_auc"] == pytest.approx(job["metrics"]["roc_auc"], rel=1e-4)
    again = answer_of(at, "model", "register", "sandbox", "--job", job["name"])
    assert (again["version"], again["is_new"]) == ("1", False)

    deployed = answer_of(at, "endpoint", "deploy", "sandbox", "passengers")
    assert (deployed["parts"], deployed["traffic"]) == ({"endpoint": "created", "blue": "created"}, {"blue": 100})
    blue = answer_of(at, "endpoint", "invoke", "sandbox", "passengers", "--deployment", "blue")["answer"]
    green = answer_of(
        at, "endpoint", "deploy", "sandbox", "passengers", "--deployment", "green", "--traffic", "green=10"
    )
    assert green["traffic"] == {"blue": 90, "green": 10}
    # One serves the MLflow model without code, the other the joblib file with score.py: the same predictions.
    assert green["checked"]["green"] == blue
    back = answer_of(at, "endpoint", "rollback", "sandbox", "passengers")
    assert (back["traffic"], back["before"]) == ({"blue": 100}, {"blue": 90, "green": 10})

    applied = {row["name"]: row for row in answer_of(at, "monitor", "apply", "sandbox")}
    assert applied["passengers-monitor"]["result"] == "created"
    schedules = {row["name"]: row["is_enabled"] for row in answer_of(at, "schedule", "list", "sandbox")}
    assert schedules == {"passengers-monitor": True, "passengers-retrain": False}
    assert "/score" in at.ok("monitor", "logs", "sandbox", "--endpoint", "passengers", "--deployment", "blue").out

    rows = list(csv.reader((at.folder / "assets/data/passengers/passengers.csv").open()))
    with (at.folder / "many.csv").open("w", newline="") as file:
        csv.writer(file).writerows([rows[0], *(rows[1:] * 25)])
    answer_of(at, "batch", "deploy", "sandbox", "passengers-batch")
    done = answer_of(
        at, "batch", "run", "sandbox", "passengers-batch", "--input", "many.csv", "--output-dir", "predictions"
    )
    predictions = Path(at.folder, done["files"][0]).read_text().splitlines()
    assert len(predictions) == 10_000
    assert {line.split()[-1] for line in predictions} == {"0", "1"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("train", "sandbox", "--set", "inputs.nope=1"), 2, "has no input 'nope'"),
        (("train", "sandbox", "--set", "inputs.data=azureml:passengers-file:9"), 2, "no version 9 of the data asset"),
        (("train", "sandbox", "--set", "inputs.regularisation=-1"), 1, "InvalidParameterError"),
        (("jobs", "show", "sandbox", "none"), 2, "There is no job 'none'"),
        (("endpoint", "invoke", "sandbox", "none", "--request", "cdktf.json"), 2, "no online endpoint 'none'"),
        (("endpoint", "deploy", "sandbox", "none"), 2, "declares no online endpoint 'none'"),
        (("batch", "run", "sandbox", "none", "--input", "azureml:none@latest"), 2, "no batch endpoint 'none'"),
        (("model", "show", "sandbox", "none"), 2, "There is no model 'none'"),
        (("schedule", "enable", "sandbox", "passengers-retrain"), 2, "Retraining is off"),
    ],
)
def test_what_is_wrong_is_told_in_one_message(
    chain: tuple[Project, dict[str, Any]], arguments: tuple[str, ...], code: int, said: str
) -> None:
    at, _job = chain
    answer = at.ezazml(*arguments)
    assert answer.code == code, answer.text
    assert said in answer.err
    # The log of a job that failed may hold its own.
    assert "ezazml/cli/main.py" not in answer.text


def test_keys_are_shown_only_when_asked_for(chain: tuple[Project, dict[str, Any]]) -> None:
    at, job = chain
    at.ok("model", "register", "sandbox", "--job", job["name"])  # another process may have run the first test
    at.ok("model", "register", "sandbox", "--path", "examples/passengers/score", "--name", "plain")
    at.ok("endpoint", "deploy", "sandbox", "passengers")
    shown = answer_of(at, "endpoint", "keys", "sandbox", "passengers", "--show")
    assert len(shown["primary_key"]) > 20
    hidden = at.ok("endpoint", "keys", "sandbox", "passengers").text
    everything = at.ok("endpoint", "logs", "sandbox", "passengers").text + hidden
    assert shown["primary_key"] not in everything
