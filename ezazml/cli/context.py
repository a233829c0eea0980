"""In which environment of variables does a command run? The caller's, or the sandbox's for its environments."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ezazml.config.loading import load_environment
from ezazml.config.login import with_login
from ezazml.config.targets import Target, in_sandbox_shell
from ezazml.errors import EzazmlError
from ezazml.project import find_project

if TYPE_CHECKING:
    from sandbox.home import SandboxHome
    from sandbox.services import ServiceRecord


@dataclass(frozen=True)
class Context:
    """The project's folder and the variables that the command's work gets."""

    root: Path
    environ: dict[str, str]
    target: Target

    def activate(self) -> None:
        """Give this process the variables too: Azure's SDKs read their proxy, certificates and login from it."""
        os.environ.clear()
        os.environ.update(self.environ)


def enter(name: str, *, sdk: bool = False) -> Context:
    """Where the environment ``name`` is worked on.

    An environment of the sandbox gets the sandbox's variables, and the sandbox is brought up if it is down. Nothing
    below the command line needs to know about it. With ``sdk`` also Azure's SDKs work there: the sandbox's service is
    started, which takes a second once; commands that only run Terraform do without.
    """
    root = find_project()
    environ = dict(os.environ)
    settings = load_environment(name, root=root, environ=environ).settings
    if settings.target is not Target.SANDBOX:
        return Context(root, with_login(settings, environ), settings.target)
    from sandbox.home import SandboxHome  # noqa: PLC0415 - only its own environments need the sandbox

    home = SandboxHome(Path(environ.get("EZAZML_SANDBOX_HOME") or root / ".sandbox"))
    if not home.is_up:
        click.echo("Bringing the sandbox up.", err=True)
    home.up()
    # Also in a shell of the sandbox: with a part of its variables only, the real providers would run with the
    # caller's login.
    opened_for = environ.get("EZAZML_SANDBOX_ENVIRONMENTS", "").split(",") if in_sandbox_shell(environ) else []
    allowed = sorted({name, *filter(None, opened_for)})
    environ = home.environ(allowed, environ, service=start_service(home) if sdk else None)
    return Context(root, environ, settings.target)


def start_service(home: SandboxHome) -> ServiceRecord:
    """The sandbox's service, started if it does not run. Raises :class:`EzazmlError` when it does not start."""
    from sandbox.services import ServiceError  # noqa: PLC0415

    try:
        return home.services.start()
    except ServiceError as error:
        raise EzazmlError(str(error)) from error
