"""The life of a model, once, as a person would go through it: train, gate, register, deploy, score, monitor."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.compute.runtime import folder as runtime_folder
from sandbox.compute.runtime import python_of
from sandbox.home import SandboxHome
from tests.e2e.conftest import ROOT, Project

pytestmark = [pytest.mark.e2e, pytest.mark.runtime]

#: Programs as a user writes them: they know nothing of the sandbox.
DOWNLOAD = """
import sys
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
subscription, group, workspace = sys.argv[1:]
MLClient(DefaultAzureCredential(), subscription, group, workspace).models.download("passengers", "1", "downloaded")
"""
PREDICT = """
import json, pathlib, mlflow.pyfunc, pandas
[folder] = pathlib.Path("downloaded").rglob("MLmodel")
sent = json.loads(pathlib.Path("everybody.json").read_text())["input_data"]
rows = pandas.DataFrame(sent["data"], columns=sent["columns"])
print(json.dumps(mlflow.pyfunc.load_model(str(folder.parent)).predict(rows).tolist()))
"""
COLLECTED = """
import json, sys, time
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient
account, *collections = sys.argv[1:]
service = BlobServiceClient(f"https://{account}.blob.core.windows.net", credential=DefaultAzureCredential())
[container] = [one.name for one in service.list_containers() if one.name.startswith("azureml-blobstore-")]
blobs = service.get_container_client(container)
def collected(name):
    names = blobs.list_blob_names(name_starts_with=f"modelDataCollector/passengers/blue/{name}/")
    lines = "".join(blobs.download_blob(name).readall().decode() for name in names).splitlines()
    return [json.loads(line)["data"] for line in lines]
while not all(map(collected, collections)):
    time.sleep(0.2)
print(json.dumps(list(map(collected, collections))))
"""
COUNT = """
import collections, json, sys, requests
address, number = sys.argv[1:]
session = requests.Session()
session.headers["Authorization"] = f"Bearer {sys.stdin.read()}"
request = json.load(open("examples/passengers/score/sample-request.json"))
counted = collections.Counter()
for _ in range(int(number)):
    answer = session.post(address, json=request, timeout=60)
    answer.raise_for_status()
    counted[answer.headers["azureml-model-deployment"]] += 1
print(json.dumps(counted))
"""


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


@pytest.fixture(scope="module")
def served(chain: tuple[Project, dict[str, Any]]) -> Project:
    """The champion behind the endpoint: blue answers everybody."""
    at, job = chain
    at.ok("model", "register", "sandbox", "--job", job["name"], "--stage", "champion")
    at.ok("endpoint", "deploy", "sandbox", "passengers")
    return at


def program(at: Project, text: str, *arguments: str, stdin: str = "") -> str:
    """What a program prints that runs beside the sandbox."""
    command = ("sandbox", "run", "--services", "--", sys.executable, "-c", text, *arguments)
    answer = at.ezazml(*command, stdin=stdin)
    assert answer.code == 0, answer.text
    return answer.out


def test_an_endpoint_predicts_what_its_model_predicts_in_process(served: Project) -> None:
    """Every passenger, also those whose age nobody knows."""
    rows = list(csv.DictReader((served.folder / "assets/data/passengers/passengers.csv").open()))
    numbers, texts = ("class", "age", "siblings", "fare"), ("sex", "port")
    data = [
        [*(float(row[name]) if row[name] else None for name in numbers), *(row[name] for name in texts)] for row in rows
    ]
    (served.folder / "everybody.json").write_text(
        json.dumps({"input_data": {"columns": [*numbers, *texts], "data": data}})
    )
    shown = answer_of(served, "show", "sandbox")["outputs"]
    program(served, DOWNLOAD, *(shown[name] for name in ("subscription_id", "resource_group_name", "workspace_name")))
    predict = [str(python_of(runtime_folder())), "-c", PREDICT]
    done = subprocess.run(predict, cwd=served.folder, capture_output=True, text=True, check=True)
    predicted = json.loads(done.stdout)
    assert (len(predicted), set(predicted)) == (400, {0, 1})
    answer = answer_of(served, "endpoint", "invoke", "sandbox", "passengers", "--request", "everybody.json")
    assert answer == {"endpoint": "passengers", "deployment": "blue", "answer": predicted}


def test_a_tenth_of_a_thousand_requests_goes_to_green_and_none_after_a_rollback(served: Project) -> None:
    deploy = ("endpoint", "deploy", "sandbox", "passengers")
    blue = answer_of(served, "endpoint", "invoke", "sandbox", "passengers", "--deployment", "blue")["answer"]
    made = answer_of(served, *deploy, "--deployment", "green", "--traffic", "green=10")
    assert made["traffic"] == {"blue": 90, "green": 10}
    # One serves the MLflow model without code, the other the joblib file with score.py: the same predictions.
    assert made["checked"]["green"] == blue
    address = answer_of(served, "endpoint", "status", "sandbox", "passengers")["scoring_uri"]
    key = answer_of(served, "endpoint", "keys", "sandbox", "passengers", "--show")["primary_key"]
    counted = json.loads(program(served, COUNT, address, "1000", stdin=key))
    assert counted["blue"] + counted["green"] == 1000
    # Binomial: beyond this once in two million runs.
    assert 55 <= counted["green"] <= 150
    # Updating one deployment moves nobody, although the endpoint's declaration says that blue has everything.
    green = served.folder / "examples/passengers/endpoints/passengers-green.yml"
    green.write_text(green.read_text() + "tags: {note: another}\n")
    updated = answer_of(served, *deploy, "--deployment", "green")
    assert (updated["parts"]["green"], updated["traffic"]) == ("updated", {"blue": 90, "green": 10})
    back = answer_of(served, *deploy, "--rollback")
    assert (back["traffic"], back["before"]) == ({"blue": 100}, {"blue": 90, "green": 10})
    assert json.loads(program(served, COUNT, address, "100", stdin=key)) == {"blue": 100}


def test_a_script_that_raises_in_init_gets_no_traffic_and_the_error_says_what_is_left(served: Project) -> None:
    folder = served.folder / "examples/passengers"
    (folder / "broken").mkdir()
    (folder / "broken/score.py").write_text("def init():\n    raise ValueError('no weights')\ndef run(data): ...\n")
    green = (folder / "endpoints/passengers-green.yml").read_text()
    red = green.replace("name: green", "name: red").replace("../score", "../broken")
    (folder / "endpoints/passengers-red.yml").write_text(red)
    answer = served.ezazml("endpoint", "deploy", "sandbox", "passengers", "--deployment", "red", "--traffic", "red=100")
    assert answer.code == 1
    assert "ValueError: no weights" in answer.err
    assert "Deployment red is there, as Failed. It gets no traffic. Nothing else was changed." in answer.err
    status = answer_of(served, "endpoint", "status", "sandbox", "passengers")
    assert {name: share for name, share in status["traffic"].items() if share} == {"blue": 100}
    assert {one["name"]: one["state"] for one in status["deployments"]}["red"] == "Failed"


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
        (("sandbox", "fire", "none"), 2, "There is no schedule 'none'"),
        (("monitor", "logs", "sandbox", "--job", "none"), 2, "There is no job 'none'"),
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


@pytest.mark.parametrize("request_", [{"rows": [1]}, {"input_data": {"columns": ["age"], "data": [[1.0]]}}])
def test_a_request_of_the_wrong_shape_is_told_by_the_model(served: Project, request_: Any) -> None:
    (served.folder / "wrong.json").write_text(json.dumps(request_))
    answer = served.ezazml("endpoint", "invoke", "sandbox", "passengers", "--request", "wrong.json")
    assert answer.code == 2, answer.text
    assert "refused the request (424, the model said 400)" in answer.err
    assert answer.err.splitlines()[-1].startswith("Error: Endpoint passengers refused the request")


def test_a_gate_that_refuses_ends_with_exit_code_1_and_leaves_its_report(chain: tuple[Project, dict[str, Any]]) -> None:
    at, job = chain
    (at.folder / "strict.yml").write_text("mode: enabled\nthresholds: {roc_auc: {min: 0.999}}\n")
    answer = at.ezazml("gate", "sandbox", "--file", "strict.yml", "--job", job["name"])
    assert answer.code == 1, answer.text
    assert "must be at least 0.999" in answer.err
    assert "refused" in (at.folder / f".ezazml/reports/gate-{job['name']}.md").read_text()


def test_keys_are_shown_only_when_asked_for(chain: tuple[Project, dict[str, Any]]) -> None:
    at, job = chain
    at.ok("model", "register", "sandbox", "--job", job["name"])  # another process may have run the first test
    at.ok("model", "register", "sandbox", "--path", "examples/passengers/score", "--name", "plain")
    at.ok("endpoint", "deploy", "sandbox", "passengers")
    shown = answer_of(at, "endpoint", "keys", "sandbox", "passengers", "--show")
    assert len(shown["primary_key"]) > 20
    printed = at.ok("endpoint", "keys", "sandbox", "passengers").text
    printed += at.ok("endpoint", "logs", "sandbox", "passengers").text
    printed += at.ezazml("--debug", "endpoint", "invoke", "sandbox", "passengers").text
    assert not any(key in printed for key in shown.values())
    at.home.services.stop()  # it writes files, and renames them
    # The sandbox's own store stands for Azure; nothing else on this machine may know them.
    kept = [file for file in at.folder.rglob("*") if file.is_file() and not file.name.startswith("store.db")]
    assert [file for file in kept if any(key.encode() in file.read_bytes() for key in shown.values())] == []


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_a_pipeline_is_followed_shown_registered_and_run_by_its_schedule(chain: tuple[Project, dict[str, Any]]) -> None:
    at, _job = chain
    git(at.folder, "init", "-q", "-b", "trunk")
    git(at.folder, "add", "examples")
    git(at.folder, "commit", "-qm", "example")
    file = "examples/passengers/jobs/pipeline.yml"
    made = answer_of(at, "train", "sandbox", file)
    assert made["status"] == "Completed"
    tags = made["tags"]
    assert (tags["git.commit"], tags["git.branch"]) == (git(at.folder, "rev-parse", "HEAD"), "trunk")
    assert tags["ezazml.data"] == "passengers-file:1"
    shown = answer_of(at, "jobs", "show", "sandbox", made["name"])
    assert {name: text.split()[0] for name, text in shown["steps"].items()} == dict.fromkeys(
        ("prepare", "train"), "Completed"
    )
    assert shown["inputs"] == {"data": "passengers-file:1", "regularisation": "1.0"}
    assert shown["metrics"] == made["metrics"]
    # The first step's output is the second's input; both logs are the pipeline's.
    log = at.ok("monitor", "logs", "sandbox", "--job", made["name"]).out
    assert log.index("400 of 400 rows kept") < log.index("roc_auc:")
    model = answer_of(at, "model", "register", "sandbox", "--job", made["name"], "--name", "from-pipeline")
    assert (model["version"], model["tags"]["ezazml.job"]) == ("1", made["name"])

    wrong = (at.folder / file).with_name("wrong.yml")
    wrong.write_text((at.folder / file).read_text().replace("outputs.prepared", "outputs.rows"))
    answer = at.ezazml("train", "sandbox", str(wrong))
    assert (answer.code, "the output 'rows' of step 'prepare', which it does not have" in answer.err) == (2, True)

    at.edit("workspace:\n", "lifecycle: {retraining: {enabled: true}}\n\nworkspace:\n")
    at.ok("schedule", "enable", "sandbox", "passengers-retrain")
    fired = json.loads(at.ok("sandbox", "fire", "passengers-retrain", "--output", "json").out)["job"]
    at.ok("jobs", "cancel", "sandbox", fired)  # at once, while it runs
    assert answer_of(at, "jobs", "list", "sandbox", "--limit", "1")[0]["name"] == fired
    answer = at.ezazml("jobs", "stream", "sandbox", fired)
    assert (answer.code, f"Job {fired} was cancelled." in answer.err) == (1, True)
    at.ok("schedule", "disable", "sandbox", "passengers-retrain")
    at.edit("lifecycle: {retraining: {enabled: true}}\n\n", "")


def test_what_the_endpoint_collects_and_tells_is_read_back(served: Project) -> None:
    at = served
    instance = "    - name: ci\n      size: Standard_DS3_v2\n"
    schedule = "{action: stop, cron: '0 19 * * 1-5', time_zone: W. Europe Standard Time}"
    at.edit(instance, f"{instance}      idle_minutes: 60\n      schedules: [{schedule}]\n")
    applied = {row["name"]: row["result"] for row in answer_of(at, "monitor", "apply", "sandbox")}
    [name] = [name for name in applied if "-ci-" in name]
    assert applied[name] == "updated"
    again = answer_of(at, "monitor", "apply", "sandbox")
    assert {row["result"] for row in again} == {"unchanged"}
    # Terraform neither sees nor undoes what it cannot set.
    assert "no changes" in at.ok("plan", "sandbox").out
    answer = answer_of(at, "endpoint", "invoke", "sandbox", "passengers", "--deployment", "blue")["answer"]
    account = answer_of(at, "show", "sandbox")["outputs"]["storage_account_name"]
    sent = json.loads((at.folder / "examples/passengers/score/sample-request.json").read_text())["input_data"]
    wanted = [dict(zip(sent["columns"], row, strict=True)) for row in sent["data"]]
    inputs, outputs = json.loads(program(at, COLLECTED, account, "model_inputs", "model_outputs"))
    assert wanted in inputs
    assert [{"output": value} for value in answer] in outputs

    query = ("monitor", "query", "sandbox")
    text = "AmlOnlineEndpointTrafficLog | where DeploymentName == 'blue' | summarize n = count() by ResponseCode"
    answered = {row["ResponseCode"]: row["n"] for row in answer_of(at, *query, text, "--log-analytics")}
    assert answered[200] >= 1  # other tests send requests that are refused
    while not answer_of(at, *query, "requests | where success | count")[0]["Count"]:
        pass  # the inference server sends every few seconds
    refused = at.ezazml(*query, "requests | where colour == 'red'")
    assert refused.code == 2
    assert "Azure Monitor refuses the query: 'where' operator: Failed to resolve" in refused.err
