"""The plain cdktf command line works on the same stacks."""

from __future__ import annotations

import shutil

import pytest

from tests.e2e.conftest import COUNT, ROOT, Project

pytestmark = pytest.mark.e2e


def test_cdktf_deploys_shows_no_difference_and_destroys(at: Project) -> None:
    deployed = at.in_sandbox("cdktf", "deploy", "sandbox", "--auto-approve")
    assert deployed.code == 0, deployed.text
    assert f"{COUNT} added" in deployed.text
    difference = at.in_sandbox("cdktf", "diff", "sandbox")
    assert difference.code == 0, difference.text
    assert "No changes" in difference.text
    # both ways work on one state
    assert at.plan()["changes"] == []
    destroyed = at.in_sandbox("cdktf", "destroy", "sandbox", "--auto-approve")
    assert destroyed.code == 0, destroyed.text
    assert at.home.count_by_type() == {}


def test_cdktf_synthesises_every_environment_of_azure_without_a_login(at: Project) -> None:
    answer = at.run("cdktf", "synth")
    assert answer.code == 0, answer.text
    stacks = {path.name for path in (at.folder / "cdktf.out" / "stacks").iterdir()}
    assert stacks == {"dev", "uat", "preprod", "prd"}
    assert "sandbox: left out, this shell is not set for the sandbox." in answer.text


def test_cdktf_in_a_normal_shell_does_not_touch_the_sandboxs_environment(at: Project) -> None:
    answer = at.run("cdktf", "diff", "sandbox")
    assert answer.code != 0
    assert "Could not find stack: sandbox" in answer.text
    assert 'To work on it: eval "$(ezazml sandbox env)".' in answer.text
    at.variables["EZAZML_ENVIRONMENTS"] = "sandbox"
    asked_for = at.run("python", "main.py")
    assert asked_for.code == 2
    assert 'eval "$(ezazml sandbox env)"' in asked_for.err


def test_cdktf_tells_a_mistake_in_the_configuration(at: Project) -> None:
    at.edit("location: westeurope", "location: westeurop", "dev")
    answer = at.run("cdktf", "synth")
    assert answer.code != 0
    assert "'westeurop' is not a region of Azure. Did you mean westeurope?" in answer.text


def test_the_demonstration_runs_twice(at: Project) -> None:
    for name in ("assets", "examples"):
        shutil.copytree(ROOT / name, at.folder / name)
    first = at.ok("demo")
    assert "azureml:passengers:1: registered, champion" in first.out
    assert "answer:  [" in first.out
    assert "400 predictions" in first.out
    assert f"Apply complete! Resources: {COUNT} added" in first.out
    assert "ezazml-sandbox-aml-w01" in first.out
    assert "Next steps" in first.out
    second = at.ok("demo")
    assert "No changes" in second.out
    assert "azureml:passengers:1: unchanged, champion" in second.out
    assert "blue unchanged" in second.out
