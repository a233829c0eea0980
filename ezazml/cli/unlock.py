"""The command that breaks a lock on the state that nobody holds any more: ``ezazml unlock``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ezazml.cli.bench import open_bench
from ezazml.cli.common import asking, environment_argument, output_option, print_json
from ezazml.cli.context import enter
from ezazml.operations import unlocking
from ezazml.operations.workbench import Purpose
from ezazml.progress import progress

if TYPE_CHECKING:
    from ezazml.terraform.runner import Terraform


@click.command()
@environment_argument
@click.option("--id", "lock_id", required=True, metavar="ID", help="The lock's id, as the refused command told it.")
@click.option("--bootstrap", is_flag=True, help="The lock is on the state of ENV's bootstrap, not on ENV's own.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask; for scripts.")
@output_option
def unlock(environment: str, lock_id: str, bootstrap: bool, yes: bool, output: str) -> None:
    """Break the lock ID on the state of ENV, which a process that was killed left behind.

    Two processes that write one state lose resources: make sure that the one named in the message no longer runs.
    """
    if output == "json" and not yes:
        raise click.UsageError("--output json needs --yes: a program cannot be asked.")
    what = f"{environment}'s bootstrap" if bootstrap else environment
    terraform, on_this_machine = _bootstrap_state(environment) if bootstrap else _own_state(environment)

    def confirm() -> bool:
        text = f"Is the process that holds lock {lock_id} of {what} really gone? Break the lock?"
        with asking("--yes"):
            return yes or click.confirm(text, default=False)

    with progress("Unlocking"):
        unlocking.unlock(what, terraform, lock_id, on_this_machine=on_this_machine, confirm=confirm)
    if output == "json":
        print_json({"environment": environment, "unlocked": lock_id})
    else:
        click.echo(
            f"The state of {what} is unlocked. Look at what the killed process left: "
            f"ezazml {'bootstrap' if bootstrap else 'plan'} {environment}"
        )


def _own_state(environment: str) -> tuple[Terraform, bool]:
    bench = open_bench(environment, Purpose.LOOK)
    return bench.terraform, bench.environment.settings.backend.type == "local"


def _bootstrap_state(environment: str) -> tuple[Terraform, bool]:
    from ezazml.operations.bootstrap import prepare_bootstrap  # noqa: PLC0415 - needed seldom

    context = enter(environment, sdk=True)
    context.activate()
    with progress(f"Preparing the bootstrap of {environment}") as show:
        bench = prepare_bootstrap(environment, root=context.root, environ=context.environ, show=show)
    return bench.terraform, not bench.moved
