"""What do later steps need to know of a deployed environment? The stack's outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib import bindings as tf
from stacks.network import outputs_of

if TYPE_CHECKING:
    from stacks.environment import EnvironmentStack


def add_outputs(stack: EnvironmentStack) -> None:
    """Declare the outputs; those of features that are switched off are ``null``."""
    registry, application, user = stack.registry, stack.application, stack.user
    outputs: dict[str, Any] = {
        "location": stack.resource_group.location,
        "subscription_id": stack.providers.subscription_id,
        "tenant_id": stack.providers.tenant_id,
        "resource_group_name": stack.resource_group.name,
        "workspace_name": stack.workspace.name,
        "workspace_id": stack.workspace.id,
        "workspace_principal_id": stack.workspace.principal_id,
        "storage_account_name": stack.storage.name,
        "storage_account_id": stack.storage.id,
        "storage_blob_endpoint": stack.storage.blob_endpoint,
        "storage_container_names": stack.storage.container_names,
        "key_vault_name": stack.key_vault.name,
        "key_vault_id": stack.key_vault.id,
        "key_vault_uri": stack.key_vault.uri,
        "application_insights_name": stack.monitoring.application_insights_name,
        "log_analytics_workspace_id": stack.monitoring.log_analytics_workspace_id,
        "compute_instance_names": [instance.name for instance in stack.instances],
        "compute_cluster_names": [cluster.name for cluster in stack.clusters.values()],
        "compute_cluster_principal_ids": {
            compute.full_name: stack.clusters[compute.construct_id].principal_id
            for compute in stack.names.compute_clusters
            if stack.clusters[compute.construct_id].principal_id is not None
        },
    }
    if registry is not None:
        outputs["container_registry_name"] = registry.name
        outputs["container_registry_id"] = registry.id
        outputs["container_registry_login_server"] = registry.login_server
    if application is not None:
        outputs["application_client_id"] = application.client_id
        outputs["service_principal_object_id"] = application.service_principal_object_id
    if user is not None:
        outputs["user_principal_name"] = user.principal_name
    if stack.data_lake is not None:
        outputs["data_lake_name"] = stack.data_lake.name
        outputs["data_lake_id"] = stack.data_lake.id
        outputs["data_lake_dfs_endpoint"] = stack.data_lake.dfs_endpoint
        outputs["data_lake_container_names"] = stack.data_lake.container_names
    outputs |= outputs_of(stack.network)
    for name, value in outputs.items():
        _output(stack, name, value)
    _output(stack, "application_insights_connection_string", stack.monitoring.connection_string, sensitive=True)


def _output(stack: tf.TerraformStack, name: str, value: Any, *, sensitive: bool | None = None) -> None:
    tf.TerraformOutput(stack, name, value=value, sensitive=sensitive)
