"""What happens to blobs as they age? The management policy of a storage account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib import bindings as tf


@dataclass(frozen=True)
class LifecycleRule:
    """Days after the last modification (of versions: after their creation); ``None`` leaves out the step."""

    name: str
    prefixes: tuple[str, ...] = ()
    cool_after_days: int | None = None
    cold_after_days: int | None = None
    archive_after_days: int | None = None
    delete_after_days: int | None = None
    delete_versions_after_days: int | None = None


def add_lifecycle_rules(
    scope: tf.Construct, id: str, *, storage_account_id: str, rules: Sequence[LifecycleRule]
) -> tf.StorageManagementPolicy | None:
    """The account's one management policy, or ``None`` without rules: Azure takes no empty one."""
    if not rules:
        return None
    policy = tf.StorageManagementPolicy(
        scope, id, storage_account_id=storage_account_id, rule=[_rule(rule) for rule in rules]
    )
    policy.override_logical_id(id)
    return policy


def _rule(rule: LifecycleRule) -> tf.StorageManagementPolicyRule:
    ages = (rule.cool_after_days, rule.cold_after_days, rule.archive_after_days, rule.delete_after_days)
    blobs = versions = None
    if any(age is not None for age in ages):
        blobs = tf.StorageManagementPolicyRuleActionsBaseBlob(
            tier_to_cool_after_days_since_modification_greater_than=rule.cool_after_days,
            tier_to_cold_after_days_since_modification_greater_than=rule.cold_after_days,
            tier_to_archive_after_days_since_modification_greater_than=rule.archive_after_days,
            delete_after_days_since_modification_greater_than=rule.delete_after_days,
        )
    if rule.delete_versions_after_days is not None:
        versions = tf.StorageManagementPolicyRuleActionsVersion(
            delete_after_days_since_creation=rule.delete_versions_after_days
        )
    return tf.StorageManagementPolicyRule(
        name=rule.name,
        enabled=True,
        filters=tf.StorageManagementPolicyRuleFilters(
            # Azure can tier and version block blobs only.
            blob_types=["blockBlob"],
            prefix_match=list(rule.prefixes) or None,
        ),
        actions=tf.StorageManagementPolicyRuleActions(base_blob=blobs, version=versions),
    )
