"""How do components behave?"""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.azureml_api.base import Change
from sandbox.azureml_api.references import require_asset
from sandbox.azureml_api.versioned import VersionedKind
from sandbox.web import Refusal


class Components(VersionedKind):
    """Components: the parts of pipelines."""

    collection = "components"
    title = "Components"
    immutable: ClassVar = ("componentSpec",)

    def check(self, change: Change) -> None:
        """A specification whose code and environment exist."""
        spec: Any = change.properties.get("componentSpec")
        if not isinstance(spec, dict):
            raise Refusal(400, "ValidationError", "The field 'componentSpec' is required.")
        for name, collection in (("code", "codes"), ("environment", "environments")):
            reference = spec.get(name)
            if isinstance(reference, str):
                require_asset(change.store, change.workspace, collection, reference)

    def refuse_change(self, change: Change, name: str) -> Refusal:  # noqa: ARG002
        """A version's specification stays."""
        component = change.call.parameters["name"]
        text = (
            f"Component {component} with version {change.name} is already registered and its specification cannot be "
            "changed. Register a new version."
        )
        return Refusal(409, "UserError", text)
