"""Where is a deployment's model? Brought to this machine, in the folders that Azure ML would mount."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sandbox.azureml_api.references import identifier_of
from sandbox.compute.context import Context
from sandbox.compute.errors import ComputeError
from sandbox.store import ArmObject

_VERSION = re.compile(r"/models/([^/]+)/versions/([^/]+)$", re.IGNORECASE)


def download_model(context: Context, workspace: ArmObject, reference: Any, folder: Path) -> Path | None:
    """Bring a model to ``folder/NAME/VERSION``, its file or folder below that; ``None`` for no model.

    Raises :class:`ComputeError`.
    """
    if not reference:
        return None
    text = str(reference.get("assetId") or "") if isinstance(reference, dict) else str(reference)
    identifier = identifier_of(workspace, "models", text)
    found = _VERSION.search(identifier)
    body = context.records.read(lambda store: store.get(identifier))
    if found is None or body is None:
        raise ComputeError(f"The model '{text}' does not exist in the workspace '{workspace['name']}'.")
    place = context.place(workspace, body["properties"]["modelUri"])
    base = folder / found[1] / found[2]
    name = place.path.rstrip("/").rpartition("/")[2]
    names = context.files.names(place)
    single = names == [place.path.strip("/")]
    try:
        context.files.download(place, base if single or not name else base / name)
    except ComputeError as error:
        raise ComputeError(f"The model {found[1]}:{found[2]} cannot be read: {error}") from error
    return base
