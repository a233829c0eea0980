"""The command ``ezazml bootstrap``: what must exist before the first deployment."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from ezazml.cli.common import asking, environment_argument, output_option, print_json
from ezazml.cli.context import enter
from ezazml.config.blocks import block_lines
from ezazml.operations.bootstrap import (
    Bootstrapped,
    local_state_left,
    lost_logins,
    prepare_bootstrap,
    write_settings,
)
from ezazml.operations.bootstrap import bootstrap as run_bootstrap
from ezazml.progress import progress
from ezazml.report.bootstrap_guide import Guide, guide_for
from ezazml.report.plan_summary import PlanSummary

if TYPE_CHECKING:
    from ezazml.config.environment import Environment


@click.command()
@environment_argument
@click.option(
    "--github",
    metavar="OWNER/NAME",
    help="Repository whose workflows deploy (docs/ci.md); else bootstrap.github.",
)
@click.option("--write", is_flag=True, help="Write the backend (and --github) into ENV's file.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask; for scripts.")
@output_option
def bootstrap(environment: str, github: str | None, write: bool, yes: bool, output: str) -> None:
    """Make the storage for ENV's state, and the identity that deploys ENV from GitHub without a secret.

    Safe to repeat. Needs a login that may assign roles in the subscription, such as its owner.
    """
    if output == "json" and not yes:
        raise click.UsageError("--output json needs --yes: a program cannot be asked.")
    context = enter(environment, sdk=True)
    if github is not None:
        context.environ["EZAZML_BOOTSTRAP__GITHUB__REPOSITORY"] = github
    context.activate()

    def confirm(summary: PlanSummary) -> bool:
        if output == "json":
            return True
        click.secho(f"Bootstrap of {environment} in the subscription {subscription}: {summary.headline()}", bold=True)
        for change in summary.changes:
            click.echo(f"  {change.action:8} {change.address}")
        if lost_logins(summary):
            text = "This takes logins away from GitHub. To keep them: --github OWNER/NAME, or bootstrap.github."
            click.secho(text, fg="yellow")
        with asking("--yes"):
            return yes or click.confirm("Apply this plan?", default=False)

    with progress(f"Preparing the bootstrap of {environment}") as show:
        bench = prepare_bootstrap(environment, root=context.root, environ=context.environ, show=show)
    subscription = bench.environment.settings.subscription_id
    with progress("Bootstrapping") as show:
        bench.terraform.report_to(show)
        done = run_bootstrap(bench, confirm=confirm)
    guide = guide_for(bench.environment, done.names, done.outputs)
    written = write_settings(bench.environment, guide.backend) if write else []
    if output == "json":
        counts = done.summary.counts()
        print_json({"environment": environment, "changes": counts, "written": written, **dataclasses.asdict(guide)})
        return
    _tell(done, guide)
    _tell_file(bench.environment, guide, written if write else None)


def _tell_file(environment: Environment, guide: Guide, written: list[str] | None) -> None:
    where = f"environments/{environment.name}.yaml"
    if written is None:
        click.echo(f"\nFor {where} (or repeat with --write):\n{block_lines('backend', guide.backend)}", nl=False)
        github = environment.settings.bootstrap.github
        if github is not None and environment.origins.get("bootstrap.github.repository", "").startswith("variable"):
            click.echo(block_lines("bootstrap", {"github": {"repository": github.repository}}), nl=False)
    else:
        click.echo(f"\n{where}: {'wrote ' + ' and '.join(written) if written else 'has the right settings already'}.")
    state = local_state_left(environment)
    if state is not None:
        target = environment.settings.target.value
        stack = f".ezazml/{target}/{environment.name}/stacks/{environment.name}"
        click.secho(f"{environment.name} has a state in {state}. Move it before the next deployment:", fg="yellow")
        click.echo(f"  ezazml synth {environment.name} && terraform -chdir={stack} init -migrate-state")
    if environment.origins.get("backend.type", "").startswith("target"):
        click.echo("As long as its target is the sandbox, its own state stays on this machine.")


def _tell(done: Bootstrapped, guide: Guide) -> None:
    names = done.names
    click.secho(f"{done.summary.headline()} done." if done.summary.changes else "Everything exists.", fg="green")
    click.echo(f"State storage: {names.storage_account}, container {names.container}, in {names.resource_group}")
    click.echo(f"Deploying identity: {names.application}, client id {done.outputs['client_id']}")
    click.echo(f"The bootstrap's own state: {names.bootstrap_key} in that container")
    if guide.github_commands:
        click.echo(f"\nMay log in without a secret: {'; '.join(guide.subjects)}.")
        if guide.ids_command:
            click.echo("A repository that was made or renamed since July 15, 2026 must be named with its ids instead:")
            click.echo(f'  --github "$({guide.ids_command})"')
        click.echo(f"In GitHub, variables of the environment {guide.github_environment} (no secrets):")
        for command in guide.github_commands:
            click.echo(f"  {command}")
    else:
        click.echo("\nNobody may log in as it yet: name a repository with --github OWNER/NAME or bootstrap.github.")
    click.echo(f"\nOnce, by an administrator of Entra ({', '.join(guide.graph_permissions)}):")
    for command in guide.administrator_commands:
        click.echo(f"  {command}")
