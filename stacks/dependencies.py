"""What does the workspace stand on, made here or by others? Monitoring, key, registry, data lake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from constructs_lib.container_registry import ContainerRegistry
from constructs_lib.data_lake import DataLake
from constructs_lib.encryption import CustomerKey, ExistingKey, OwnKey
from constructs_lib.existing import ExistingContainerRegistry, ExistingMonitoring, ExistingStorageAccount
from constructs_lib.lifecycle import LifecycleRule, add_lifecycle_rules
from constructs_lib.monitoring import Monitoring
from constructs_lib.storage import StorageAccount
from ezazml.config import resource_ids as ids
from ezazml.config import storage_models as models

if TYPE_CHECKING:
    from stacks.environment import EnvironmentStack


def add_monitoring(stack: EnvironmentStack) -> Monitoring | ExistingMonitoring:
    """Log Analytics and Application Insights, or what ``existing.application_insights_id`` names."""
    existing_id = stack.settings.existing.application_insights_id
    if existing_id is not None:
        found = ids.parse_id(ids.APPLICATION_INSIGHTS, existing_id)
        return ExistingMonitoring(
            stack,
            "monitoring",
            insights_id=existing_id,
            name=found.name,
            resource_group_name=found.resource_group,
        )
    return Monitoring(
        stack,
        "monitoring",
        log_analytics_name=stack.names.log_analytics_workspace,
        application_insights_name=stack.names.application_insights,
        resource_group=stack.resource_group,
        retention_days=stack.settings.monitoring.retention_days,
        daily_quota_gb=stack.settings.monitoring.daily_quota_gb,
    )


def add_customer_key(stack: EnvironmentStack) -> CustomerKey | None:
    """The customer-managed key: a new one in the environment's vault, or one that exists."""
    encryption = stack.settings.encryption
    if not encryption.customer_managed_key:
        return None
    if encryption.key_id is None:
        return OwnKey(
            stack,
            "encryption",
            identity_name=stack.names.encryption_identity,
            resource_group=stack.resource_group,
            key_vault=stack.key_vault,
            service_side=encryption.service_side,
        ).key
    identity_id = encryption.user_assigned_identity or ""
    identity = ids.parse_id(ids.USER_ASSIGNED_IDENTITY, identity_id)
    return ExistingKey(
        stack,
        "encryption",
        identity_id=identity_id,
        identity_name=identity.name,
        identity_resource_group=identity.resource_group,
        key_id=encryption.key_id,
        key_vault_id=encryption.key_vault_id or "",
        service_side=encryption.service_side,
    ).key


def add_storage(stack: EnvironmentStack) -> StorageAccount | ExistingStorageAccount:
    """The workspace's storage account with its lifecycle rules, or what ``existing.storage_account_id`` names."""
    storage, existing_id = stack.settings.storage, stack.settings.existing.storage_account_id
    if existing_id is not None:
        name = ids.parse_id(ids.STORAGE_ACCOUNT, existing_id).name
        return ExistingStorageAccount(id=existing_id, name=name, containers=storage.containers)
    made = StorageAccount(
        stack,
        "storage",
        name=stack.names.storage_account,
        resource_group=stack.resource_group,
        replication=storage.replication,
        containers=storage.containers,
        shared_access_key_enabled=storage.shared_access_key_enabled,
        versioning_enabled=storage.versioning_enabled,
        soft_delete_days=storage.soft_delete_days,
        access=stack.network.access,
        customer_key=stack.customer_key,
        prevent_destroy=stack.settings.protected,
    )
    policy = add_lifecycle_rules(
        made, "storage_lifecycle", storage_account_id=made.id, rules=_lifecycle_rules(storage.lifecycle_rules)
    )
    stack.under_locks["storage"] += [policy] if policy else []
    return made


def add_registry(stack: EnvironmentStack) -> ContainerRegistry | ExistingContainerRegistry | None:
    """The workspace's registry, or what ``existing.container_registry_id`` names."""
    registry, existing_id = stack.settings.container_registry, stack.settings.existing.container_registry_id
    if not registry.enabled:
        return None
    if existing_id is not None:
        name = ids.parse_id(ids.CONTAINER_REGISTRY, existing_id).name
        return ExistingContainerRegistry(id=existing_id, name=name)
    return ContainerRegistry(
        stack,
        "registry",
        name=stack.names.container_registry,
        resource_group=stack.resource_group,
        sku=registry.sku,
        access=stack.network.access,
        customer_key=stack.customer_key,
        prevent_destroy=stack.settings.protected,
    )


def add_data_lake(stack: EnvironmentStack) -> DataLake | None:
    """The separate data lake, by option."""
    lake = stack.settings.data_lake
    if not lake.enabled:
        return None
    made = DataLake(
        stack,
        "data_lake",
        name=stack.names.data_lake,
        resource_group=stack.resource_group,
        replication=lake.replication,
        containers=lake.containers,
        soft_delete_days=lake.soft_delete_days,
        access=stack.network.access,
        customer_key=stack.customer_key,
        prevent_destroy=stack.settings.protected,
    )
    policy = add_lifecycle_rules(
        made, "data_lake_lifecycle", storage_account_id=made.id, rules=_lifecycle_rules(lake.lifecycle_rules)
    )
    stack.under_locks["data_lake"] += [policy] if policy else []
    return made


def _lifecycle_rules(rules: Sequence[models.LifecycleRule]) -> list[LifecycleRule]:
    return [LifecycleRule(**rule.model_dump()) for rule in rules]
