"""How does a command get an environment that is ready for Terraform?"""

from __future__ import annotations

import click

from ezazml.cli.context import enter
from ezazml.config.checks import warnings_for_deployment
from ezazml.operations.workbench import Purpose, Workbench, prepare
from ezazml.progress import progress


def open_bench(environment: str, purpose: Purpose, *, sdk: bool = False) -> Workbench:
    """The environment, loaded, checked, synthesised and initialised; ``sdk`` where Azure's own APIs are called too.

    Raises :class:`InputError` for mistakes in the configuration and for missing programs.
    """
    context = enter(environment, sdk=sdk)
    if sdk:
        context.activate()
    with progress(f"Preparing {environment}") as show_line:
        bench = prepare(environment, root=context.root, environ=context.environ, show=show_line, purpose=purpose)
    if purpose is Purpose.DEPLOY:
        for warning in warnings_for_deployment(environment, bench.environment.settings):
            click.secho(f"Warning: {warning}", fg="yellow", err=True)
    return bench
