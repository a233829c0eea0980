"""An online endpoint gets its diagnostic setting when it is declared and applied, keeps it, and takes it along."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ezazml.operations.assets import drift_of_assets, plan_assets
from jobs.connection import Connection
from jobs.endpoint_signals import LOGS, NAME
from jobs.lifecycle.endpoints import delete
from sandbox.store import Store
from tests.e2e.assets_project import SCHEMAS, Declared
from tests.sandbox.conftest import WORKSPACE

pytestmark = pytest.mark.e2e


def test_an_endpoint_sends_its_logs_where_the_environments_go(declared: Declared) -> None:
    declared.write(
        "assets/endpoints/told.yml",
        f"$schema: {SCHEMAS}/managedOnlineEndpoint.schema.json\nname: told\nauth_mode: key\n",
    )
    declared.write("environments/watched.yaml", "target: sandbox\ndiagnostics: {enabled: true}\n")
    group = declared.served.id.split("/providers/")[0]
    place = f"{group}/providers/Microsoft.OperationalInsights/workspaces/logs-01"
    deployment = declared.deployment_of("watched", workspace_name=WORKSPACE, log_analytics_workspace_id=place)
    endpoint = f"{declared.served.id}/onlineEndpoints/told"

    def setting() -> dict[str, Any] | None:
        with Store.transaction(declared.served.home.store_file) as store:
            return store.get(f"{endpoint}/providers/Microsoft.Insights/diagnosticSettings/{NAME}")

    def put() -> list[str]:
        assets = plan_assets(deployment, environ=os.environ, only="told")
        assert not assets.apply(workers=2, show=lambda _line: None).failed
        return [str(difference) for change in assets.plan.changes for difference in change.differences]

    put()
    made = setting()
    assert made is not None
    assert [one["category"] for one in made["properties"]["logs"]] == list(LOGS)
    assert made["properties"]["workspaceId"] == place
    assert put() == []
    # Somebody takes it away: that is drift, and the next apply puts it back.
    with Store.transaction(declared.served.home.store_file) as store:
        store.delete(made["id"])
    (drifted,) = [one for one in drift_of_assets(deployment, environ=os.environ) if "told" in one.address]
    assert drifted.fields == ("diagnostic setting",)
    assert put() == [f"diagnostic setting: nothing -> {', '.join(LOGS)} to Log Analytics"]
    assert setting() == made
    delete(Connection(deployment), "told", None)
    assert setting() is None
