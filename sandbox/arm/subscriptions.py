"""Which tenants, subscriptions and resource groups are there?"""

from __future__ import annotations

from typing import Any

from sandbox.arm.resources import require_group
from sandbox.cloud import Cloud
from sandbox.identity import SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID
from sandbox.web import Answer, Call, Refusal, Routes

GROUPS = "Microsoft.Resources/resourceGroups"


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", "/metadata/endpoints", "The cloud's endpoints", _endpoints, public=True)
    routes.add("GET", "/tenants", "Tenants", _tenants)
    routes.add("GET", "/subscriptions", "Subscriptions", _subscriptions)
    routes.add("GET", "/subscriptions/{subscription}", "One subscription", _subscription)
    routes.add("GET", "/subscriptions/{subscription}/resourceGroups", "Resource groups", _groups)
    routes.add("GET", "/subscriptions/{subscription}/resourceGroups/{group}", "One resource group", _group)


def require_subscription(call: Call) -> None:
    """Raises :class:`Refusal` for a subscription that is not the sandbox's."""
    given = call.parameters["subscription"]
    if given.lower() != SANDBOX_SUBSCRIPTION_ID:
        raise Refusal(404, "SubscriptionNotFound", f"The subscription '{given}' could not be found.")


def _endpoints(_cloud: Cloud, _call: Call) -> Answer:
    cloud = {
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "resourceManager": "https://management.azure.com/",
        "authentication": {
            "loginEndpoint": "https://login.microsoftonline.com/",
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {
            "storage": "core.windows.net",
            "keyVaultDns": "vault.azure.net",
            "acrLoginServer": "azurecr.io",
        },
    }
    return Answer(body=[cloud])


def _tenants(_cloud: Cloud, _call: Call) -> Answer:
    tenant = {"id": f"/tenants/{SANDBOX_TENANT_ID}", "tenantId": SANDBOX_TENANT_ID, "displayName": "Sandbox"}
    return Answer(body={"value": [tenant]})


def _describe() -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SANDBOX_SUBSCRIPTION_ID}",
        "subscriptionId": SANDBOX_SUBSCRIPTION_ID,
        "tenantId": SANDBOX_TENANT_ID,
        "displayName": "Sandbox",
        "state": "Enabled",
    }


def _subscriptions(_cloud: Cloud, _call: Call) -> Answer:
    return Answer(body={"value": [_describe()]})


def _subscription(_cloud: Cloud, call: Call) -> Answer:
    require_subscription(call)
    return Answer(body=_describe())


def _groups(cloud: Cloud, call: Call) -> Answer:
    require_subscription(call)
    with cloud.stores.reading() as store:
        return Answer(body={"value": store.find(GROUPS)})


def _group(cloud: Cloud, call: Call) -> Answer:
    require_subscription(call)
    with cloud.stores.reading() as store:
        return Answer(body=require_group(store, call))
