"""Steps of the workflows: ``ezazml ci target | affected | comment | summary | ...``. Each works on a laptop too."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import click

from ezazml.cli.ci_feature import cleanup, expired, feature
from ezazml.cli.ci_models import event, job, model
from ezazml.cli.ci_plans import approval, drop_plan, fetch_plan, report, save_plan
from ezazml.cli.common import environment_argument, output_option, print_json
from ezazml.config.github import REPOSITORY, repository_name
from ezazml.config.loading import environ_to_look, load_environment
from ezazml.config.promotion import read_promotion
from ezazml.errors import InputError
from ezazml.progress import progress
from ezazml.project import find_project

existing_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def ci() -> None:
    """Steps of the workflows in .github: they work the same on a laptop, where they print what GitHub would get."""


@ci.command()
@click.option("--ref", metavar="REF", required=True, help="What was pushed: refs/heads/main, refs/tags/1.2.0.")
@click.option("--commit", metavar="SHA", default="HEAD", show_default=True, help="Where it points to.")
@click.option("--environment", metavar="ENV", default="", help="Asked for by hand; else the promotion table decides.")
def target(ref: str, commit: str, environment: str) -> None:
    """Say which environment a push (or a person) wants deployed: the output `environment`, empty for none."""
    from ezazml.ci.actions import set_output  # noqa: PLC0415
    from ezazml.ci.affected import is_on_branch  # noqa: PLC0415

    root = find_project()
    table = read_promotion(root)
    step = table.of_environment(environment) if environment else table.of_ref(ref)
    if step is not None and not environment and step.from_ is not None and not is_on_branch(root, commit, step.from_):
        raise InputError(
            f"{ref}: its commit is not on the branch {step.from_}, which environments/promotion.yaml asks for.",
            hint=f"Tag a commit of {step.from_}.",
        )
    set_output(os.environ, "environment", step.environment if step else "")
    click.echo(f"{step.environment if step else 'Nothing'} is to be deployed.", err=True)


@ci.command()
@click.option("--base", metavar="SHA", required=True, help="What the pull request is compared with.")
@click.option("--head", metavar="SHA", default="HEAD", show_default=True, help="Its last commit.")
def affected(base: str, head: str) -> None:
    """Say which environments a pull request affects: the output `environments`, a JSON list.

    Protected environments are in the output `left_out`: a pull request gets no login for them.
    """
    from ezazml.ci.actions import set_output  # noqa: PLC0415
    from ezazml.ci.affected import affected as among  # noqa: PLC0415
    from ezazml.ci.affected import changed_files  # noqa: PLC0415

    root = find_project()
    names = among(changed_files(root, base, head), read_promotion(root).environments)
    protected = [name for name in names if _is_protected(name, root)]
    set_output(os.environ, "environments", json.dumps([name for name in names if name not in protected]))
    set_output(os.environ, "left_out", json.dumps(protected))
    click.echo(f"Affected: {', '.join(names) or 'no environment'}.", err=True)


def _is_protected(name: str, root: Path) -> bool:
    return load_environment(name, root=root, environ=environ_to_look(name, os.environ)).settings.protected


@ci.command()
@click.argument("reports", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--left-out", metavar="JSON", default="[]", help="Names of environments that were not planned.")
@click.option("--pull-request", type=click.IntRange(min=1), metavar="NUMBER", help="Write it there; else print it.")
def comment(reports: tuple[Path, ...], left_out: str, pull_request: int | None) -> None:
    """Make one comment of REPORTS (files of `ezazml ci report`, or folders of them), or update it in place."""
    from ezazml.ci.comment import MARKER, render  # noqa: PLC0415
    from ezazml.ci.github import github_of  # noqa: PLC0415
    from ezazml.ci.plan_report import read_report  # noqa: PLC0415

    try:
        names = json.loads(left_out)
    except ValueError as error:
        raise InputError(f"--left-out: {left_out!r} is no JSON list.", hint='Such as ["prd"].') from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"--left-out: {left_out!r} is no JSON list of names.", hint='Such as ["prd"].')
    files = [file for path in reports for file in (sorted(path.rglob("*.json")) if path.is_dir() else [path])]
    body = render([read_report(file) for file in files], left_out=names)
    if pull_request is None:
        click.echo(body)
        return
    click.echo(f"Wrote {github_of(os.environ).upsert_comment(pull_request, MARKER, body)}")


@ci.command()
def environments() -> None:
    """Say which environments the promotion table has: the output `environments`, a JSON list."""
    from ezazml.ci.actions import set_output  # noqa: PLC0415

    set_output(os.environ, "environments", json.dumps(read_promotion(find_project()).environments))


@ci.command()
@environment_argument
def reason(environment: str) -> None:
    """Add who deploys ENV and why to the job's summary: REASON and TICKET, as the texts that they are."""
    from ezazml.ci.actions import add_summary  # noqa: PLC0415
    from ezazml.ci.comment import text_of  # noqa: PLC0415
    from ezazml.ci.redaction import redacted  # noqa: PLC0415

    said = {"environment": environment, "by": os.environ.get("GITHUB_ACTOR", "")}
    said |= {name.lower(): os.environ.get(name, "") for name in ("REASON", "TICKET")}
    lines = [f"- {name}: {text_of(redacted(value, os.environ)[:1000])}" for name, value in said.items() if value]
    add_summary(os.environ, "\n".join([*lines, ""]))


@ci.command()
@environment_argument
@click.option("--pull-request", type=click.IntRange(min=1), metavar="NUMBER", help="Also as a comment there.")
@output_option
def summary(environment: str, pull_request: int | None, output: str) -> None:
    """Smoke test of ENV: its workspace and endpoints answer. Adds links and addresses to the job's summary."""
    from ezazml.ci.actions import add_summary  # noqa: PLC0415
    from ezazml.ci.github import github_of  # noqa: PLC0415
    from ezazml.ci.workspace import endpoints_of, require_ready, to_markdown  # noqa: PLC0415
    from ezazml.cli.bench import open_azure, open_bench  # noqa: PLC0415
    from ezazml.operations.inspection import inspect  # noqa: PLC0415
    from ezazml.operations.workbench import Purpose  # noqa: PLC0415

    caller = dict(os.environ)
    bench = open_bench(environment, Purpose.LOOK)
    with progress(f"Asking {environment}"):
        inventory = inspect(bench)
        endpoints = endpoints_of(inventory, open_azure(bench))
    text = to_markdown(environment, inventory, endpoints)
    if output == "json":
        print_json({"links": inventory.links, "endpoints": [vars(one) for one in endpoints]})
    else:
        add_summary(caller, text)
    if pull_request is not None:
        marker = f"<!-- ezazml: environment {environment} -->"
        _leave_sandbox(caller)
        click.echo(github_of(caller).upsert_comment(pull_request, marker, f"{marker}\n{text}"), err=True)
    require_ready(endpoints)


@ci.command()
@environment_argument
def drift(environment: str) -> None:
    """Look for drift in ENV and keep one issue of it: opened or updated where there is some, else closed."""
    from ezazml.ci.comment import text_of  # noqa: PLC0415
    from ezazml.ci.github import github_of  # noqa: PLC0415
    from ezazml.ci.redaction import redacted  # noqa: PLC0415
    from ezazml.cli.repair import other_sources, with_terraform  # noqa: PLC0415
    from ezazml.operations.drift import find_drift  # noqa: PLC0415
    from ezazml.operations.workbench import Purpose  # noqa: PLC0415
    from ezazml.report.drift import to_markdown  # noqa: PLC0415

    caller = dict(os.environ)
    github = github_of(caller)
    bench, _azure = with_terraform(environment, Purpose.DESTROY)
    with progress("Comparing with Azure"):
        found = find_drift(bench, others=other_sources(bench))
    secrets = {**caller, **os.environ}
    _leave_sandbox(caller)
    marker = f"<!-- ezazml: drift of {environment} -->"
    if not found:
        closed = github.close_issue(marker, label="drift")
        click.echo(f"{environment}: no drift.{f' Closed {closed}' if closed else ''}")
        return
    todo = f"Put back what is declared: `ezazml deploy {environment}`. Keep what Azure has: change the files to match."
    body = f"{marker}\n{redacted(to_markdown(environment, found), secrets)[:50_000]}\n{todo}\n"
    title = f"Drift in {text_of(environment)}: {len(found)} not as deployed"
    click.echo(
        f"{environment}: {len(found)} not as deployed: "
        f"{github.upsert_issue(marker, title=title, body=body, label='drift')}"
    )


def _leave_sandbox(caller: Mapping[str, str]) -> None:
    """Give this process its caller's variables back: GitHub is not reached through the sandbox."""
    os.environ.clear()
    os.environ.update(caller)


@ci.command()
@click.option("--repository", metavar="OWNER/NAME", required=True, help="The GitHub repository.")
@click.option(
    "--bootstrap",
    "files",
    multiple=True,
    type=existing_file,
    help="What `ezazml bootstrap ENV --output json` printed; once per environment.",
)
@click.option(
    "--reviewer",
    "reviewers",
    multiple=True,
    type=click.IntRange(min=1),
    metavar="ID",
    help="User id who approves production: gh api users/NAME --jq .id",
)
@output_option
def setup(repository: str, files: tuple[Path, ...], reviewers: tuple[int, ...], output: str) -> None:
    """Print the calls of `gh` that set labels, environments, variables and branch protection. Changes nothing."""
    from ezazml.ci.setup import Settings, setup_commands, variables_in  # noqa: PLC0415

    if not REPOSITORY.fullmatch(repository):
        raise InputError(f"--repository: {repository!r} is not owner/name.", hint="Such as contoso/ml.")
    repository = repository_name(repository)
    root = find_project()
    table = read_promotion(root)
    known: dict[str, dict[str, str]] = {}
    for file in files:
        try:
            name, variables = variables_in(json.loads(file.read_text(encoding="utf-8")))
        except (ValueError, AttributeError) as error:
            raise InputError(f"--bootstrap: {file} is not JSON of a bootstrap.", hint="Print it again.") from error
        known[table.of_environment(name).environment] = variables
    settings = [
        Settings(
            load_environment(step.environment, root=root, environ=environ_to_look(step.environment, os.environ)),
            step,
            known.get(step.environment, {}),
        )
        for step in table.steps
    ]
    commands = setup_commands(repository, table, settings, reviewers=list(reviewers))
    if output == "json":
        print_json({"commands": commands})
        return
    for line in commands:
        click.echo(line)
    for one in settings:
        if one.github_environment != one.environment.name or one.plan_environment != f"{one.environment.name}-plan":
            names = f"{one.environment.name} and {one.environment.name}-plan"
            text = f"{one.environment.name}: bootstrap.github names other GitHub environments than the workflows use"
            click.echo(f"{text} ({names}): change one of them.", err=True)
    if not reviewers:
        click.echo("No --reviewer: nobody has to approve a deployment of production.", err=True)


for command in (report, approval, save_plan, fetch_plan, drop_plan, feature, cleanup, expired, event, job, model):
    ci.add_command(command)
