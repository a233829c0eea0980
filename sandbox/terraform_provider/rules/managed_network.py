"""How does the managed network of a workspace behave: its isolation and its outbound rules?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, known, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values

OUTBOUND_RULES = "Microsoft.MachineLearningServices/workspaces/outboundRules"
ISOLATION_MODES = ("AllowInternetOutbound", "AllowOnlyApprovedOutbound", "Disabled")
_TARGETS = {
    "microsoft.keyvault": ("vault",),
    "microsoft.cache": ("redisCache",),
    "microsoft.machinelearningservices": ("amlworkspace",),
    "microsoft.storage": ("blob", "table", "queue", "file", "web", "dfs"),
}


def managed_network(blocks: list[Values], before: dict[str, Any] | None) -> dict[str, Any] | None:
    """ARM's settings of the ``managed_network`` block. Isolation is only ever tightened (Microsoft Learn, "Workspace
    managed virtual network isolation": it cannot be disabled, nor opened again)."""
    if not blocks:
        return before
    mode = blocks[0].get("isolation_mode") or "Disabled"
    old = (before or {}).get("isolationMode", "Disabled")
    loosened = {("AllowInternetOutbound", "Disabled"), ("AllowOnlyApprovedOutbound", "Disabled")}
    if (old, mode) in {*loosened, ("AllowOnlyApprovedOutbound", "AllowInternetOutbound")}:
        text = f"Changing the isolation mode of the managed network from {old} to {mode} is not supported."
        raise AzureError("ValidationError", text, attribute="managed_network")
    return {"isolationMode": mode}


class _OutboundRules(ArmRules):
    """What the three kinds of rules share."""

    arm_type = OUTBOUND_RULES
    rule_type: ClassVar[str]
    #: Whether the rule makes sense only where everything else is refused.
    approved_only: ClassVar[bool] = True
    name_pattern = r"\S+"
    name_rule = "not be empty"

    def resource_id(self, azure: Azure, values: Values) -> str:  # noqa: ARG002
        """A rule is below its workspace."""
        return f"{values['workspace_id']}/outboundRules/{values['name']}"

    def read(self, azure: Azure, state: Values) -> Values | None:
        """The three kinds share a type in ARM: tell them apart."""
        body = azure.store.get(state["id"])
        if body is None or body.get("properties", {}).get("type") != self.rule_type:
            return None
        return super().read(azure, state)

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:  # noqa: ARG002
        """The workspace has a managed network, of the right kind."""
        workspace = azure.store.get(values["workspace_id"])
        if workspace is None:
            text = f"The Resource '{values['workspace_id']}' was not found."
            raise AzureError("ParentResourceNotFound", text, attribute="workspace_id")
        mode = workspace["properties"].get("managedNetwork", {}).get("isolationMode", "Disabled")
        if mode == "Disabled" or (self.approved_only and mode != "AllowOnlyApprovedOutbound"):
            text = f"Outbound rules of type {self.rule_type} are not allowed with the isolation mode {mode}."
            raise AzureError("ValidationError", text, attribute="workspace_id")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """The kind of rule, and whose it is."""
        body.pop("tags", None)
        body["properties"] |= {"type": self.rule_type, "category": "UserDefined", "status": "Active"}

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """The parent is in the id."""
        return {"workspace_id": body["id"].rsplit("/outboundRules/", 1)[0]}


class FqdnRuleRules(_OutboundRules):
    """azurerm_machine_learning_workspace_network_outbound_rule_fqdn."""

    type_name = "azurerm_machine_learning_workspace_network_outbound_rule_fqdn"
    rule_type = "FQDN"
    force_new = frozenset({"name", "workspace_id"})
    fields: ClassVar = {"destination_fqdn": "properties.destination"}


class ServiceTagRuleRules(_OutboundRules):
    """azurerm_machine_learning_workspace_network_outbound_rule_service_tag."""

    type_name = "azurerm_machine_learning_workspace_network_outbound_rule_service_tag"
    rule_type = "ServiceTag"
    force_new = frozenset({"name", "workspace_id"})
    fields: ClassVar = {
        "service_tag": "properties.destination.serviceTag",
        "protocol": "properties.destination.protocol",
        "port_ranges": "properties.destination.portRanges",
    }

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Protocols of the provider. (Its list of tags is not repeated here.)"""
        yield from super().validate(config)
        yield from one_of(config, "protocol", ("*", "TCP", "UDP", "ICMP"))


class PrivateEndpointRuleRules(_OutboundRules):
    """azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint."""

    type_name = "azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint"
    rule_type = "PrivateEndpoint"
    approved_only = False
    force_new = frozenset({"name", "workspace_id", "service_resource_id", "sub_resource_target", "spark_enabled"})
    defaults: ClassVar = {"spark_enabled": False}
    fields: ClassVar = {
        "service_resource_id": "properties.destination.serviceResourceId",
        "sub_resource_target": "properties.destination.subresourceTarget",
        "spark_enabled": "properties.destination.sparkEnabled",
    }

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Parts that the provider knows."""
        yield from super().validate(config)
        allowed = tuple(target for targets in _TARGETS.values() for target in targets)
        yield from one_of(config, "sub_resource_target", allowed)

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:
        """The target exists and has that part."""
        super().before_create(azure, values, identifier)
        target, part = values["service_resource_id"], values["sub_resource_target"]
        provider = target.split("/providers/")[-1].split("/")[0].lower()
        if known(part) and part not in _TARGETS.get(provider, ()):
            text = f"unsupported resource type: {part}. Supported by {target}: {', '.join(_TARGETS.get(provider, ()))}"
            raise AzureError("InvalidConfiguration", text, attribute="sub_resource_target")
        if azure.store.get(target) is None:
            text = f"The Resource '{target}' was not found."
            raise AzureError("ResourceNotFound", text, attribute="service_resource_id")
