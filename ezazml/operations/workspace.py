"""How does a command get at the workspace of an environment? Through the outputs of what Terraform deployed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ezazml.operations.workbench import Purpose, prepare
from ezazml.terraform.runner import Progress
from jobs.deployment import Deployment, deployment_of


def open_deployment(name: str, *, root: Path, environ: Mapping[str, str], show: Progress) -> Deployment:
    """The deployment of an environment, read from its Terraform state.

    Raises :class:`InputError` when it is not deployed.
    """
    bench = prepare(name, root=root, environ=environ, show=show, purpose=Purpose.LOOK)
    return deployment_of(bench.environment, bench.terraform.outputs())
