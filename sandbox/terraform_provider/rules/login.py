"""What do the providers tell about who is logged in, and where?"""

from __future__ import annotations

from sandbox.terraform_provider.rules.base import Azure, DataSourceRules, Values
from sandbox.terraform_provider.rules.entra import DOMAIN


class AzurermClientConfig(DataSourceRules):
    """data azurerm_client_config."""

    type_name = "azurerm_client_config"

    def read(self, azure: Azure, config: Values) -> Values:  # noqa: ARG002
        """The ids of the login."""
        return {
            "id": f"clientConfigs/clientId={azure.client_id};objectId={azure.object_id};"
            f"subscriptionId={azure.subscription_id};tenantId={azure.tenant_id}",
            "client_id": azure.client_id,
            "object_id": azure.object_id,
            "subscription_id": azure.subscription_id,
            "tenant_id": azure.tenant_id,
        }


class AzurermSubscription(DataSourceRules):
    """data azurerm_subscription."""

    type_name = "azurerm_subscription"

    def read(self, azure: Azure, config: Values) -> Values:
        """The sandbox's one subscription."""
        return {
            "id": f"/subscriptions/{azure.subscription_id}",
            "subscription_id": config.get("subscription_id") or azure.subscription_id,
            "tenant_id": azure.tenant_id,
            "display_name": "Sandbox",
            "state": "Enabled",
            "location_placement_id": "Public_2014-09-01",
            "quota_id": "PayAsYouGo_2014-09-01",
            "spending_limit": "Off",
            "tags": {},
        }


class AzureadClientConfig(DataSourceRules):
    """data azuread_client_config."""

    type_name = "azuread_client_config"

    def read(self, azure: Azure, config: Values) -> Values:  # noqa: ARG002
        """The ids of the login."""
        return {
            "id": f"{azure.tenant_id}-{azure.client_id}-{azure.object_id}",
            "client_id": azure.client_id,
            "object_id": azure.object_id,
            "tenant_id": azure.tenant_id,
        }


class AzureadDomains(DataSourceRules):
    """data azuread_domains."""

    type_name = "azuread_domains"

    def read(self, azure: Azure, config: Values) -> Values:  # noqa: ARG002
        """The tenant's one domain, its initial one."""
        domain = {
            "domain_name": DOMAIN,
            "admin_managed": True,
            "authentication_type": "Managed",
            "default": True,
            "initial": True,
            "root": True,
            "supported_services": ["Email", "OfficeCommunicationsOnline"],
            "verified": True,
        }
        return {"id": f"domains#{azure.tenant_id}", "domains": [domain]}
