"""How is a schedule run by hand? Found by its name in any workspace, and triggered."""

from __future__ import annotations

from sandbox.azureml_api.base import WORKSPACES
from sandbox.azureml_api.schedules import trigger
from sandbox.cloud import Cloud
from sandbox.web import Refusal


def fire(cloud: Cloud, text: str) -> tuple[int, dict[str, str]]:
    """Trigger ``SCHEDULE`` or ``WORKSPACE/SCHEDULE``; a status, and the job or what is wrong."""
    wanted, _, name = text.rpartition("/")
    with cloud.stores.reading() as store:
        found = [body for body in store.find(f"{WORKSPACES}/schedules") if body["name"].lower() == name.lower()]
        pairs = [(body, store.get(body["id"].rpartition("/schedules/")[0])) for body in found]
    known = [(body, workspace) for body, workspace in pairs if workspace is not None]
    if wanted:
        known = [(body, workspace) for body, workspace in known if workspace["name"].lower() == wanted.lower()]
    if not known:
        where = f" in the workspace '{wanted}'" if wanted else ""
        return 404, {"error": f"There is no schedule '{name}'{where} in the sandbox."}
    if len(known) > 1:
        names = ", ".join(f"{workspace['name']}/{name}" for _, workspace in known)
        return 400, {"error": f"Several workspaces have a schedule '{name}'; name one of {names}."}
    schedule, workspace = known[0]
    try:
        job = trigger(cloud, workspace, schedule)
    except Refusal as refusal:
        return refusal.status, {"error": refusal.message}
    return 200, {"schedule": schedule["name"], "workspace": workspace["name"], "job": job}
