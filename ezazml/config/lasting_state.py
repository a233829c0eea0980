"""Does a state outlive the machine that writes it? In a workflow, one beside the project is gone with the job."""

from __future__ import annotations

from collections.abc import Mapping

from ezazml.config.environment import Environment
from ezazml.config.models import AzurermBackend
from ezazml.config.targets import Target
from ezazml.errors import InputError


def require_lasting_state(environment: Environment, environ: Mapping[str, str]) -> None:
    """Raise :class:`InputError` in a workflow when the state would be lost with the workflow's machine.

    Such a job begins with an empty state: it would deploy what is there already, and destroy or import nothing.
    """
    settings, name = environment.settings, environment.name
    if settings.target is Target.SANDBOX or isinstance(settings.backend, AzurermBackend):
        return
    if environ.get("GITHUB_ACTIONS") == "true":
        raise InputError(
            f"environments/{name}.yaml: backend.type is local: the state would be lost with the workflow's machine.",
            hint=f"Give it a storage account: ezazml bootstrap {name} --write",
        )
