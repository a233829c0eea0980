"""Online deployments that really answer, with the unmodified azure-ai-ml: scores, keys, traffic, failures, logs."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.compute.runtime import folder as runtime_folder
from sandbox.compute.runtime import python_of
from tests.sandbox.conftest import Served, made_once
from tests.sandbox.test_sdk_assets import refused

pytestmark = [pytest.mark.runtime, pytest.mark.usefixtures("cloud")]

SCORE = """
import json, os, pathlib
def init():
    global model
    folder = pathlib.Path(os.environ["AZUREML_MODEL_DIR"])
    model = json.loads((folder / "weights" / "model.json").read_text())
    print("loaded", model, os.environ.get("NAME"), os.environ["AZURE_CLIENT_SECRET"], flush=True)
def run(text):
    data = json.loads(text)["data"]
    return {"by": os.environ.get("NAME"), "result": [model["factor"] * value for value in data]}
"""
FAILING = "def init():\n    raise ValueError('no weights for the model')\ndef run(data): ...\n"
TRAIN = """
import sys, mlflow.sklearn, pandas
from sklearn.linear_model import LinearRegression
rows = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})
model = LinearRegression().fit(rows, [2.0, 5.0, 6.0])
signature = mlflow.models.infer_signature(rows, model.predict(rows))
mlflow.sklearn.save_model(model, sys.argv[1], signature=signature, pip_requirements=["scikit-learn", "pandas"])
print(",".join(str(value) for value in model.predict(rows)))
"""


@made_once
def scoring(running: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, an environment and an endpoint with keys; returns the folder with scoring scripts."""
    from azure.ai.ml.entities import Environment, ManagedOnlineEndpoint, Model

    folder = tmp_path_factory.mktemp("score code")
    (folder / "score.py").write_text(SCORE)
    (folder / "fails.py").write_text(FAILING)
    weights = folder / "weights"
    weights.mkdir()
    (weights / "model.json").write_text('{"factor": 3}')
    running.ml().models.create_or_update(Model(name="factor", version="1", path=str(weights)))
    running.ml().environments.create_or_update(
        Environment(name="score-env", version="1", image="mcr.microsoft.com/a:1")
    )
    running.ml().online_endpoints.begin_create_or_update(
        ManagedOnlineEndpoint(name="answers", auth_mode="key")
    ).result()
    return folder


def deploy(cloud: Served, name: str, folder: Path, script: str = "score.py", **values: Any) -> Any:
    from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment

    arguments = {
        "model": "azureml:factor:1",
        "environment": "azureml:score-env:1",
        "code_configuration": CodeConfiguration(code=str(folder), scoring_script=script),
        "environment_variables": {"NAME": name},
        "instance_type": "Standard_DS3_v2",
        "instance_count": 1,
        **values,
    }
    deployment = ManagedOnlineDeployment(name=name, endpoint_name="answers", **arguments)
    return cloud.ml().online_deployments.begin_create_or_update(deployment).result()


def traffic(cloud: Served, shares: dict[str, int]) -> None:
    endpoint = cloud.ml().online_endpoints.get("answers")
    endpoint.traffic = shares
    cloud.ml().online_endpoints.begin_create_or_update(endpoint).result()


@made_once
def ask(running: Served, scoring: Path) -> Callable[..., requests.Response]:
    """Two deployments, nine requests of ten to the first; returns what asks the endpoint."""
    deploy(running, "blue", scoring)
    deploy(running, "green", scoring)
    traffic(running, {"blue": 90, "green": 10})
    endpoint = running.ml().online_endpoints.get("answers")
    key = running.ml().online_endpoints.get_keys("answers").primary_key
    session = requests.Session()

    def send(body: str = '{"data": [1, 2]}', *, token: str = key, **headers: str) -> requests.Response:
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
        return session.post(endpoint.scoring_uri, data=body, headers=sent, timeout=60)

    return send


def test_a_deployment_answers_with_its_model(
    cloud: Served, ask: Callable[..., requests.Response], tmp_path: Path
) -> None:
    file = tmp_path / "request.json"
    file.write_text('{"data": [1, 2]}')
    answer = cloud.ml().online_endpoints.invoke("answers", request_file=str(file), deployment_name="green")
    assert json.loads(answer) == {"by": "green", "result": [3, 6]}
    assert ask().json()["result"] == [3, 6]
    swagger = requests.get(
        cloud.ml().online_endpoints.get("answers").openapi_uri,
        headers={"Authorization": f"Bearer {cloud.ml().online_endpoints.get_keys('answers').primary_key}"},
        timeout=60,
    )
    assert swagger.status_code in (200, 404)  # the server has one where the script describes its input


def test_traffic_is_split_by_its_shares(ask: Callable[..., requests.Response]) -> None:
    counted = Counter(ask().headers["azureml-model-deployment"] for _ in range(300))
    assert set(counted) == {"blue", "green"}
    assert 9 <= counted["green"] <= 61  # 10 %; beyond this once in a million runs; the e2e tests count a thousand


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        ({"token": "wrong"}, 401, "not one of the endpoint's keys"),
        ({"azureml-model-deployment": "red"}, 404, "no deployment 'red'"),
        ({"body": '{"rows": 1}'}, 424, ""),
        ({"body": "{"}, 424, ""),
    ],
)
def test_a_wrong_request_gets_azures_status(
    ask: Callable[..., requests.Response], arguments: dict[str, str], status: int, text: str
) -> None:
    answer = ask(**arguments)
    assert answer.status_code == status
    assert text in answer.text
    assert answer.headers.get("ms-azureml-model-error-statuscode") == ("500" if status == 424 else None)


def test_logs_are_read_back_without_secrets(cloud: Served, ask: Callable[..., requests.Response]) -> None:
    ask(**{"azureml-model-deployment": "blue"})
    log = cloud.ml().online_deployments.get_logs("blue", "answers", lines=5000)
    assert "loaded {'factor': 3} blue *****" in log
    assert cloud.home.credentials.client_secret not in log


def test_a_deployment_whose_init_raises_fails_with_its_error(cloud: Served, scoring: Path) -> None:
    error = refused(lambda: deploy(cloud, "broken", scoring, "fails.py"))
    assert "ValueError: no weights for the model" in error.message
    assert cloud.ml().online_deployments.get("broken", "answers").provisioning_state == "Failed"
    assert "no weights for the model" in cloud.ml().online_deployments.get_logs("broken", "answers", lines=100)


def test_while_an_update_fails_the_former_version_answers(
    cloud: Served, ask: Callable[..., requests.Response], scoring: Path, tmp_path: Path
) -> None:
    deploy(cloud, "renewed", scoring)
    (tmp_path / "score.py").write_text(FAILING)
    refused(lambda: deploy(cloud, "renewed", tmp_path))
    answer = ask(**{"azureml-model-deployment": "renewed"})
    assert (answer.status_code, answer.json()["result"]) == (200, [3, 6])
    (tmp_path / "score.py").write_text(SCORE.replace('model["factor"]', '-model["factor"]'))
    deploy(cloud, "renewed", tmp_path)
    assert ask(**{"azureml-model-deployment": "renewed"}).json()["result"] == [-3, -6]


def test_one_that_never_worked_says_so_at_once(
    cloud: Served, scoring: Path, ask: Callable[..., requests.Response]
) -> None:
    refused(lambda: deploy(cloud, "never", scoring, "fails.py"))
    answer = ask(**{"azureml-model-deployment": "never"})
    assert answer.status_code == 502
    assert "its deployment failed" in answer.text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"instance_type": "Standard_NC24ads_A100_v4"}, "deployments on GPUs (Standard_NC24ads_A100_v4)"),
        ({"code_configuration": None}, "its model is a custom_model, so its image would have to answer"),
        ({"code_configuration": None, "model": None}, "it names no model of this workspace"),
    ],
)
def test_what_one_machine_cannot_serve_is_refused(
    cloud: Served, scoring: Path, values: dict[str, Any], text: str
) -> None:
    assert text in refused(lambda: deploy(cloud, "impossible", scoring, **values)).message
    assert refused(lambda: cloud.ml().online_deployments.get("impossible", "answers")).status_code == 404


def test_several_instances_are_one_server_and_the_log_says_so(cloud: Served, scoring: Path) -> None:
    deploy(cloud, "several", scoring, instance_count=3)
    log = cloud.ml().online_deployments.get_logs("several", "answers", lines=5000)
    assert "3 instances are asked for: on this machine one server answers for them." in log


def test_a_new_key_counts_at_once(cloud: Served, ask: Callable[..., requests.Response]) -> None:
    cloud.ml().online_endpoints.begin_regenerate_keys("answers", key_type="secondary").result()
    keys = cloud.ml().online_endpoints.get_keys("answers")
    assert ask(token=keys.secondary_key).status_code == 200


def test_a_deleted_deployment_answers_no_more(
    cloud: Served, ask: Callable[..., requests.Response], scoring: Path
) -> None:
    deploy(cloud, "leaving", scoring)
    assert ask(**{"azureml-model-deployment": "leaving"}).status_code == 200
    cloud.ml().online_deployments.begin_delete("leaving", "answers").result()
    assert ask(**{"azureml-model-deployment": "leaving"}).status_code == 404
    assert ask().headers["azureml-model-deployment"] in ("blue", "green")


def test_a_model_of_mlflow_needs_no_script(cloud: Served, scoring: Path, tmp_path: Path) -> None:
    from azure.ai.ml.entities import ManagedOnlineDeployment, ManagedOnlineEndpoint, Model

    path = tmp_path / "linear"
    program = [str(python_of(runtime_folder())), "-c", TRAIN, str(path)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    predicted = [float(value) for value in done.stdout.split(",")]
    cloud.ml().models.create_or_update(Model(name="linear", version="1", path=str(path), type="mlflow_model"))
    ml = cloud.ml()
    ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="mlflow-answers", auth_mode="key")).result()
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="mlflow-answers",
        model="azureml:linear:1",
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )
    ml.online_deployments.begin_create_or_update(deployment).result()
    file = tmp_path / "request.json"
    rows = [[1, 0], [2, 1], [3, 0]]
    file.write_text(json.dumps({"input_data": {"columns": ["a", "b"], "index": [0, 1, 2], "data": rows}}))
    answer = ml.online_endpoints.invoke("mlflow-answers", request_file=str(file), deployment_name="blue")
    assert json.loads(answer) == pytest.approx(predicted)
