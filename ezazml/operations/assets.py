"""How do the declared assets get into the workspace? Plan and apply, for the commands and for ``jobs.post_deploy``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jobs.assets.applying import Result, apply_plan
from jobs.assets.declaration import load_declaration
from jobs.assets.planning import Plan, make_plan
from jobs.assets.tags import project_id
from jobs.assets.workspace import Workspace
from jobs.connection import Connection
from jobs.deployment import Deployment

#: Shown the plan, answers whether to go on.
Confirm = Callable[[Plan], bool]
Show = Callable[[str], None]


@dataclass(frozen=True)
class Assets:
    """The declared assets of a deployment, planned and ready to apply."""

    plan: Plan
    workspace: Workspace

    def apply(self, *, workers: int, show: Show) -> Result:
        """Carry out the plan."""
        return apply_plan(self.plan, self.workspace, workers=workers, show=show)


def plan_assets(
    deployment: Deployment,
    *,
    environ: Mapping[str, str],
    orphans: bool = True,
    prune: bool = False,
    only: str | None = None,
    workers: int = 16,
    show: Show = lambda _line: None,
) -> Assets:
    """Check what is declared and compare it with the workspace. Writes nothing.

    Raises :class:`ConfigurationError` with every mistake in the declaration, before Azure is asked anything.
    """
    show("reading the declaration")
    declaration = load_declaration(deployment, environ=environ)
    project = project_id(deployment.environment.root)
    workspace = Workspace(Connection(deployment, environ=environ), project=project, environ=environ)
    show(f"reading workspace {deployment.workspace}")
    return Assets(
        make_plan(declaration, workspace, orphans=orphans, prune=prune, only=only, workers=workers), workspace
    )
