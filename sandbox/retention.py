"""What of a deleted Azure ML workspace does Azure keep, and for how long?"""

from __future__ import annotations

from sandbox.store import ArmObject, Store

#: Microsoft Learn, "Recover workspace data while soft deleted".
RETENTION_DAYS = 14


def delete_workspace(store: Store, body: ArmObject) -> None:
    """Delete it as Azure does: softly, but for one that has user-assigned identities only (same page)."""
    if str(body.get("identity", {}).get("type", "")).lower() == "userassigned":
        store.delete(body["id"])
    else:
        store.soft_delete(body["id"], retention_days=RETENTION_DAYS)
