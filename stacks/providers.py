"""How do the providers log in and behave? azurerm and azuread, configured per environment."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib import bindings as tf
from ezazml.config.models import EnvironmentModel
from ezazml.config.resource_providers import RESOURCE_PROVIDERS


@dataclass(frozen=True)
class Providers:
    """Who deploys, and into which tenant: settings, or what the login says. The login is one of the deployers where
    those are a group."""

    tenant_id: str
    subscription_id: str
    deployer_object_id: str
    login_object_id: str


def add_providers(stack: tf.TerraformStack, settings: EnvironmentModel) -> Providers:
    """Configure both providers on ``stack``. Logins come from the environment (``ARM_*``, Azure CLI, OIDC)."""
    tf.AzurermProvider(
        stack,
        "azurerm",
        features=[_features(settings)],
        subscription_id=settings.subscription_id,
        tenant_id=settings.tenant_id,
        storage_use_azuread=True,
        resource_provider_registrations="core",
        resource_providers_to_register=list(RESOURCE_PROVIDERS),
    )
    tf.AzureadProvider(stack, "azuread", tenant_id=settings.tenant_id)
    login = tf.DataAzurermClientConfig(stack, "login")
    return Providers(
        tenant_id=settings.tenant_id or login.tenant_id,
        subscription_id=settings.subscription_id or login.subscription_id,
        deployer_object_id=settings.identities.deployer.object_id or login.object_id,
        login_object_id=login.object_id,
    )


def _features(settings: EnvironmentModel) -> tf.AzurermProviderFeatures:
    """What a destroy does with names that Azure keeps for a while: free them (purge), or leave them (keep).

    The resource group may go with what Azure itself puts into it, such as Application Insights' smart detection
    rules, unless the environment is protected. A soft-deleted vault is recovered when its name is used again.

    Application Insights gets an alert rule from Azure, "Failure Anomalies". ``features.application_insights`` could
    disable it, and is left out: azurerm then waits for the rule up to the timeout, before the component is in the
    state; where Azure makes no rule, the deployment fails and the component is left behind unmanaged
    (application_insights_resource.go). The rule goes with the group.

    The provider must not ask the storage account's queue and web services about settings that the stack does not make:
    without account keys that needs data roles on the account, which nobody has while it is being created (Terraform
    azurerm 4, ``features.storage.data_plane_available``).
    """
    purge = settings.on_destroy == "purge"
    return tf.AzurermProviderFeatures(
        key_vault=[
            tf.AzurermProviderFeaturesKeyVault(
                purge_soft_delete_on_destroy=purge,
                purge_soft_deleted_secrets_on_destroy=purge,
                recover_soft_deleted_key_vaults=True,
                recover_soft_deleted_secrets=True,
            )
        ],
        log_analytics_workspace=[tf.AzurermProviderFeaturesLogAnalyticsWorkspace(permanently_delete_on_destroy=purge)],
        machine_learning=[tf.AzurermProviderFeaturesMachineLearning(purge_soft_deleted_workspace_on_destroy=purge)],
        storage=[tf.AzurermProviderFeaturesStorage(data_plane_available=False)],
        resource_group=[
            tf.AzurermProviderFeaturesResourceGroup(prevent_deletion_if_contains_resources=settings.protected)
        ],
    )
