"""How do models behave?"""

from __future__ import annotations

from typing import ClassVar

from sandbox.azureml_api.base import Change
from sandbox.azureml_api.places import keep_place
from sandbox.azureml_api.references import require_datastore
from sandbox.azureml_api.versioned import VersionedKind
from sandbox.web import Refusal

_TYPES = ("custom_model", "mlflow_model", "triton_model", "preset_model")


class Models(VersionedKind):
    """Models: files somewhere, and their flavours."""

    collection = "models"
    title = "Models"
    immutable: ClassVar = ("modelUri", "modelType")

    def prepare(self, change: Change) -> None:
        """The output of a job is kept as the place where it is."""
        keep_place(change, "modelUri")

    def check(self, change: Change) -> None:
        """A known type and an address."""
        kind = change.properties.setdefault("modelType", "custom_model")
        if kind not in _TYPES:
            raise Refusal(400, "ValidationError", f"The modelType '{kind}' is none of {', '.join(_TYPES)}.")
        uri = change.properties.get("modelUri")
        if not uri:
            raise Refusal(400, "ValidationError", "The field 'modelUri' is required.")
        require_datastore(change.store, change.workspace, uri)

    def complete(self, change: Change) -> None:
        """Flavours are always there: azure-ai-ml reads them."""
        if not change.properties.get("flavors"):
            change.properties["flavors"] = {}
