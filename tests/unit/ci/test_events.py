"""An event of Azure starts something only for this project's own jobs, models and data, and where it comes from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ezazml.ci.events import DATA_CHANGED, Wish, read_event, wish_of
from ezazml.cli.ci import ci
from ezazml.config.loading import load_environment
from ezazml.config.promotion import read_promotion
from ezazml.errors import InputError
from tests.workflow_files import ROOT, outputs_in

SUBSCRIPTION = "12345678-1234-1234-1234-123456789012"
MAIN = "refs/heads/main"
TAGS = {"git.commit": "abc", "git.branch": "main"}


@pytest.fixture
def root(project: Path) -> Path:
    shutil.copytree(ROOT / "examples", project / "examples")
    return project


def workspace(root: Path, name: str = "dev") -> str:
    names = load_environment(name, root=root, environ={"ARM_SUBSCRIPTION_ID": SUBSCRIPTION}).names
    group = f"/subscriptions/{SUBSCRIPTION.upper()}/resourceGroups/{names.resource_group}"
    return f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{names.workspace}"


def account(root: Path) -> str:
    names = load_environment("dev", root=root, environ={}).names
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{names.resource_group}"
    return f"{group}/providers/Microsoft.Storage/storageAccounts/{names.storage_account}"


def dispatched(root: Path, kind: str, source: str, data: dict[str, Any], *, subject: str = "") -> Path:
    """The file that GitHub writes for a workflow."""
    payload = {"topic": source, "subject": subject, "eventType": kind, "eventTime": "now", "id": "1", "data": data}
    path = root / "event.json"
    path.write_text(json.dumps({"action": "a", "branch": "main", "client_payload": payload}))
    return path


def completed(root: Path, *, source: str = "", **data: Any) -> Path:
    told = {"experimentName": "passengers", "runId": "quiet_sun_1", "runTags": TAGS, **data}
    return dispatched(root, "Microsoft.MachineLearningServices.RunCompleted", source or workspace(root), told)


def registered(root: Path, **data: Any) -> Path:
    told = {"ModelName": "passengers", "ModelVersion": 20, "ModelTags": {}, **data}
    return dispatched(root, "Microsoft.MachineLearningServices.ModelRegistered", workspace(root), told)


def blob(root: Path, container: str, kind: str = "Microsoft.Storage.BlobCreated") -> Path:
    subject = f"/blobServices/default/containers/{container}/blobs/new/a file.csv"
    return dispatched(root, kind, account(root), {"api": "PutBlob"}, subject=subject)


def wish(root: Path, file: Path, ref: str = MAIN) -> Wish:
    return wish_of(read_event(file), root=root, table=read_promotion(root), ref=ref, environ={})


def test_a_training_that_completed_is_deployed_where_it_ran(root: Path) -> None:
    assert wish(root, completed(root)) == Wish("dev", job="quiet_sun_1")


def test_a_registered_model_is_deployed_where_it_is(root: Path) -> None:
    assert wish(root, registered(root)) == Wish("dev", model="passengers:20")


def test_new_data_is_trained_with(root: Path) -> None:
    assert wish(root, blob(root, "data")) == Wish("dev")
    assert "storage-blobcreated" in DATA_CHANGED


def test_cloud_events_are_read_too(root: Path) -> None:
    path = completed(root)
    told = json.loads(path.read_text())
    payload = told["client_payload"]
    payload["source"], payload["type"] = payload.pop("topic"), payload.pop("eventType")
    path.write_text(json.dumps(told))
    assert wish(root, path) == Wish("dev", job="quiet_sun_1")


def test_names_that_are_made_of_the_subscription_are_known(root: Path) -> None:
    file = root / "environments" / "dev.yaml"
    file.write_text(file.read_text().replace("unique_suffix: false", "unique_suffix: true"))
    assert wish(root, completed(root)).environment == "dev"


def test_the_same_names_in_another_subscription_are_others(root: Path) -> None:
    source = workspace(root)
    file = root / "environments" / "dev.yaml"
    file.write_text(f"subscription_id: {SUBSCRIPTION[:-1]}3\n{file.read_text()}")
    assert "belongs to no environment" in wish(root, completed(root, source=source)).reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"experimentName": "playing"}, "The job is of experiment 'playing'"),
        ({"experimentName": None}, "The job is of experiment None"),
        ({"runTags": {**TAGS, "git.commit": "abc-dirty"}}, "changes that are in no commit"),
        ({"runTags": {**TAGS, "git.branch": "feature/x"}}, "the code of 'feature/x'; dev gets that of 'main'"),
    ],
)
def test_other_jobs_are_nobodys_wish(root: Path, data: dict[str, Any], reason: str) -> None:
    found = wish(root, completed(root, **data))
    assert (found.environment, found.job) == ("", "")
    assert reason in found.reason


def test_jobs_of_workflows_have_no_branch_or_no_tags(root: Path) -> None:
    for told in ({"git.commit": "abc", "git.branch": "HEAD"}, {}, None, "text"):
        assert wish(root, completed(root, runTags=told)).environment == "dev"


def test_other_models_are_nobodys_wish(root: Path) -> None:
    assert "this project's is 'passengers'" in wish(root, registered(root, ModelName="$(id)")).reason


@pytest.mark.parametrize("container", ["azureml-blobstore-1234", "azureml", "insights-logs-blobs", "data2"])
def test_what_jobs_write_starts_no_training(root: Path, container: str) -> None:
    found = wish(root, blob(root, container))
    assert found.environment == ""
    assert "is in none of the project's containers data" in found.reason


def test_other_kinds_of_events_start_nothing(root: Path) -> None:
    assert (
        "Nothing is done for storage-blobtierchanged"
        in wish(root, blob(root, "data", "Microsoft.Storage.BlobTierChanged")).reason
    )
    deployed = dispatched(root, "Microsoft.MachineLearningServices.ModelDeployed", workspace(root), {})
    assert "Nothing is done for machinelearningservices-modeldeployed" in wish(root, deployed).reason


@pytest.mark.parametrize(
    ("name", "ref", "reason"),
    [
        ("uat", MAIN, "what deploys uat is: a push to release; this runs on refs/heads/main"),
        ("preprod", MAIN, "what deploys preprod is: by hand;"),
        ("prd", MAIN, "what deploys prd is: a tag X.Y.Z on release;"),
        ("dev", "refs/heads/release", "what deploys dev is: a push to main; this runs on refs/heads/release"),
    ],
)
def test_only_the_environments_own_branch_counts(root: Path, name: str, ref: str, reason: str) -> None:
    found = wish(root, completed(root, source=workspace(root, name)), ref)
    assert found.environment == ""
    assert reason in found.reason


@pytest.mark.parametrize("job", ['"; rm -rf / #', "$(id)", "a\nenvironment=prd", "-h", "", "x" * 300])
def test_a_name_that_azure_cannot_have_given_is_refused(root: Path, job: str) -> None:
    with pytest.raises(InputError, match="no name of Azure ML"):
        wish(root, completed(root, runId=job))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"client_payload": null}', '{"client_payload": {"eventType": "a", "topic": 3, "data": {}}}'],
)
def test_another_file_is_no_event(tmp_path: Path, text: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"is no repository_dispatch"):
        read_event(path)


def test_an_event_from_elsewhere_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match="no workspace and no storage account"):
        read_event(completed(root, source=f"{workspace(root)}/../../x"))


def test_the_step_gives_outputs_and_says_why_nothing_is_done(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    output, summary = root / "output", root / "summary"
    environ = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    for experiment, expected in (("passengers", "dev"), ("<b>`$(id)`</b>", "")):
        output.write_text("")
        file = completed(root, experimentName=experiment)
        answer = CliRunner().invoke(ci, ["event", "--ref", MAIN], env={**environ, "GITHUB_EVENT_PATH": str(file)})
        assert answer.exit_code == 0, answer.output
        assert outputs_in(output.read_text())["environment"] == expected
    assert "&lt;b&gt;" in summary.read_text()
    assert "<b>" not in summary.read_text()
