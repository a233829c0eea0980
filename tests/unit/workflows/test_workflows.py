"""The workflows call what exists, with the least rights, and paste nothing of an event into a shell."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ezazml.ci.events import DATA_CHANGED, JOB_COMPLETED, MODEL_REGISTERED
from ezazml.ci.setup import CLEANUP_CHECK, TEST_CHECKS
from ezazml.cli.main import cli
from ezazml.config.loading import load_environment
from ezazml.config.promotion import read_promotion
from tests.workflow_files import EXPRESSION, ROOT, jobs, load, steps, workflows
from tools import workflows as checkers

_CALL = re.compile(r"(?:^|[;&|]\s*)ezazml (.*?)(?=$|\s*(?:&&|\|\||;|>|\|))", re.MULTILINE)
_PINNED = re.compile(r"^\s*(?:- )?uses: (?!\./)(\S+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$")
#: What variables hold when the calls are parsed.
_VALUES = {"NUMBER": "7", "LEFT_OUT": "[]", "BASE": "main"}
#: Files that earlier steps wrote.
_FILES = ("job.json", "model.json", "event.json")


def calls() -> Iterator[tuple[str, list[str]]]:
    for file, step in steps():
        for found in _CALL.finditer(step.get("run", "")):
            yield file, arguments_of(found[1])


def arguments_of(line: str) -> list[str]:
    """What the shell makes of the line when every variable is set."""
    line = re.sub(r"\$\{(\w+):\+(\"[^\"]*\"|[^}]*)\}", r"\2", line)
    return shlex.split(re.sub(r"\$\{?(\w+)\}?", lambda found: _VALUES.get(found[1], "value"), line))


def parse(arguments: list[str]) -> None:
    """Let the command line's own parser read the arguments, without running anything."""
    command: click.Command = cli
    context = click.Context(cli, info_name="ezazml")
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None, name
        command = found
        if not isinstance(command, click.Group):
            command.make_context(name, arguments, parent=context)
        else:
            context = click.Context(command, info_name=name, parent=context)


@pytest.mark.parametrize(("file", "arguments"), [pytest.param(*one, id=f"{one[0]}: {one[1]}") for one in calls()])
def test_every_call_is_one_that_the_command_line_takes(
    file: str, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_EVENT_PATH", "event.json")
    (tmp_path / "reports").mkdir()
    for name in _FILES:
        (tmp_path / name).write_text("{}")
    parse(arguments)


def test_every_line_with_ezazml_is_among_the_calls() -> None:
    written = sum(step.get("run", "").count("ezazml ") for _, step in steps())
    assert written == len(list(calls())) > 20


@pytest.mark.parametrize("line", ["deploy dev --no-such-option", "no-such-command", "ci comment --pull-request x"])
def test_a_call_that_does_not_exist_is_found(line: str) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        parse(line.split())


def test_no_expression_stands_in_a_script() -> None:
    assert [(file, step["run"]) for file, step in steps() if EXPRESSION.search(step.get("run", ""))] == []


def test_actions_are_pinned_by_their_commit_with_the_version_beside_it() -> None:
    for path in [*(ROOT / ".github" / "workflows").glob("*.yml"), *(ROOT / ".github" / "actions").glob("*/action.yml")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.match(r"\s*(- )?uses: (?!\./)", line):
                assert _PINNED.match(line), f"{path.name}: {line}"


def test_one_action_has_one_version() -> None:
    pins: dict[str, set[str]] = {}
    for _, step in steps():
        action, _, commit = step.get("uses", "").partition("@")
        if commit:
            pins.setdefault(action, set()).add(commit)
    assert {action: commits for action, commits in pins.items() if len(commits) > 1} == {}


def test_every_job_has_a_timeout_and_least_rights() -> None:
    for file, name, job in jobs():
        assert "timeout-minutes" in job or "uses" in job, f"{file}: {name}"
        permissions = job.get("permissions", workflows()[file]["permissions"])
        assert permissions, f"{file}: {name}"
        assert permissions.get("contents", "read") == "read", f"{file}: {name}"
        assert workflows()[file]["permissions"] == {}, file


def test_whoever_logs_in_does_so_without_a_secret() -> None:
    for file, name, job in jobs():
        logins = [step for step in job.get("steps", []) if step.get("uses", "").startswith("azure/login@")]
        if logins:
            assert job["permissions"]["id-token"] == "write", f"{file}: {name}"
            assert job["environment"], f"{file}: {name}"
            assert job["env"]["ARM_USE_OIDC"] == "true", f"{file}: {name}"
        for login in logins:
            assert set(login["with"]) == {"client-id", "tenant-id", "subscription-id"}, f"{file}: {name}"
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        assert "CLIENT_SECRET" not in path.read_text(encoding="utf-8"), path.name


def test_every_workflow_or_job_has_a_concurrency_group() -> None:
    for file, name, job in jobs():
        assert "concurrency" in job or "concurrency" in workflows()[file], f"{file}: {name}"


def test_whatever_changes_an_environment_waits_in_its_group_and_is_never_cancelled() -> None:
    # GitHub keeps one waiting run of a group, unless the group has `queue: max`: a third would cancel the second.
    found = workflows()
    for file in ("destroy.yml", "import.yml", "purge.yml"):
        assert found[file]["concurrency"] == waiting("inputs.environment")
    for job in found["_environment.yml"]["jobs"].values():
        assert job["concurrency"] == waiting("inputs.environment")
    for file, name in (("train.yml", "submit"), ("deploy-model.yml", "deploy")):
        assert found[file]["jobs"][name]["concurrency"] == waiting("needs.target.outputs.environment")
    assert found["feature-environment.yml"]["concurrency"]["queue"] == "max"


def waiting(environment: str) -> dict[str, object]:
    return {"group": f"environment-${{{{ {environment} }}}}", "cancel-in-progress": False, "queue": "max"}


def test_the_branches_of_the_promotion_start_a_deployment_and_a_training() -> None:
    push = workflows()["deploy.yml"]["on"]["push"]
    table = read_promotion(ROOT)
    for file in ("deploy.yml", "train.yml"):
        assert {step.branch for step in table.steps if step.branch} <= set(workflows()[file]["on"]["push"]["branches"])
    assert not any(step.tag for step in table.steps) or push["tags"] == ["[0-9]+.[0-9]+.[0-9]+"]


def test_what_trains_and_what_is_deployed_is_there() -> None:
    folder = load_environment("dev", root=ROOT, environ={}).settings.lifecycle.folder
    for pattern in workflows()["train.yml"]["on"]["push"]["paths"]:
        assert pattern.endswith("/**")
        assert (ROOT / pattern.removesuffix("/**")).is_dir(), pattern
        assert pattern.startswith((f"{folder}/", "assets/")), pattern
    endpoint = workflows()["deploy-model.yml"]["env"]["ENDPOINT"]
    assert (ROOT / folder / "endpoints" / f"{endpoint}.yml").is_file()


def test_workflows_start_for_the_events_that_are_understood() -> None:
    found = workflows()
    assert set(found["train.yml"]["on"]["repository_dispatch"]["types"]) == set(DATA_CHANGED)
    assert set(found["deploy-model.yml"]["on"]["repository_dispatch"]["types"]) == {JOB_COMPLETED, MODEL_REGISTERED}


def test_nothing_is_deployed_that_was_not_judged_and_approved() -> None:
    jobs = workflows()["deploy-model.yml"]["jobs"]
    assert "judge" in jobs["deploy"]["needs"]
    assert "if" not in jobs["deploy"]  # a job that failed, such as the gate, stops those that need it
    assert jobs["judge"]["environment"].endswith("-plan")
    commands = [step["run"].split()[1:3] for step in jobs["judge"]["steps"] if "ezazml" in step.get("run", "")]
    assert [command if command != "ci" else step for command, step in commands] == ["reason", "approval", "gate"]
    approval = [step["run"] for step in workflows()["_environment.yml"]["jobs"]["plan"]["steps"] if "run" in step]
    assert 'ezazml ci approval "$ENVIRONMENT"' in approval
    assert jobs["deploy"]["environment"] == "${{ needs.target.outputs.environment }}"


def test_pull_requests_from_elsewhere_get_no_login() -> None:
    for file in ("pr.yml", "feature-environment.yml"):
        for name, job in workflows()[file]["jobs"].items():
            condition = job.get("if", "")
            if (job.get("permissions") or {}).get(
                "id-token"
            ) != "write" or "github.event_name == 'schedule'" in condition:
                continue
            assert "head.repo.full_name == github.repository" in condition, f"{file}: {name}"
            assert "user.login != 'dependabot[bot]'" in condition or name == "destroy", f"{file}: {name}"
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    assert "pull_request_target" not in text


def test_checks_that_are_required_are_names_of_jobs() -> None:
    names = {job.get("name", name) for _, name, job in jobs()}
    test = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["test"]
    names |= {f"test ({versions['python']}, {versions['node']})" for versions in test["strategy"]["matrix"]["include"]}
    assert {*TEST_CHECKS, CLEANUP_CHECK} <= names
    for file in ("ci.yml", "pr.yml", "feature-environment.yml"):
        # A workflow that its filters leave out reports nothing: its required checks would wait for ever.
        assert not {"paths", "paths-ignore", "branches"} & set(workflows()[file]["on"]["pull_request"] or {}), file


def test_records_of_destructions_are_kept_for_ninety_days() -> None:
    (upload,) = [
        step for step in workflows()["destroy.yml"]["jobs"]["destroy"]["steps"] if "upload" in step.get("uses", "")
    ]
    assert (upload["if"], upload["with"]["retention-days"]) == ("always()", 90)


def test_every_list_of_packages_is_renewed_by_make_lock() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lists = [*ROOT.glob("*/requirements.in"), *ROOT.glob(".github/*/requirements.in")]
    assert len(lists) == 2
    for path in lists:
        assert f" {path.relative_to(ROOT).as_posix()}\n" in makefile


def test_no_plan_becomes_an_artefact() -> None:
    for file, step in steps():
        if step.get("uses", "").startswith("actions/upload-artifact@"):
            assert step["with"]["path"].split() in (["reports/"], ["audit/", ".sandbox/audit/"]), file


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("timeout-minutes: 15", "timeout: 15"),
        ('run: ezazml ci affected --base "$BASE"', 'run: echo "${{ github.event.pull_request.title }}"'),
    ],
)
def test_the_checkers_find_what_is_wrong(tmp_path: Path, old: str, new: str) -> None:
    if not checkers.is_installed():
        pytest.skip("the checkers of workflows are not installed: python -m tools.workflows (make lint does it)")
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    assert checkers.check(tmp_path) == ""
    path = tmp_path / ".github" / "workflows" / "pr.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert checkers.check(tmp_path) != ""


def test_workflows_are_read_as_github_reads_them() -> None:
    assert set(load(ROOT / ".github" / "workflows" / "ci.yml")["on"]) == {"push", "pull_request"}
