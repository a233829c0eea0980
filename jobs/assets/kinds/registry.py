"""Who handles which kind of asset? A new kind is one module and one line here."""

from __future__ import annotations

from jobs.assets.asset import Kind
from jobs.assets.kinds.answering import DefaultDeployment, Traffic
from jobs.assets.kinds.base import Handler
from jobs.assets.kinds.datastores import Datastores
from jobs.assets.kinds.deployments import Deployments
from jobs.assets.kinds.endpoints import Endpoints
from jobs.assets.kinds.schedules import Schedules
from jobs.assets.kinds.versioned import Versioned
from jobs.assets.kinds.workspaces import Workspaces

HANDLERS: dict[Kind, Handler] = {
    handler.kind: handler
    for handler in (
        Workspaces(),
        Datastores(),
        Versioned(Kind.ENVIRONMENT, "environments"),
        Versioned(Kind.DATA, "data"),
        Versioned(Kind.COMPONENT, "components"),
        Versioned(Kind.MODEL, "models"),
        Endpoints(Kind.ONLINE_ENDPOINT),
        Endpoints(Kind.BATCH_ENDPOINT),
        Deployments(Kind.ONLINE_DEPLOYMENT),
        Deployments(Kind.BATCH_DEPLOYMENT),
        Traffic(),
        DefaultDeployment(),
        Schedules(),
    )
}

#: Kinds that are read as part of another kind.
READ_WITH = {Kind.TRAFFIC: Kind.ONLINE_ENDPOINT, Kind.DEFAULT_DEPLOYMENT: Kind.BATCH_ENDPOINT}
