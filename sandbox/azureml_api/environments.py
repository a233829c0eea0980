"""How do environments behave?"""

from __future__ import annotations

from typing import ClassVar

from sandbox.azureml_api.base import Change
from sandbox.azureml_api.versioned import VersionedKind
from sandbox.web import Refusal


class Environments(VersionedKind):
    """Environments: an image or a build context, and conda packages."""

    collection = "environments"
    title = "Environments"
    immutable: ClassVar = ("image", "condaFile", "build", "inferenceConfig", "osType")

    def check(self, change: Change) -> None:
        """An image or a build context, not both."""
        image, build = change.properties.get("image"), change.properties.get("build")
        if bool(image) == bool(build):
            raise Refusal(400, "UserError", "An environment needs either an image or a build context, and not both.")

    def complete(self, change: Change) -> None:
        """What Azure says of an environment's origin."""
        change.properties.setdefault("osType", "Linux")
        change.properties.setdefault("environmentType", "UserCreated")

    def refuse_change(self, change: Change, name: str) -> Refusal:  # noqa: ARG002
        """Environments are registered once."""
        environment = change.call.parameters["name"]
        text = f"Environment {environment} with version {change.name} is already registered and cannot be changed."
        return Refusal(409, "UserError", text)
