"""Commands that repair an environment: ``ezazml purge | recover | import | drift``."""

from __future__ import annotations

import dataclasses
import os

import click

from ezazml.azure.arm import AzureApis, apis_of
from ezazml.cli.bench import open_without_terraform
from ezazml.cli.common import asking, environment_argument, output_option, print_json, print_table
from ezazml.cli.context import Context, enter
from ezazml.config.environment import Environment
from ezazml.errors import EzazmlError, InputError
from ezazml.operations import recovery, soft_deleted, takeover
from ezazml.operations.azure_ids import KINDS
from ezazml.operations.declared import declares_assets
from ezazml.operations.drift import Source, find_drift
from ezazml.operations.workbench import Purpose, Workbench, prepare
from ezazml.progress import progress
from ezazml.report.drift import Drifted, to_markdown
from ezazml.report.plan_summary import PlanSummary

yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask; for scripts.")


@click.command()
@environment_argument
@click.option("--confirm", "confirmation", metavar="NAME", help="The environment's name, for scripts.")
@click.option("--list", "only_list", is_flag=True, help="Only say what Azure keeps.")
@output_option
def purge(environment: str, confirmation: str | None, only_list: bool, output: str) -> None:
    """Remove for good the soft-deleted vault, workspace and Log Analytics of ENV. Asks for the environment's name.

    What lives is never touched. The data of what is purged cannot be brought back.
    """
    if output == "json" and confirmation is None and not only_list:
        raise click.UsageError(f"--output json needs --confirm {environment} or --list: a program cannot be asked.")
    loaded, azure = open_without_terraform(environment)
    with progress(f"Looking for what Azure keeps of {environment}"):
        kept = soft_deleted.find_soft_deleted(loaded, azure)
    if output == "table":
        _print_kept(environment, kept)
    if only_list or not kept:
        if output == "json":
            print_json({"kept": [dataclasses.asdict(item) for item in kept], "purged": []})
        return
    if confirmation is None and not loaded.settings.protected:
        with asking(f"--confirm {environment}"):
            confirmation = click.prompt("Type the environment's name to purge", default="", show_default=False)
    with progress("Purging") as show:
        done = soft_deleted.purge(loaded, azure, kept, confirmation=confirmation or "", show=show)
    if output == "json":
        purged = [{**dataclasses.asdict(one.item), "result": one.result, "note": one.note} for one in done]
        print_json({"kept": [dataclasses.asdict(item) for item in kept], "purged": purged})
        return
    for one in done:
        click.echo(f"{one.item.kind} {one.item.name}: {one.result}{f' ({one.note})' if one.note else ''}")
    click.echo(f"Make the environment anew: ezazml deploy {environment}")


@click.command()
@environment_argument
@yes_option
@output_option
def recover(environment: str, yes: bool, output: str) -> None:
    """Bring back the soft-deleted vault, workspace and Log Analytics of ENV, and import them.

    What the workspace stands on and was deleted for good (its storage, Application Insights, registry) is made again,
    empty.
    """
    _require_yes(output, yes)
    bench, azure = with_terraform(environment, Purpose.DEPLOY)

    def confirm(plan: recovery.RecoveryPlan) -> bool:
        if output == "json":
            return True
        _print_kept(environment, plan.kept)
        _print_changes("First, what the workspace stands on", plan.needed)
        with asking("--yes"):
            return yes or click.confirm("Bring it back?", default=False)

    with progress("Recovering") as show:
        bench.terraform.report_to(show)
        done = recovery.recover(bench, azure, confirm=confirm)
    if output == "json":
        print_json(dataclasses.asdict(done))
        return
    if done.workspace is not None:
        _print_takeover(environment, done.workspace)
    click.secho(f"{environment}: what Azure kept is back.", fg="green")
    click.echo(f"Make the rest: ezazml deploy {environment}")


@click.command("import")
@environment_argument
@click.option("--resource", metavar="KIND", help=f"One address, or one kind: {', '.join(KINDS)}.")
@click.option("--id", "identifier", metavar="ID", help="Its id in Azure, where the name does not lead to it.")
@click.option("--all", "everything", is_flag=True, help="Also what is in them: containers, roles, computes, secrets.")
@yes_option
@output_option
def import_(  # noqa: PLR0917
    environment: str, resource: str | None, identifier: str | None, everything: bool, yes: bool, output: str
) -> None:
    """Take over what exists in Azure and is not in the state of ENV: show the plan, ask, import.

    Without options: resource group, Log Analytics, Application Insights, storage, key vault, registry and workspace.
    Refuses to replace anything.
    """
    _require_yes(output, yes)
    selection = takeover.Selection(kind=resource, id=identifier, everything=everything)
    selection.types()
    bench, azure = with_terraform(environment, Purpose.DEPLOY)

    def confirm(found: takeover.Takeover) -> bool:
        if output == "json":
            return True
        _print_takeover(environment, found)
        with asking("--yes"):
            return yes or click.confirm(f"Import {len(found.blocks)}?", default=False)

    with progress("Importing") as show:
        bench.terraform.report_to(show)
        done = takeover.take_over(bench, azure, selection, confirm=confirm)
    if output == "json":
        print_json({**dataclasses.asdict(done), "target": bench.where})
    elif done.blocks:
        click.secho(f"{environment}: {len(done.blocks)} imported.", fg="green")
    else:
        _print_unimportable(done)
        click.echo(f"{environment}: there is nothing to import.")


@click.command()
@environment_argument
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there is drift, with 1 for every error.")
@click.option("--accept", is_flag=True, help="Write what Azure has into the state; changes nothing in Azure.")
@click.option(
    "--output",
    "-o",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
    help="For people (table, markdown) or for programs (json).",
)
def drift(environment: str, detailed_exitcode: bool, accept: bool, output: str) -> None:
    """Report what in ENV is not as it was deployed. Changes nothing in Azure."""
    try:
        bench, _azure = with_terraform(environment, Purpose.DESTROY)
        with progress("Comparing with Azure"):
            found = find_drift(bench, accept=accept, others=other_sources(bench))
    except InputError as error:
        if detailed_exitcode:  # there 2 means drift
            raise EzazmlError(error.message, hint=error.hint) from error
        raise
    if output == "json":
        print_json({"environment": environment, "target": bench.where, "drift": list(map(dataclasses.asdict, found))})
    elif output == "markdown":
        click.echo(to_markdown(environment, found), nl=False)
    elif not found:
        click.echo(f"Environment {environment} ({bench.where}): no drift, everything is as it was deployed.")
    else:
        rows = [(one.where, one.action, one.address, ", ".join(one.fields)) for one in found]
        print_table(f"{environment} ({bench.where}): {len(rows)} not as deployed", _DRIFT_COLUMNS, rows)
        for note in sorted({one.note for one in found if one.note}):
            click.echo(note)
        click.echo(f"Put back what is declared: ezazml deploy {environment}")
    if detailed_exitcode and found:
        raise click.exceptions.Exit(2)


def other_sources(bench: Workbench) -> list[Source]:
    """The workspace's assets, where the project declares some and the environment is deployed."""
    if not declares_assets(bench.environment):
        return []

    def assets(bench: Workbench) -> tuple[Drifted, ...]:
        from ezazml.operations.assets import drift_of_assets  # noqa: PLC0415 - imports azure-ai-ml
        from jobs.deployment import deployment_of  # noqa: PLC0415

        outputs = bench.terraform.outputs()
        if not outputs.get("workspace_name", {}).get("value"):
            return ()  # nothing is deployed, so nothing has drifted
        return drift_of_assets(deployment_of(bench.environment, outputs), environ=os.environ)

    return [assets]


_DRIFT_COLUMNS = ("where", "what", "address", "fields")


def _require_yes(output: str, yes: bool) -> None:
    if output == "json" and not yes:
        raise click.UsageError("--output json needs --yes: a program cannot be asked.")


def with_terraform(name: str, purpose: Purpose) -> tuple[Workbench, AzureApis]:
    """The environment, ready for Terraform, and Azure's own APIs; this process gets its variables."""
    context = enter(name, sdk=True)
    with progress(f"Preparing {name}") as show:
        bench = prepare(name, root=context.root, environ=context.environ, show=show, purpose=purpose)
    context.activate()
    return bench, _apis(bench.environment, context)


def _apis(environment: Environment, context: Context) -> AzureApis:
    settings = environment.settings
    return apis_of(str(settings.subscription_id), tenant_id=settings.tenant_id, environ=context.environ)


def _print_kept(environment: str, kept: list[soft_deleted.SoftDeleted] | tuple[soft_deleted.SoftDeleted, ...]) -> None:
    if not kept:
        click.echo(f"Azure keeps nothing deleted of {environment}.")
        return
    rows = [
        (item.kind, item.name, item.location, _since(item), item.purged_on or ("" if item.certain else "unknown"))
        for item in kept
    ]
    print_table(f"Deleted, and perhaps kept by Azure: {environment}", ("what", "name", "where", "since", "until"), rows)
    if any(not item.certain for item in kept):
        click.echo("The workspace does not exist; whether Azure keeps a deleted one, only its portal tells.")


def _since(item: soft_deleted.SoftDeleted) -> str:
    return item.deleted or ("unknown" if item.certain else "perhaps never there")


def _print_takeover(environment: str, found: takeover.Takeover) -> None:
    rows = [(block.address, block.id) for block in found.blocks]
    print_table(f"To import into {environment}: {len(rows)}", ("address", "id in Azure"), rows)
    _print_changes("Changed on the way", found.summary)
    _print_unimportable(found)


def _print_unimportable(found: takeover.Takeover) -> None:
    for address, reason in found.unimportable.items():
        click.secho(f"  not imported: {address}: {reason}", fg="yellow")


def _print_changes(title: str, summary: PlanSummary) -> None:
    changes = [change for change in summary.changes if change.action != "import"]
    if not changes:
        return
    click.secho(f"{title}:", bold=True)
    for change in changes:
        fields = f"  ({', '.join(change.fields)})" if change.fields else ""
        click.echo(f"  {change.action:8} {change.address}{fields}")
