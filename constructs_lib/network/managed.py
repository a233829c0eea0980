"""Where may computes of the managed network go? Its outbound rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib import bindings as tf


@dataclass(frozen=True)
class ManagedNetworkSettings:
    """The workspace's own network. ``isolation_mode`` is AllowInternetOutbound or AllowOnlyApprovedOutbound."""

    isolation_mode: str
    provision_on_creation: bool


@dataclass(frozen=True)
class FqdnRule:
    """Out to a host name."""

    name: str
    fqdn: str


@dataclass(frozen=True)
class ServiceTagRule:
    """Out to a service of Azure. ``port_ranges`` such as ``80,8080-8089``."""

    name: str
    service_tag: str
    protocol: str
    port_ranges: str


@dataclass(frozen=True)
class PrivateEndpointRule:
    """Out to a resource through a private endpoint, which the resource's owner must let the workspace approve."""

    name: str
    service_resource_id: str
    sub_resource_target: str
    spark_enabled: bool


OutboundRule = FqdnRule | ServiceTagRule | PrivateEndpointRule


def add_outbound_rules(
    scope: tf.Construct, *, workspace_id: str, rules: Sequence[OutboundRule], after: tf.TerraformResource | None = None
) -> list[tf.TerraformResource]:
    """The rules, each waiting for the one before, and the first for ``after``.

    Azure keeps all rules in one list: rules that are written at the same time take each other out.
    """
    made: list[tf.TerraformResource] = []
    for rule in rules:
        previous = made[-1] if made else after
        resource = _rule(scope, workspace_id, rule, after=[previous] if previous else [])
        resource.override_logical_id(f"outbound_{rule.name}")
        made.append(resource)
    return made


def _rule(
    scope: tf.Construct, workspace_id: str, rule: OutboundRule, *, after: Sequence[tf.TerraformResource]
) -> tf.TerraformResource:
    construct_id, depends_on = f"outbound_{rule.name}", list(after) or None
    if isinstance(rule, FqdnRule):
        return tf.MachineLearningWorkspaceNetworkOutboundRuleFqdn(
            scope,
            construct_id,
            name=rule.name,
            workspace_id=workspace_id,
            destination_fqdn=rule.fqdn,
            depends_on=depends_on,
        )
    if isinstance(rule, ServiceTagRule):
        return tf.MachineLearningWorkspaceNetworkOutboundRuleServiceTag(
            scope,
            construct_id,
            name=rule.name,
            workspace_id=workspace_id,
            service_tag=rule.service_tag,
            protocol=rule.protocol,
            port_ranges=rule.port_ranges,
            depends_on=depends_on,
        )
    return tf.MachineLearningWorkspaceNetworkOutboundRulePrivateEndpoint(
        scope,
        construct_id,
        name=rule.name,
        workspace_id=workspace_id,
        service_resource_id=rule.service_resource_id,
        sub_resource_target=rule.sub_resource_target,
        spark_enabled=rule.spark_enabled,
        depends_on=depends_on,
    )
