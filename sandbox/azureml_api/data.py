"""How do data assets behave?"""

from __future__ import annotations

from typing import ClassVar

from sandbox.azureml_api.base import Change
from sandbox.azureml_api.places import keep_place
from sandbox.azureml_api.references import require_datastore
from sandbox.azureml_api.versioned import VersionedKind
from sandbox.web import Refusal

_TYPES = ("uri_file", "uri_folder", "mltable")


class Data(VersionedKind):
    """Data assets: a file, a folder or an MLTable somewhere."""

    collection = "data"
    title = "Data"
    immutable: ClassVar = ("dataUri", "dataType", "referencedUris")
    inherited: ClassVar = ("dataType",)

    def prepare(self, change: Change) -> None:
        """The output of a job is kept as the place where it is."""
        keep_place(change, "dataUri")

    def check(self, change: Change) -> None:
        """A known type, the same for all versions of a name, and an address."""
        kind, uri = change.properties.get("dataType"), change.properties.get("dataUri")
        if kind not in _TYPES:
            raise Refusal(400, "ValidationError", f"The dataType '{kind}' is none of {', '.join(_TYPES)}.")
        if not uri:
            raise Refusal(400, "ValidationError", "The field 'dataUri' is required.")
        require_datastore(change.store, change.workspace, uri)
        container = change.store.get(change.id.rpartition("/versions/")[0])
        known = container["properties"].get("dataType") if container else None
        if known not in (None, kind):
            text = f"The data container has type {known}; a version of type {kind} cannot be added to it."
            raise Refusal(400, "UserError", text)
