"""The steps of the workflows, run in their order against the sandbox with GitHub's variables faked."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping

import pytest

from ezazml.ci.github import GitHub
from tests.e2e.conftest import Project
from tests.fake_github import TOKEN, FakeGitHub, fake_github
from tests.workflow_files import ROOT, Runner, StepResult

pytestmark = pytest.mark.e2e

NASTY = '"; touch pwned # $(touch pwned) `touch pwned`\n::set-output name=x::y'
BRANCH = 'feature/ABC-9-$(id>pwned)"'
AZURE_ID = "12345678-1234-1234-1234-123456789012"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with fake_github() as served:
        yield served


@pytest.fixture
def runner(at: Project, github: FakeGitHub) -> Runner:
    """A repository whose dev is in the sandbox: main, and a pull request that changes dev."""
    at.edit("location: westeurope", "target: sandbox\nlocation: westeurope", name="dev")
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@localhost")
    (at.folder / ".gitignore").write_text("/.ezazml/\n/.sandbox/\n/node_modules\n/audit/\n*.tfplan*\n")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "first")):
        assert at.run(*git, *command).code == 0
    at.run(*git, "checkout", "-qb", "change")
    at.edit("CostCenter: ml-development", "CostCenter: ml-else", name="dev")
    assert at.run(*git, "commit", "-qam", "change dev").code == 0
    variables = {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "contoso/ml",
        "GITHUB_ACTOR": "alice",
        "GITHUB_RUN_ID": "77",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_SHA": at.run("git", "rev-parse", "HEAD").out.strip(),
    }
    values = {
        "github.token": TOKEN,
        "vars.AZURE_CLIENT_ID": AZURE_ID,
        "vars.AZURE_TENANT_ID": AZURE_ID,
        "vars.AZURE_SUBSCRIPTION_ID": AZURE_ID,
        "vars.UNREVIEWED": "",
        "secrets.TF_VAR_USER_PASSWORD": "",
        "github.event.pull_request.number": "5",
        "github.event.pull_request.base.sha": at.run("git", "rev-parse", "main").out.strip(),
        "github.event.pull_request.head.ref": BRANCH,
    }
    return Runner(at.folder, {**at.environ(), **variables}, values)


def ok(results: list[StepResult]) -> str:
    assert [one for one in results if one.code] == []
    return "".join(one.text for one in results)


def test_a_change_from_its_pull_request_to_its_end(at: Project, runner: Runner, github: FakeGitHub) -> None:
    values = runner.values

    # the pull request: one comment, updated in place
    ok(runner.job("pr.yml", "synth"))
    assert json.loads(values["steps.affected.outputs.environments"]) == ["dev"]
    values |= {
        "matrix.environment": "dev",
        "needs.synth.outputs.left_out": values["steps.affected.outputs.left_out"],
    }
    ok(runner.job("pr.yml", "plan"))
    for _ in range(2):
        ok(runner.job("pr.yml", "comment"))
    (comment,) = github.comments
    assert re.search(r"^\| dev \| [1-9]\d* \| 0 \| 0 \| 0 \|", comment["body"], re.MULTILINE)
    assert "flowchart LR" in comment["body"]
    assert "resource_group" in comment["body"]

    # merged: the plan that was shown is the plan that is applied
    values |= {"inputs.environment": "", "inputs.reason": NASTY, "inputs.ticket": NASTY, "inputs.allow_replace": ""}
    ok(runner.job("deploy.yml", "target"))
    values["inputs.environment"] = values["steps.target.outputs.environment"]
    assert values["inputs.environment"] == "dev"
    ok(runner.job("_environment.yml", "plan"))
    assert "touch pwned" in runner.summary
    assert "Plan for dev" in runner.summary
    for file in at.folder.glob("tf.tfplan*"):
        file.unlink()  # the next job has another machine
    ok(runner.job("_environment.yml", "apply"))
    assert "Azure ML Studio" in runner.summary
    assert not list(at.folder.glob("tf.tfplan*"))
    again = runner.job("_environment.yml", "apply")
    assert again[0].code == 1
    assert "there is no plan" in again[0].text

    train_and_deploy_a_model(at, runner)

    # at night nothing has changed, and the issue of the night before is closed
    marker = "<!-- ezazml: drift of dev -->"
    GitHub("contoso/ml", TOKEN, github.url).upsert_issue(marker, title="t", body=marker, label="drift")
    ok(runner.job("drift.yml", "environments"))
    assert json.loads(values["steps.all.outputs.environments"]) == ["dev", "uat", "preprod", "prd"]
    assert "dev: no drift. Closed" in ok(runner.job("drift.yml", "drift"))

    # removed by hand
    values |= {
        "inputs.confirmation": "dev",
        **{f"vars.{name}": "" for name in ("SMTP_SERVER", "SMTP_USERNAME", "EMAIL_NOTIFICATIONS")},
        "vars.SMTP_PORT || '587'": "587",
        "secrets.SMTP_PASSWORD": "",
    }
    ok(runner.job("destroy.yml", "destroy"))
    assert at.home.count_by_type() == {}
    records = [json.loads(line) for line in (at.folder / "audit" / "dev.jsonl").read_text().splitlines()]
    assert records[-1]["reason"].split()[:2] == ['";', "touch"]
    assert not (at.folder / "pwned").exists()


def train_and_deploy_a_model(at: Project, runner: Runner) -> None:
    """New data arrives; what Azure tells of the training that it starts deploys the model."""
    for folder in ("assets", "examples"):
        shutil.copytree(ROOT / folder, at.folder / folder)
    outputs = json.loads(at.ok("show", "dev", "--output", "json").out)["outputs"]
    workspace, account = outputs["workspace_id"], outputs["storage_account_id"]
    values = runner.values
    values |= {
        "github.event_name": "repository_dispatch",
        "inputs.reason || github.event.action || github.event.head_commit.message": NASTY,
        "inputs.reason || github.event.action": NASTY,
        "(github.event_name == 'push' || inputs.if_changed) && 'true' || ''": "",
    }

    def told(kind: str, source: str, subject: str, data: Mapping[str, object]) -> dict[str, object]:
        return {"client_payload": {"eventType": kind, "topic": source, "subject": subject, "data": data}}

    blob = "/blobServices/default/containers/data/blobs/new.csv"
    ok(runner.job("train.yml", "target", event=told("Microsoft.Storage.BlobCreated", account, blob, {})))
    values["needs.target.outputs.environment"] = values["steps.event.outputs.environment"]
    assert values["needs.target.outputs.environment"] == "dev"
    ok(runner.job("train.yml", "submit"))
    values["needs.submit.outputs.job"] = job = values["steps.job.outputs.job"]
    ok(runner.job("train.yml", "follow"))
    assert "| roc\\_auc |" in runner.summary

    run = {"experimentName": "passengers", "runId": job, "runTags": {"git.branch": "main"}}
    event = told("Microsoft.MachineLearningServices.RunCompleted", workspace, "", run)
    ok(runner.job("deploy-model.yml", "target", event=event))
    for name in ("job", "model"):
        values[f"needs.target.outputs.{name}"] = values[f"steps.event.outputs.{name}"]
    ok(runner.job("deploy-model.yml", "judge"))
    assert "# Gate of" in runner.summary
    assert "is the champion" in ok(runner.job("deploy-model.yml", "deploy"))
    assert values["steps.model.outputs.model"] == "passengers:1"
    assert "### Model passengers version 1 in dev" in runner.summary
    assert "| passengers | Succeeded |" in runner.summary


def test_a_pull_requests_environment(at: Project, runner: Runner, github: FakeGitHub) -> None:
    file = "feature-environment.yml"
    ok(runner.job(file, "create"))
    name = runner.values["steps.feature.outputs.name"]
    assert "Azure ML Studio" in github.comments[0]["body"]

    (left,) = runner.job(file, "cleanup")
    assert left.code == 1
    assert f"The environment {name} of this branch still holds" in left.text

    # it has expired: the check passes, and the pull request that is closed later finds nothing to destroy
    runner.values |= {"matrix.feature.name": name, "matrix.feature.branch": BRANCH}
    github.branches[BRANCH] = "abc"
    (at.folder / "environments" / f"{name}.yaml").unlink()  # another machine
    ok(runner.job(file, "end"))
    (check,) = github.checks
    assert (check["name"], check["head_sha"], check["conclusion"]) == ("Ensure Workspace Cleanup", "abc", "success")
    ok(runner.job(file, "destroy"))
    ok(runner.job(file, "cleanup"))
    ok(runner.job(file, "expired"))
    assert runner.values["steps.expired.outputs.environments"] == "[]"
    assert at.home.count_by_type() == {}
    assert not (at.folder / "pwned").exists()
