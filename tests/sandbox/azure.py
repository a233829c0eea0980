"""A sandbox's store for tests of the rules, without Terraform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.identity import SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID
from sandbox.store import Store
from sandbox.terraform_provider.rules import RESOURCES
from sandbox.terraform_provider.rules.base import Azure, AzureError, Values

OBJECT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
PREFIX = f"/subscriptions/{SANDBOX_SUBSCRIPTION_ID}"


@contextmanager
def azure(folder: Path, **features: dict[str, Any]) -> Iterator[Azure]:
    """The store in ``folder``, in one transaction, with the provider's features."""
    with Store.transaction(folder / "store.db") as store:
        yield Azure(
            store=store,
            subscription_id=SANDBOX_SUBSCRIPTION_ID,
            tenant_id=SANDBOX_TENANT_ID,
            client_id="client",
            object_id=OBJECT_ID,
            features={block: [values] for block, values in features.items()},
        )


def create(cloud: Azure, kind: str, **values: Any) -> Values:
    """Create a resource with its defaults, as the engine would."""
    rules = RESOURCES[kind]
    defaults = {name: value for name, value in rules.defaults.items() if "." not in name}
    whole = {**defaults, **values}
    return {**whole, **rules.create(cloud, whole)}


def delete(cloud: Azure, kind: str, state: Values) -> None:
    """Delete a resource."""
    RESOURCES[kind].delete(cloud, state)


def refused(code: str) -> Any:
    """Expects Azure to refuse, with this in its answer."""
    return pytest.raises(AzureError, match=code)


def group(cloud: Azure, name: str = "rg") -> Values:
    return create(cloud, "azurerm_resource_group", name=name, location="westeurope")


def vault(cloud: Azure, name: str = "vault-01", **values: Any) -> Values:
    arguments = {"sku_name": "standard", "tenant_id": SANDBOX_TENANT_ID, "soft_delete_retention_days": 7, **values}
    return create(cloud, "azurerm_key_vault", name=name, location="westeurope", resource_group_name="rg", **arguments)


def storage(cloud: Azure, name: str = "storage01", **values: Any) -> Values:
    arguments = {"account_tier": "Standard", "account_replication_type": "LRS", **values}
    return create(
        cloud, "azurerm_storage_account", name=name, location="westeurope", resource_group_name="rg", **arguments
    )


def insights(cloud: Azure) -> Values:
    logs = create(
        cloud, "azurerm_log_analytics_workspace", name="logs-01", location="westeurope", resource_group_name="rg"
    )
    return create(
        cloud,
        "azurerm_application_insights",
        name="insights",
        location="westeurope",
        resource_group_name="rg",
        application_type="web",
        workspace_id=logs["id"],
    )


def workspace(cloud: Azure, name: str = "workspace", **values: Any) -> Values:
    arguments = {
        "storage_account_id": values.pop("storage_account_id", None) or storage(cloud)["id"],
        "key_vault_id": values.pop("key_vault_id", None) or vault(cloud)["id"],
        "application_insights_id": values.pop("application_insights_id", None) or insights(cloud)["id"],
        "identity": [{"type": "SystemAssigned", "identity_ids": None}],
        **values,
    }
    return create(
        cloud,
        "azurerm_machine_learning_workspace",
        name=name,
        location="westeurope",
        resource_group_name="rg",
        **arguments,
    )


def application(cloud: Azure, name: str = "app") -> Values:
    return create(cloud, "azuread_application", display_name=name, owners=[OBJECT_ID])
