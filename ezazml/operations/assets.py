"""How do the declared assets get into the workspace? Plan and apply, for the commands and for ``jobs.post_deploy``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ezazml.operations.readiness import wait_for_data_access
from ezazml.report.drift import Drifted
from jobs.assets.applying import Result, apply_plan
from jobs.assets.changes import Action
from jobs.assets.declaration import load_declaration
from jobs.assets.planning import Plan, make_plan
from jobs.assets.tags import project_id
from jobs.assets.workspace import Workspace
from jobs.connection import Connection
from jobs.deployment import Deployment

#: Shown the plan, answers whether to go on.
Confirm = Callable[[Plan], bool]
Show = Callable[[str], None]
#: Assets have no state beside the workspace, so the two cannot be told apart.
_WHICH_DRIFT = "Assets: changed in the workspace, or declared since the last `ezazml assets apply {name}`."


@dataclass(frozen=True)
class Assets:
    """The declared assets of a deployment, planned and ready to apply."""

    plan: Plan
    workspace: Workspace

    def apply(self, *, workers: int, show: Show) -> Result:
        """Carry out the plan. After a first deployment the login's role on the storage may not count yet: wait for it.

        Raises :class:`EzazmlError` when it does not count after ten minutes; nothing is changed then.
        """
        deployment = self.workspace.connection.deployment
        if not self.plan.is_empty and deployment.owns_workspace:
            wait_for_data_access(self.workspace.connection, show=show)
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


def drift_of_assets(deployment: Deployment, *, environ: Mapping[str, str], workers: int = 16) -> tuple[Drifted, ...]:
    """Declared assets that an apply would put right: missing, changed, or of another content. Writes nothing."""
    plan = plan_assets(deployment, environ=environ, orphans=False, workers=workers).plan
    return tuple(
        Drifted(
            "workspace",
            "gone" if change.action is Action.CREATE else "changed",
            str(change.key),
            tuple(difference.field for difference in change.differences),
            _WHICH_DRIFT.format(name=deployment.name),
        )
        for change in plan.changes
        if change.writes
    )
