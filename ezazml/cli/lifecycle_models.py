"""Commands about models: ``ezazml model register | promote | list | show | compare`` and ``ezazml gate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ezazml.cli.common import command_options, environment_argument, output_option, print_json
from ezazml.cli.lifecycle_common import report, report_rows, working

if TYPE_CHECKING:
    from jobs.lifecycle.gate import Report

_COLUMNS = ("name", "version", "type", "stage", "created", "from")
_STAGES = ("challenger", "champion")
_path = click.Path(path_type=Path)

_origin = command_options(
    click.option("--job", metavar="NAME", help="The job that made it."),
    click.option("--job-output", metavar="NAME", default="model", show_default=True, help="Which output of the job."),
    click.option("--path", metavar="PATH", help="A local file or folder, or an address. Default: MODEL_PATH."),
)


@click.group()
def model() -> None:
    """Registered models: register, promote, list, show, compare."""


@model.command()
@environment_argument
@_origin
@click.option("--name", metavar="NAME", help="Default: MODEL_NAME, else what model.yml of the project says.")
@click.option("--version", metavar="VERSION", help="Default: MODEL_VERSION, else the next one.")
@click.option("--note", metavar="TEXT", help="A note on this version. Default: MODEL_VERSION_NOTE.")
@click.option("--type", "type_", type=click.Choice(["mlflow_model", "custom_model", "triton_model"]))
@click.option("--file", type=_path, help="An official model YAML. Default: model.yml of the project.")
@click.option("--stage", type=click.Choice(_STAGES), help="Promote it at once.")
@output_option
def register(
    environment: str,
    *,
    job: str | None,
    job_output: str,
    path: str | None,
    name: str | None,
    version: str | None,
    note: str | None,
    type_: str | None,
    file: Path | None,
    stage: str | None,
    output: str,
) -> None:
    """Register a version of a model, with metrics, git commit, data and job as tags."""
    from ezazml.operations.lifecycle import registration  # noqa: PLC0415
    from jobs.lifecycle import models  # noqa: PLC0415 - imports azure-ai-ml

    with working("Registering the model", environment, output) as (connection, _show):
        wanted = registration(
            connection,
            file=file,
            name=name,
            path=path,
            job=job,
            output=job_output,
            type_=type_,
            version=version,
            note=note,
        )
        made = models.register(connection, wanted)
        if stage is not None:
            models.promote(connection, made, models.Stage(stage))
            made = models.find(connection, made.reference)
    if output == "json":
        print_json(made.as_json())
        return
    done = "registered" if made.is_new else "is registered"
    click.echo(f"Model {made.name} version {made.version} {done}{f', {made.stage}' if made.stage else ''}.")
    click.echo(made.reference)


@model.command()
@environment_argument
@click.argument("reference", metavar="NAME[:VERSION]")
@click.option("--stage", type=click.Choice(_STAGES), default="champion", show_default=True)
@output_option
def promote(environment: str, reference: str, stage: str, output: str) -> None:
    """Make a version the champion (or a challenger); whoever was it is not any more."""
    from jobs.lifecycle import models  # noqa: PLC0415

    with working("Promoting the model", environment, output) as (connection, _show):
        version = models.find(connection, reference)
        touched = models.promote(connection, version, models.Stage(stage))
    if output == "json":
        print_json([one.as_json() for one in touched])
        return
    if not touched:
        click.echo(f"Model {version.name} version {version.version} is the {stage} already.")
    for one in touched:
        said = f"is the {one.stage}" if one.stage else f"is not the {stage} any more"
        click.echo(f"Model {one.name} version {one.version} {said}.")


@model.command("list")
@environment_argument
@click.argument("name", required=False)
@output_option
def list_(environment: str, name: str | None, output: str) -> None:
    """The versions of a model, or of every model."""
    from jobs.lifecycle.models import list_versions  # noqa: PLC0415
    from jobs.lifecycle.tags import JOB  # noqa: PLC0415

    with working("Listing the models", environment, output) as (connection, _show):
        found = list_versions(connection, name)
    rows = [{**one.as_json(), "from": one.tags.get(JOB) or one.path} for one in found]
    report_rows(rows, _COLUMNS, output, f"Models of {environment}")


@model.command()
@environment_argument
@click.argument("reference", metavar="NAME[:VERSION]")
@output_option
def show(environment: str, reference: str, output: str) -> None:
    """One version: where it comes from, what it measured, its tags. @champion and @latest work too."""
    from jobs.lifecycle.models import find  # noqa: PLC0415

    with working("Looking for the model", environment, output) as (connection, _show):
        found = find(connection, reference)
    report(found.as_json(), output, f"Model {found.name} version {found.version}")


@model.command()
@environment_argument
@click.argument("references", metavar="NAME[:VERSION]...", nargs=-1, required=True)
@output_option
def compare(environment: str, references: tuple[str, ...], output: str) -> None:
    """Metrics side by side: of the versions named, or of every version of one name."""
    from jobs.lifecycle.models import find, list_versions  # noqa: PLC0415

    with working("Looking for the models", environment, output) as (connection, _show):
        alone = len(references) == 1 and ":" not in references[0] and "@" not in references[0]
        versions = list_versions(connection, references[0]) if alone else []
        versions = versions or [find(connection, reference) for reference in references]
    names = sorted({metric for one in versions for metric in one.metrics})
    rows = [{"model": f"{one.name}:{one.version}", "stage": one.stage, **one.metrics} for one in versions]
    report_rows(rows, ("model", "stage", *names), output, "Metrics")


@click.command()
@environment_argument
@click.option("--job", metavar="NAME", help="Judge the model that this job trained.")
@click.option("--model", "reference", metavar="NAME[:VERSION]", help="Judge a registered model.")
@click.option("--file", type=_path, help="Default: gate.yml of the project.")
@click.option("--mode", type=click.Choice(["disabled", "dry_run", "enabled"]), help="Instead of the file's.")
@click.option("--report", "folder", type=_path, help="Folder of the report. Default: .ezazml/reports.")
@output_option
def gate(
    environment: str,
    *,
    job: str | None,
    reference: str | None,
    file: Path | None,
    mode: str | None,
    folder: Path | None,
    output: str,
) -> None:
    """May a model be deployed? Its metrics against bounds and against the champion. Exit code 1 if it refuses."""
    from ezazml.operations.lifecycle import evaluate_gate, require_passed  # noqa: PLC0415
    from jobs.lifecycle.gate import write_report  # noqa: PLC0415

    with working("Judging the model", environment, output) as (connection, _show):
        found = evaluate_gate(connection, file=file, job=job, model=reference, mode=mode)
        root = connection.deployment.environment.root
        markdown, data = write_report(found, folder or root / ".ezazml" / "reports")
    if output == "json":
        print_json({**found.as_json(), "report": {"markdown": str(markdown), "json": str(data)}})
    else:
        print_gate(found)
        click.echo(f"Report: {markdown}")
    require_passed(found, markdown)


def print_gate(found: Report) -> None:
    """Print what the gate found."""
    rows = [
        {
            "metric": check.metric,
            "value": check.value,
            "rule": check.rule,
            "result": "kept" if check.passed else "broken",
            "note": check.note,
        }
        for check in found.checks
    ]
    if rows:
        report_rows(rows, ("metric", "value", "rule", "result", "note"), "table", f"Gate of {found.candidate}")
    colour = "green" if found.passed else "red" if found.refuses else "yellow"
    click.secho(f"Gate: {found.verdict}", fg=colour)
