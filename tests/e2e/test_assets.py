"""Declared assets in a workspace of the sandbox, through the unmodified SDK."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import sys
from collections import Counter
from pathlib import Path

import click
import pytest

from ezazml.errors import ConfigurationError
from jobs.assets.applying import Status
from jobs.assets.changes import Action
from sandbox.faults import Faults
from tests.e2e.assets_project import SCHEMAS, Declared
from tests.e2e.conftest import ROOT, Project

pytestmark = pytest.mark.e2e

REMOTE = "azureml://datastores/workspaceblobstore/paths/x.csv"


def everything(declared: Declared) -> None:
    """One asset of every kind, in files as `az ml` takes them."""
    declared.write(
        "assets/datastores/own.yml",
        f"""
        $schema: {SCHEMAS}/azureBlob.schema.json
        name: own
        type: azure_blob
        account_name: ${{storage_account_name}}
        container_name: ${{storage_container_names[0]}}
        """,
    )
    declared.data("file", datastore="azureml:own")
    declared.write("assets/data/table/MLTable", "type: mltable\npaths:\n- file: ./x.csv\n")
    declared.write("assets/data/table/x.csv", "a,b\n1,2\n")
    declared.data("table", type="mltable", path="table")
    declared.write("assets/environments/conda.yml", "name: own\ndependencies: [python=3.11]\n")
    declared.write(
        "assets/environments/own.yml",
        f"$schema: {SCHEMAS}/environment.schema.json\nname: own\nimage: python:3.11\nconda_file: conda.yml\n",
    )
    declared.write("assets/components/src/say.py", "print('hello')\n")
    declared.write(
        "assets/components/say.yml",
        f"""
        $schema: {SCHEMAS}/commandComponent.schema.json
        type: command
        name: say
        code: ./src
        environment: azureml:own@latest
        command: python say.py
        """,
    )
    declared.write("assets/models/model/weights.txt", "1 2 3\n")
    declared.write(
        "assets/models/model.yml",
        f"$schema: {SCHEMAS}/model.schema.json\nname: model\ntype: custom_model\npath: model\n",
    )
    endpoint = "assets/endpoints/online"
    declared.write(f"{endpoint}/code/score.py", "def init():\n    pass\n\n\ndef run(data):\n    return data\n")
    declared.write(
        f"{endpoint}/endpoint.yml",
        f"$schema: {SCHEMAS}/managedOnlineEndpoint.schema.json\nname: scores\nauth_mode: key\ntraffic: {{blue: 100}}\n",
    )
    for name in ("blue", "green"):
        declared.write(
            f"{endpoint}/{name}.yml",
            f"""
            $schema: {SCHEMAS}/managedOnlineDeployment.schema.json
            name: {name}
            endpoint_name: scores
            model: azureml:model@latest
            environment: azureml:own@latest
            code_configuration: {{code: code, scoring_script: score.py}}
            instance_type: Standard_DS3_v2
            instance_count: 1
            """,
        )
    batch = "assets/endpoints/batch"
    declared.write(
        f"{batch}/endpoint.yml",
        f"$schema: {SCHEMAS}/batchEndpoint.schema.json\nname: scores-batch\ndefaults: {{deployment_name: only}}\n",
    )
    declared.write(
        f"{batch}/only.yml",
        f"""
        $schema: {SCHEMAS}/batchDeployment.schema.json
        name: only
        endpoint_name: scores-batch
        model: azureml:model@latest
        environment: azureml:own@latest
        code_configuration: {{code: ../online/code, scoring_script: score.py}}
        compute: azureml:cpu-cluster
        """,
    )
    declared.write(
        "assets/schedules/job.yml",
        f"""
        $schema: {SCHEMAS}/pipelineJob.schema.json
        type: pipeline
        settings: {{default_compute: azureml:cpu-cluster}}
        jobs:
          say:
            type: command
            component: azureml:say@latest
        """,
    )
    declared.write(
        "assets/schedules/nightly.yml",
        f"""
        $schema: {SCHEMAS}/schedule.schema.json
        name: nightly
        trigger: {{type: cron, expression: "0 3 * * *", start_time: "2026-01-01T10:00:00"}}
        create_job: ./job.yml
        """,
    )


def test_every_kind_is_created_and_the_second_apply_writes_nothing(declared: Declared) -> None:
    everything(declared)
    first = declared.done()
    assert {outcome.change.key.kind.value for outcome in first.outcomes} == {
        "datastore", "environment", "data", "component", "model", "online-endpoint", "batch-endpoint",
        "online-deployment", "batch-deployment", "traffic", "default-deployment", "schedule",
    }  # fmt: skip
    stored = declared.stored()
    assert stored["onlineEndpoints/scores"]["traffic"] == {"blue": 100}
    assert stored["batchEndpoints/scores-batch"]["defaults"]["deploymentName"] == "only"
    assert stored["data/file/versions/1"]["dataUri"].startswith("azureml://datastores/own/paths/LocalUpload/")
    assert stored["data/table/versions/1"]["referencedUris"] == ["./x.csv"]
    with declared.writes() as writes:
        second = declared.done()
    assert [outcome.change for outcome in second.outcomes if outcome.status is not Status.UNCHANGED] == []
    assert writes == []


def test_a_changed_file_makes_one_new_version_and_reaches_what_uses_it(declared: Declared) -> None:
    everything(declared)
    declared.done()
    declared.write("assets/models/model/weights.txt", "4 5 6\n")
    changes = {str(change.key): change for change in declared.plan().changes if change.writes}
    assert set(changes) == {
        "model model", "online-deployment scores/blue", "online-deployment scores/green",
        "batch-deployment scores-batch/only",
    }  # fmt: skip
    assert changes["model model"].version == "2"
    assert [str(one) for one in changes["model model"].differences] == ["files changed"]
    declared.done()
    stored = declared.stored()
    assert "models/model/versions/3" not in stored
    assert stored["onlineEndpoints/scores/deployments/blue"]["model"].endswith("/models/model/versions/2")
    assert declared.plan().is_empty


def test_traffic_that_is_not_declared_stays(declared: Declared) -> None:
    everything(declared)
    declared.done()
    file = declared.root / "assets/endpoints/online/endpoint.yml"
    file.write_text(file.read_text().replace("{blue: 100}", "{blue: 80, green: 20}"))
    changes = [change for change in declared.plan().changes if change.writes]
    assert [str(one) for one in changes[0].differences] == ["traffic.blue: 100 -> 80", "traffic.green: 0 -> 20"]
    declared.done()
    # Only the description is declared from now on: an update of the endpoint must not touch its traffic.
    file.write_text(f"$schema: {SCHEMAS}/managedOnlineEndpoint.schema.json\nname: scores\ndescription: other\n")
    declared.done()
    assert declared.stored()["onlineEndpoints/scores"]["traffic"] == {"blue": 80, "green": 20}
    file.write_text(file.read_text() + "traffic: {blue: 90}\n")
    with pytest.raises(ConfigurationError, match="would be 110 % together with green 20"):
        declared.plan()


def test_drift_of_a_description_is_put_right_without_a_new_version(declared: Declared) -> None:
    declared.data("one", description="as declared")
    declared.done()
    ml = declared.served.ml()
    asset = ml.data.get("one", version="1")
    asset.description = "by hand"
    ml.data.create_or_update(asset)
    changes = declared.plan().changes
    assert [(change.action, str(change.differences[0])) for change in changes] == [
        (Action.UPDATE, "description: by hand -> as declared")
    ]
    declared.done()
    assert declared.versions() == ["data/one/versions/1"]
    assert declared.plan().is_empty


def test_a_pinned_version_is_taken_and_never_changed(declared: Declared) -> None:
    declared.data("one", version="'7'")
    declared.done()
    assert declared.versions() == ["data/one/versions/7"]
    declared.write("assets/data/one.csv", "a\nother\n")
    with pytest.raises(ConfigurationError, match="version 7 of data one is in the workspace with another content"):
        declared.plan()
    declared.data("one", version="'8'")
    declared.done()
    assert declared.versions() == ["data/one/versions/7", "data/one/versions/8"]


def test_prune_archives_only_what_we_registered_and_a_declaration_brings_it_back(declared: Declared) -> None:
    from azure.ai.ml.entities import Data

    declared.data("ours")
    declared.data("kept")
    declared.done()
    declared.served.ml().data.create_or_update(Data(name="by-hand", version="1", path=REMOTE, type="uri_file"))
    for file in ("ours.yml", "ours.csv"):
        (declared.root / "assets/data" / file).unlink()
    assert declared.actions()["data ours"] is Action.ORPHAN
    assert "data by-hand" not in declared.actions()
    assert declared.plan().is_empty
    declared.done(prune=True)
    assert {one.name for one in declared.served.ml().data.list()} >= {"kept", "by-hand"}
    assert "ours" not in {one.name for one in declared.served.ml().data.list()}
    declared.data("ours", description="again")
    declared.done()
    assert "ours" in {one.name for one in declared.served.ml().data.list()}
    assert "data/ours/versions/2" in declared.versions()


def test_a_schedule_that_was_pruned_runs_again_when_it_is_declared_again(declared: Declared) -> None:
    everything(declared)
    declared.done()
    folder = declared.root / "assets/schedules"
    file = folder / "nightly.yml"
    folder.rename(declared.root / "elsewhere")
    declared.done(prune=True)
    ml = declared.served.ml()
    assert not ml.schedules.get("nightly").is_enabled
    (declared.root / "elsewhere").rename(folder)
    assert declared.actions()["schedule nightly"] is Action.UPDATE
    declared.done()
    assert ml.schedules.get("nightly").is_enabled
    assert declared.plan().is_empty
    # What somebody switches off by hand stays off, also when something else of it changes.
    ml.schedules.begin_disable("nightly").result()
    assert declared.plan().is_empty
    file.write_text(file.read_text() + "description: other\n")
    declared.done()
    assert not ml.schedules.get("nightly").is_enabled


def test_traffic_that_moved_after_the_plan_is_not_moved_back(declared: Declared) -> None:
    everything(declared)
    declared.done()
    file = declared.root / "assets/endpoints/online/endpoint.yml"
    file.write_text(f"$schema: {SCHEMAS}/managedOnlineEndpoint.schema.json\nname: scores\ndescription: other\n")
    from ezazml.operations.assets import plan_assets

    planned = plan_assets(declared.deployment, environ=os.environ)
    ml = declared.served.ml()
    endpoint = ml.online_endpoints.get("scores")
    endpoint.traffic = {"blue": 30, "green": 70}
    ml.online_endpoints.begin_create_or_update(endpoint).result()
    assert not planned.apply(workers=4, show=lambda _line: None).failed
    assert declared.stored()["onlineEndpoints/scores"]["traffic"] == {"blue": 30, "green": 70}


def test_a_deployment_that_nobody_declares_cannot_answer(declared: Declared) -> None:
    everything(declared)
    file = declared.root / "assets/endpoints/online/endpoint.yml"
    text = file.read_text()
    file.write_text(text.replace("blue", "purple"))
    with declared.writes() as writes, pytest.raises(ConfigurationError) as raised:
        declared.apply()
    assert "endpoint.yml:4: traffic.purple: online-deployment scores/purple is neither declared" in str(raised.value)
    assert not writes
    file.write_text(text)
    batch = declared.root / "assets/endpoints/batch/endpoint.yml"
    batch.write_text(batch.read_text().replace("only", "other"))
    with pytest.raises(ConfigurationError, match="batch-deployment scores-batch/other is neither declared"):
        declared.plan()


def test_what_tools_leave_in_a_folder_is_not_sent(declared: Declared) -> None:
    from jobs.connection import Connection

    declared.write("assets/data/folder/a.csv", "a\n1\n")
    declared.write("assets/data/folder/.git/config", "url = https://user:planted@example.com\n")
    declared.data("one", type="uri_folder", path="folder")
    declared.done()
    store = declared.served.ml().datastores.get_default()
    container = Connection(declared.deployment).blobs(store.account_name).get_container_client(store.container_name)
    path = str(declared.served.ml().data.get("one", version="1").path)
    sent = [blob.name for blob in container.list_blobs(name_starts_with=path.partition("/paths/")[2])]
    assert [name.rpartition("folder/")[2] for name in sent] == ["a.csv"]


def test_problems_register_nothing(declared: Declared) -> None:
    declared.data("good")
    declared.data("bad", datastore="azureml:nowhere")
    with declared.writes() as writes, pytest.raises(ConfigurationError) as raised:
        declared.apply()
    assert "assets/data/bad.yml:5: datastore: datastore 'nowhere' is neither declared nor in the workspace." in str(
        raised.value
    )
    assert writes == []


def test_what_needs_a_failed_asset_is_skipped_and_the_rest_is_done(declared: Declared) -> None:
    everything(declared)
    file = declared.root / "assets/endpoints/batch/only.yml"
    file.write_text(file.read_text().replace("azureml:cpu-cluster", "azureml:no-cluster"))
    result = declared.apply()
    outcomes = {str(outcome.change.key): outcome for outcome in result.outcomes}
    assert result.failed
    assert outcomes["batch-deployment scores-batch/only"].status is Status.FAILED
    assert "no-cluster" in outcomes["batch-deployment scores-batch/only"].message
    skipped = outcomes["default-deployment scores-batch"]
    assert skipped.status is Status.SKIPPED
    assert skipped.message == "because batch-deployment scores-batch/only failed"
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE, Status.FAILED, Status.SKIPPED}
    file.write_text(file.read_text().replace("azureml:no-cluster", "azureml:cpu-cluster"))
    again = declared.done()
    assert sum(outcome.status is Status.DONE for outcome in again.outcomes) == 2


def test_planted_secrets_are_nowhere_to_be_seen(declared: Declared, capfd: pytest.CaptureFixture[str]) -> None:
    key = "cGxhbnRlZC1zZWNyZXQtdmFsdWU="
    declared.write(
        "assets/datastores/keyed.yml",
        f"""
        $schema: {SCHEMAS}/azureBlob.schema.json
        name: keyed
        type: azure_blob
        account_name: keys01
        container_name: data
        credentials: {{account_key: '${{env:PLANTED}}'}}
        """,
    )
    from ezazml.cli.assets import print_plan, print_result, result_as_json
    from ezazml.operations.assets import plan_assets

    for value, action in ((key, Action.CREATE), (key, Action.UNCHANGED), (key[::-1], Action.UPDATE)):
        assets = plan_assets(declared.deployment, environ={**os.environ, "PLANTED": value})
        assert [change.action for change in assets.plan.changes] == [action]
        result = assets.apply(workers=2, show=click.echo)
        assert not result.failed
        print_plan(assets.plan, "Plan")
        print_result(result, "sandbox")
        click.echo(json.dumps([assets.plan.as_json(), result_as_json(result), repr(assets.plan), repr(result)]))
        printed = capfd.readouterr()
        assert key not in printed.out + printed.err
        assert key[::-1] not in printed.out + printed.err
    assert declared.served.ml().datastores._list_secrets("keyed").key == key[::-1]
    for log in declared.served.home.logs.iterdir():
        assert key not in log.read_text(errors="replace")


def test_a_hundred_assets_with_faults_are_registered_exactly_once_each(declared: Declared) -> None:
    for number in range(100):
        declared.data(f"asset-{number:03}", path=REMOTE)
    declared.faults(Faults(rate=0.1, seed=1, slow_seconds=0.1))
    result = declared.apply()
    declared.faults(Faults())
    assert Counter(outcome.status for outcome in result.outcomes) == {Status.DONE: 100}
    assert declared.versions() == [f"data/asset-{number:03}/versions/1" for number in range(100)]
    with declared.writes() as writes:
        assert declared.apply().count(Status.UNCHANGED) == 100
    assert writes == []


def test_killed_at_random_moments_it_converges_to_the_undisturbed_state(declared: Declared) -> None:
    def declare(folder: Path) -> None:
        assert folder == declared.root
        for number in range(3):
            declared.data(f"file-{number}", datastore="azureml:own")
        declared.write("assets/models/weights.txt", "1\n")
        declared.write(
            "assets/models/model.yml",
            f"$schema: {SCHEMAS}/model.schema.json\nname: model\ntype: custom_model\npath: weights.txt\n",
        )
        declared.write(
            "assets/datastores/own.yml",
            f"$schema: {SCHEMAS}/azureBlob.schema.json\nname: own\ntype: azure_blob\naccount_name: identity01\n"
            "container_name: data\n",
        )

    declare(declared.root)
    declared.done()
    undisturbed = declared.stored()
    moments = random.Random(7)
    forked = multiprocessing.get_context("fork")
    interrupted = 0
    for _ in range(20):
        declared.forget()
        declare(declared.root)
        process = forked.Process(target=declared.apply)
        process.start()
        process.join(timeout=moments.uniform(0.05, 0.6))
        interrupted += process.is_alive()
        process.kill()
        process.join()
        declared.done(workers=4)
        assert declared.stored() == undisturbed
    assert interrupted > 5


def test_two_writers_at_once_end_with_one_version_of_the_same_content(declared: Declared) -> None:
    for number in range(5):
        declared.data(f"asset-{number}")
    forked = multiprocessing.get_context("fork")
    writers = [forked.Process(target=declared.done) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert declared.versions() == [f"data/asset-{number}/versions/1" for number in range(5)]


def test_deploying_puts_the_example_into_the_workspace_and_the_second_time_does_nothing(at: Project) -> None:
    shutil.copytree(ROOT / "assets", at.folder / "assets")
    first = at.ok("deploy", "sandbox", "--yes")
    assert "Assets of sandbox: 5 done." in first.out
    again = json.loads(at.ok("deploy", "sandbox", "--yes", "--output", "json").out)
    assert (again["changes"], again["assets"]["counts"]["unchanged"]) == ([], 5)
    assert at.ezazml("assets", "plan", "sandbox", "--detailed-exitcode").code == 0
    (at.folder / "assets/data/passengers/passengers.csv").write_text("passenger_id,survived\n1,1\n")
    drift = json.loads(at.ok("drift", "sandbox", "--output", "json").out)["drift"]
    assert [(one["where"], one["address"]) for one in drift] == [
        ("workspace", "data passengers"),
        ("workspace", "data passengers-file"),
    ]
    planned = at.ezazml("assets", "plan", "sandbox", "--detailed-exitcode", "--output", "json")
    assert planned.code == 2
    changed = {one["name"]: one for one in json.loads(planned.out)["changes"] if one["action"] != "unchanged"}
    assert {name: one["version"] for name, one in changed.items()} == {"passengers": "2", "passengers-file": "2"}
    after = at.ezazml(
        "sandbox",
        "run",
        "--services",
        "-e",
        "sandbox",
        "--",
        sys.executable,
        "-m",
        "jobs.post_deploy",
        "--env",
        "sandbox",
    )
    assert after.code == 0, after.text
    assert "Assets of sandbox: 2 done, 3 unchanged." in after.out
    # A mistake is one line, and nothing else happens.
    (at.folder / "assets/data/passengers.yml").write_text("name: [\n")
    answer = at.ezazml("assets", "apply", "sandbox", "--yes")
    assert answer.code == 2
    assert "Error: assets/data/passengers.yml:2:1: is not valid YAML" in answer.err
    assert "Traceback" not in answer.text
    at.home.services.stop()
