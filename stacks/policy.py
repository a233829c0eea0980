"""Which rules does a stack keep? Our own, with Azure's rules of names and the required tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from constructs_lib import bindings as tf
from constructs_lib.policy import Policy, enforce
from constructs_lib.tagging import DefaultTags
from ezazml.config.names import RULES

#: Tags that tell whose a resource is: the stack sets them itself.
OWN_TAGS = ("environment", "project", "managed_by")
_KINDS = {
    "azurerm_resource_group": "resource_group",
    "azurerm_log_analytics_workspace": "log_analytics_workspace",
    "azurerm_application_insights": "application_insights",
    "azurerm_storage_account": "storage_account",
    "azurerm_storage_container": "storage_container",
    "azurerm_key_vault": "key_vault",
    "azurerm_container_registry": "container_registry",
    "azurerm_machine_learning_workspace": "workspace",
    "azurerm_machine_learning_compute_instance": "compute_instance",
    "azurerm_machine_learning_compute_cluster": "compute_cluster",
    "azurerm_user_assigned_identity": "workspace_identity",
    "azurerm_virtual_network": "virtual_network",
    "azurerm_monitor_action_group": "action_group",
    "azurerm_consumption_budget_resource_group": "budget",
}


def tag_and_check(stack: tf.TerraformStack, tags: Mapping[str, str], *, required_tags: Sequence[str]) -> Policy:
    """Give every resource of the stack these tags, and let the synthesis fail when one breaks a rule."""
    policy = Policy(
        required_tags=[*OWN_TAGS, *required_tags],
        name_rules={kind: _rule(name) for kind, name in _KINDS.items()},
    )
    enforce(stack, policy, tags=DefaultTags(tags))
    return policy


def _rule(kind: str) -> Callable[[str], str | None]:
    rule = RULES[kind]
    return lambda name: None if rule.allows(name) else rule.text
