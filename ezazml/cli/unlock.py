"""The command that breaks a lock on the state that nobody holds any more: ``ezazml unlock``."""

from __future__ import annotations

import click

from ezazml.cli.bench import open_bench
from ezazml.cli.common import asking, environment_argument, output_option, print_json
from ezazml.operations import unlocking
from ezazml.operations.workbench import Purpose
from ezazml.progress import progress


@click.command()
@environment_argument
@click.option("--id", "lock_id", required=True, metavar="ID", help="The lock's id, as the refused command told it.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask; for scripts.")
@output_option
def unlock(environment: str, lock_id: str, yes: bool, output: str) -> None:
    """Break the lock ID on the state of ENV, which a process that was killed left behind.

    Two processes that write one state lose resources: make sure that the one named in the message no longer runs.
    """
    if output == "json" and not yes:
        raise click.UsageError("--output json needs --yes: a program cannot be asked.")
    bench = open_bench(environment, Purpose.LOOK)

    def confirm() -> bool:
        text = f"Is the process that holds lock {lock_id} of {environment} really gone? Break the lock?"
        with asking("--yes"):
            return yes or click.confirm(text, default=False)

    with progress("Unlocking"):
        unlocking.unlock(bench, lock_id, confirm=confirm)
    if output == "json":
        print_json({"environment": environment, "unlocked": lock_id})
    else:
        click.echo(
            f"The state of {environment} is unlocked. Look at what the killed process left: ezazml plan {environment}"
        )
