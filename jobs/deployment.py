"""Which workspace is worked in, and what did Terraform make around it? The outputs of one deployed environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ezazml.config.environment import Environment
from ezazml.errors import InputError


@dataclass(frozen=True)
class Deployment:
    """One deployed environment: whose workspace, and the stack's outputs.

    ``outputs`` are the values of ``terraform output`` that are not sensitive, by name.
    """

    environment: Environment
    outputs: Mapping[str, Any]
    subscription_id: str
    tenant_id: str | None
    resource_group: str
    workspace: str

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.environment.name

    @property
    def owns_workspace(self) -> bool:
        """Whether the workspace is the deployed one, and not another that AML_WORKSPACE_NAME names."""
        return self.workspace == self.outputs.get("workspace_name")

    @property
    def storage_account(self) -> str:
        """Name of the workspace's own storage account. Raises :class:`InputError` where nothing is deployed."""
        return str(self.output("storage_account_name"))

    def output(self, name: str) -> Any:
        """The stack's output of that name. Raises :class:`InputError` if it has none."""
        value = self.outputs.get(name)
        if value is None:
            known = ", ".join(sorted(self.outputs)) or "none"
            raise InputError(
                f"Environment {self.name!r} has no output {name!r}; it has {known}.",
                hint=f"Deploy it first: ezazml deploy {self.name}",
            )
        return value


def deployment_of(environment: Environment, outputs: Mapping[str, Mapping[str, Any]]) -> Deployment:
    """The deployment behind ``outputs``, as ``terraform output -json`` gives them.

    The workspace is the deployed one, or the one that AML_WORKSPACE_NAME and AML_RESOURCE_GROUP name
    (``work_in`` in the environment's file). Raises :class:`InputError` when neither exists.
    """
    values = {
        name: output["value"] for name, output in outputs.items() if not output["sensitive"] and output["value"] != ""
    }
    work_in = environment.settings.work_in
    subscription = values.get("subscription_id") or environment.settings.subscription_id
    group = work_in.resource_group_name or values.get("resource_group_name")
    workspace = work_in.workspace_name or values.get("workspace_name")
    if not (subscription and group and workspace):
        raise InputError(
            f"Environment {environment.name!r} is not deployed, so there is no workspace to work in.",
            hint=f"Run: ezazml deploy {environment.name} (or set AML_WORKSPACE_NAME and AML_RESOURCE_GROUP).",
        )
    tenant = values.get("tenant_id") or environment.settings.tenant_id
    return Deployment(environment, values, str(subscription), tenant, str(group), str(workspace))
