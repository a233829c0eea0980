"""How does a command get an environment that is ready for Terraform?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ezazml.cli.context import enter
from ezazml.config.checks import require_deployable, warnings_for_deployment
from ezazml.config.lasting_state import require_lasting_state
from ezazml.config.loading import load_environment
from ezazml.operations.workbench import Purpose, Workbench, prepare
from ezazml.progress import progress

if TYPE_CHECKING:
    from ezazml.azure.arm import AzureApis
    from ezazml.config.environment import Environment


def open_bench(environment: str, purpose: Purpose) -> Workbench:
    """The environment, loaded, checked, synthesised and initialised.

    Raises :class:`InputError` for mistakes in the configuration and for missing programs.
    """
    context = enter(environment)
    with progress(f"Preparing {environment}") as show_line:
        bench = prepare(environment, root=context.root, environ=context.environ, show=show_line, purpose=purpose)
    if purpose is Purpose.DEPLOY:
        for warning in warnings_for_deployment(environment, bench.environment.settings):
            click.secho(f"Warning: {warning}", fg="yellow", err=True)
    return bench


def open_azure(bench: Workbench) -> AzureApis:
    """Azure's own APIs for an environment, with the login that Terraform uses; this process gets their variables."""
    from ezazml.azure.arm import apis_of  # noqa: PLC0415 - needed by few commands, and seldom

    enter(bench.environment.name, sdk=True).activate()
    settings = bench.environment.settings
    return apis_of(settings.subscription_id or "", tenant_id=settings.tenant_id, environ=os.environ)


def open_without_terraform(name: str) -> tuple[Environment, AzureApis]:
    """The environment, and Azure's own APIs for it, for what needs neither stack nor state."""
    from ezazml.azure.arm import apis_of  # noqa: PLC0415 - needed by few commands, and seldom

    context = enter(name, sdk=True)
    loaded = load_environment(name, root=context.root, environ=context.environ)
    require_lasting_state(loaded, context.environ)
    require_deployable(name, loaded.settings, with_secrets=False)
    context.activate()
    settings = loaded.settings
    azure = apis_of(str(settings.subscription_id), tenant_id=settings.tenant_id, environ=context.environ)
    return loaded, azure
