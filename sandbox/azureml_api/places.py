"""Where is an asset kept that was registered from a job's output? In the datastore, as azure-ai-ml wants to read it."""

from __future__ import annotations

from sandbox.azureml_api.base import Change
from sandbox.compute import addresses
from sandbox.compute.errors import ComputeError
from sandbox.web import Refusal


def keep_place(change: Change, field: str) -> None:
    """Write the datastore's address into ``field`` where it names the output of a job.

    Raises :class:`Refusal` for a job or an output that does not exist.
    """
    uri = change.properties.get(field)
    if not isinstance(uri, str):
        return
    try:
        change.properties[field] = addresses.in_datastore(change.store, change.workspace, uri)
    except ComputeError as error:
        raise Refusal(400, "UserError", str(error)) from error
