"""Azure and the sandbox never meet, secrets stay where they belong, mistakes are one clear message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Project

pytestmark = pytest.mark.e2e

REAL = "11111111-2222-4333-8444-555555555555"


def test_a_real_subscription_is_refused_by_the_stand_in(at: Project) -> None:
    at.ok("synth", "dev")
    at.target = "azure"
    stack = at.stack("dev") / "cdk.tf.json"
    content = json.loads(stack.read_text())
    content["provider"]["azurerm"][0]["subscription_id"] = REAL
    stack.write_text(json.dumps(content))
    init = at.in_sandbox("terraform", f"-chdir={stack.parent}", "init")
    assert init.code == 0, init.text
    plan = at.in_sandbox("terraform", f"-chdir={stack.parent}", "plan", "-no-color")
    assert plan.code != 0
    assert "is not the sandbox's" in plan.text


def test_the_stand_in_does_not_start_outside_the_sandbox(at: Project) -> None:
    at.home.up()
    at.ok("synth", "sandbox")
    only_providers = {**at.environ(), "TF_CLI_CONFIG_FILE": str(at.home.terraform_rc), "CHECKPOINT_DISABLE": "1"}
    init = at.run("terraform", f"-chdir={at.stack()}", "init", environ=only_providers)
    assert init.code == 0, init.text
    plan = at.run("terraform", f"-chdir={at.stack()}", "plan", "-input=false", environ=only_providers)
    assert plan.code != 0
    assert at.home.count_by_type() == {}


def test_a_shell_of_the_sandbox_refuses_an_environment_of_azure(at: Project) -> None:
    answer = at.in_sandbox("ezazml", "deploy", "prd", "--yes")
    assert answer.code == 2
    assert "this shell is set for the sandbox" in answer.err
    names = at.in_sandbox("cdktf", "synth")
    assert names.code == 0, names.text
    assert {path.name for path in (at.home.root / "cdktf.out" / "stacks").iterdir()} == {"sandbox"}


def test_a_state_of_the_real_provider_is_refused(at: Project) -> None:
    at.ok("deploy", "sandbox", "--yes")
    state = at.home.states / "sandbox.tfstate"
    content = json.loads(state.read_text())
    for resource in content["resources"]:
        for instance in resource["instances"]:
            instance.pop("private", None)
    state.write_text(json.dumps(content))
    answer = at.ezazml("plan", "sandbox")
    assert answer.code == 1
    assert "was not written by the sandbox" in answer.err


def test_an_environment_of_azure_needs_a_subscription(at: Project) -> None:
    answer = at.ezazml("deploy", "dev", "--yes")
    assert answer.code == 2
    assert "subscription_id: set it in the file, or the variable ARM_SUBSCRIPTION_ID" in answer.err
    at.variables["ARM_SUBSCRIPTION_ID"] = REAL
    answer = at.ezazml("plan", "uat")
    assert answer.code == 2
    assert "'changemetfstate' is a placeholder" in answer.err


def test_a_protected_environment_without_a_named_deployer_warns(at: Project) -> None:
    at.home.up()
    at.variables |= {"ARM_SUBSCRIPTION_ID": REAL, "TF_CLI_CONFIG_FILE": str(at.home.terraform_rc)}
    file = at.folder / "environments" / "live.yaml"
    file.write_text("protected: true\non_destroy: keep\nbackend: {type: local}\n")
    warning = "Warning: environments/live.yaml: identities.deployer.object_id is not set in a protected environment."
    # The plan itself fails, as nobody is logged in.
    assert warning in at.ezazml("plan", "live").err
    deployer = f"{{object_id: {REAL}, principal_type: Group}}"
    file.write_text(f"{file.read_text()}identities:\n  deployer: {deployer}\n")
    assert "Warning" not in at.ezazml("plan", "live").err


def test_saved_plans_are_gone_afterwards(at: Project) -> None:
    at.ok("deploy", "sandbox", "--yes")
    assert not list((at.folder / ".ezazml").rglob("*.tfplan"))


def tools(folder: Path, **programs: str) -> str:
    """A PATH with only these small shell programs."""
    folder.mkdir()
    for name, text in programs.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("programs", "variables", "expected"),
    [
        ({}, {}, "Node.js was not found on PATH"),
        ({"node": "echo v18.2.0"}, {}, "Node.js v18.2.0"),
        ({"node": "echo v22.1.0"}, {"TERRAFORM_BINARY_NAME": "nowhere"}, "there is no program 'nowhere'"),
        ({"node": "echo v22.1.0", "terraform": "echo no"}, {}, "does not answer `version -json`"),
        (
            {"terraform": 'echo \'{"terraform_version": "1.4.9"}\'', "node": "echo v22.1.0"},
            {},
            "Terraform 1.4.9",
        ),
    ],
)
def test_a_missing_or_old_program_is_named(
    at: Project, tmp_path: Path, programs: dict[str, str], variables: dict[str, str], expected: str
) -> None:
    import sys

    if "terraform" not in programs and "node" in programs and not variables:
        programs = {**programs, "terraform": 'echo \'{"terraform_version": "1.9.0"}\''}
    path = tools(tmp_path / "bin", **programs)
    environ = {**at.environ(), "PATH": path, **variables}
    answer = at.run(sys.executable, "-m", "ezazml.cli", "plan", "sandbox", environ=environ)
    assert answer.code == 2, answer.text
    assert expected in answer.err
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("deploy", "prod"), "Environment 'prod' is unknown"),
        (("plan",), "Missing argument"),
        (("sandbox", "env", "nowhere"), "Environment 'nowhere' is unknown"),
        (("sandbox", "run", "--", "no-such-program"), "cannot be run"),
        (("nonsense",), "No such command"),
        (("config", "show", "dev", "--output", "xml"), "xml"),
    ],
)
def test_wrong_input_ends_with_code_2_and_one_message(at: Project, arguments: tuple[str, ...], expected: str) -> None:
    answer = at.ezazml(*arguments)
    assert answer.code == 2
    assert expected in answer.err
    assert "Traceback" not in answer.text


def test_outside_of_a_project_it_says_so(at: Project, tmp_path: Path) -> None:
    at.folder = tmp_path
    answer = at.ezazml("plan", "dev")
    assert answer.code == 2
    assert "No project found" in answer.err


def test_the_shell_lines_of_the_sandbox_work_in_a_shell(at: Project) -> None:
    at.variables["AZURE_CLIENT_SECRET"] = "real"
    script = 'eval "$(ezazml sandbox env)" && echo "$EZAZML_TARGET $AZURE_CLIENT_SECRET"'
    answer = at.run("bash", "-c", script)
    assert answer.out.strip() == f"sandbox {at.home.credentials.client_secret}"  # its own made-up one


def test_a_sandbox_that_is_down_says_how_to_bring_it_up(at: Project) -> None:
    at.ok("deploy", "sandbox", "--yes")
    environ = at.home.environ(["sandbox"], at.environ())
    at.ok("sandbox", "down")
    plan = at.run("terraform", f"-chdir={at.stack()}", "plan", "-no-color", environ=environ)
    assert plan.code != 0
    assert "The sandbox is down. Run: ezazml sandbox up" in plan.text


def test_a_type_without_rules_is_refused_with_how_to_add_it(at: Project) -> None:
    at.ok("synth", "sandbox")
    stack = at.stack() / "cdk.tf.json"
    content = json.loads(stack.read_text())
    content["resource"] = {"azurerm_dns_zone": {"zone": {"name": "example.com", "resource_group_name": "g"}}}
    del content["output"]
    stack.write_text(json.dumps(content))
    assert at.in_sandbox("terraform", f"-chdir={stack.parent}", "init").code == 0
    answer = at.in_sandbox("terraform", f"-chdir={stack.parent}", "validate", "-no-color")
    assert answer.code != 0
    assert "The sandbox does not know the resource type azurerm_dns_zone" in " ".join(
        answer.text.replace("│", " ").split()
    )
    assert "docs/sandbox.md" in answer.text


def test_a_program_in_the_sandbox_gets_no_further_than_this_machine(at: Project) -> None:
    code = "import urllib.request as r; r.urlopen('https://management.azure.com/', timeout=20)"
    answer = at.ezazml("sandbox", "run", "--", "python", "-c", code)
    assert answer.code == 1
    # The proxy on this machine refuses; the name of Azure's host is not even looked up.
    assert "Connection refused" in answer.err
