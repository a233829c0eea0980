"""What Terraform deployed, Azure's own SDKs find: the whole way, as a person goes it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import Project
from tests.sandbox.azure import azure, group, storage

pytestmark = pytest.mark.e2e

#: A program as a user writes it: it knows nothing of the sandbox.
PROGRAM = """
import os, sys
from azure.ai.ml import MLClient
from azure.ai.ml.entities import AzureBlobDatastore, Data
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient

credential = DefaultAzureCredential()
group, workspace, account = sys.argv[1:]
ml = MLClient(credential, os.environ["AZURE_SUBSCRIPTION_ID"], group, workspace, show_progress=False)
ml.datastores.create_or_update(AzureBlobDatastore(name="mine", account_name=account, container_name="data"))
blobs = BlobServiceClient(f"https://{account}.blob.core.windows.net", credential=credential)
blobs.get_container_client("data").upload_blob("rows.csv", b"a,b", overwrite=True)
path = "azureml://datastores/mine/paths/rows.csv"
made = ml.data.create_or_update(Data(name="rows", type="uri_file", path=path))
print(made.name, made.version, sorted(found.type for found in ml.compute.list()))
"""

#: What this product's own commands do.
COMMAND = """
from ezazml.cli.context import enter
from ezazml.operations.workspace import open_deployment
from jobs.connection import Connection

context = enter("sandbox", sdk=True)
context.activate()
deployment = open_deployment("sandbox", root=context.root, environ=context.environ, show=lambda line: None)
connection = Connection(deployment, environ=context.environ)
print(connection.ml.workspaces.get(deployment.workspace).name == deployment.workspace)
print("data" in [found.name for found in connection.blobs(deployment.storage_account).list_containers()])
"""


def outputs(at: Project) -> list[str]:
    """Resource group, workspace and storage account, as `ezazml show` tells them."""
    shown = json.loads(at.ok("show", "sandbox", "--output", "json").out)["outputs"]
    names = ("resource_group_name", "workspace_name", "storage_account_name")
    return [shown[name]["value"] if isinstance(shown[name], dict) else shown[name] for name in names]


def test_programs_and_commands_work_on_what_was_deployed(at: Project) -> None:
    at.ok("deploy", "sandbox", "--yes")
    program = at.folder / "program.py"
    program.write_text(PROGRAM)
    answer = at.ezazml("sandbox", "run", "--services", "--", "python", str(program), *outputs(at))
    assert answer.code == 0, answer.text
    assert answer.out.strip().splitlines()[-1] == "rows 1 ['amlcompute', 'amlcompute', 'computeinstance']"

    answer = at.run("python", "-c", COMMAND)
    assert answer.out.split() == ["True", "True"], answer.text

    status = json.loads(at.ok("sandbox", "status", "--output", "json").out)
    assert psutil.pid_exists(status["service"]["pid"])
    assert status["objects"]["Microsoft.MachineLearningServices/workspaces/data/versions"] == 1
    assert "Its service answers for Azure at http://127.0.0.1" in at.ok("sandbox", "status").out

    # What programs made does not disturb Terraform, and goes with the environment.
    assert "no changes" in at.ok("plan", "sandbox").out
    at.ok("destroy", "sandbox", "--confirm", "sandbox")
    answer = at.ezazml("sandbox", "run", "--services", "--", "python", str(program), "gone", "gone", "gone01")
    assert "Resource group 'gone' could not be found" in answer.err


def test_a_shell_set_for_the_sandbox_goes_on_after_the_service_ended(at: Project) -> None:
    code = "from azure.identity import DefaultAzureCredential as D; "
    code += "print(bool(D().get_token('https://management.azure.com/.default').token))"
    script = (
        f'eval "$(ezazml sandbox env)" && python -c "{code}" && ezazml sandbox down > /dev/null && '
        f'ezazml sandbox up --services > /dev/null && python -c "{code}"'
    )
    answer = at.run("bash", "-c", script)
    assert answer.out.split() == ["True", "True"], answer.text


def test_faults_are_ordered_shown_and_taken_back(at: Project) -> None:
    ordered = at.ok("sandbox", "faults", "--rate", "0.25", "--kinds", "429,drop", "--latency-ms", "150")
    text = "25% of calls (429, drop), 150 ms added to every call"
    assert text in ordered.out
    assert text in at.ok("sandbox", "status").out
    assert "No faults are ordered" in at.ok("sandbox", "faults", "--off").out
    assert json.loads(at.ok("sandbox", "status", "--output", "json").out)["faults"] is None


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "Say what to order"),
        (("--rate", "2"), "2.0 is not in the range"),
        (("--rate", "0.1", "--kinds", "flood"), "--kinds: 'flood' is not known"),
        (("--latency-ms", "-1"), "-1 is not in the range"),
    ],
)
def test_wrong_orders_are_refused(at: Project, arguments: tuple[str, ...], text: str) -> None:
    answer = at.ezazml("sandbox", "faults", *arguments)
    assert answer.code == 2
    assert text in answer.err


def test_without_azurite_it_says_what_to_do(at: Project) -> None:
    (at.folder / "node_modules").unlink()
    at.ok("sandbox", "up")
    at.variables["PATH"] = without_azurite(at.environ()["PATH"])
    code = "import requests; requests.put('https://account01.blob.core.windows.net/data/a', timeout=60)"
    with azure(at.home.root) as cloud:
        group(cloud)
        storage(cloud, name="account01")
    answer = at.ezazml("sandbox", "run", "--services", "--", "python", "-c", code)
    assert answer.code == 1
    assert "Azurite was found neither in" in answer.err
    assert "Run: make setup" in answer.err


def without_azurite(path: str) -> str:
    return os.pathsep.join(part for part in path.split(os.pathsep) if not (Path(part) / "azurite-blob").exists())
