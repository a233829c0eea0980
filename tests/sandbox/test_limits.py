"""The sandbox's Azure refuses what Azure refuses: quota, taken names, services not registered, roles that are new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox import limits
from sandbox.terraform_provider.rules.authorization import ASSIGNMENTS, has_role
from sandbox.terraform_provider.rules.base import Azure, Values
from sandbox.vm_sizes import LISTED, vm_size
from tests.sandbox.azure import OBJECT_ID, azure, create, group, refused, storage, vault, workspace

OFFICER = frozenset({"Key Vault Secrets Officer"})


def cluster(cloud: Azure, workspace_id: str, name: str = "cluster", nodes: int = 2, **values: Any) -> Values:
    scale = {"min_node_count": 0, "max_node_count": nodes, "scale_down_nodes_after_idle_duration": "PT30M"}
    arguments = {"vm_size": "Standard_DS3_v2", "vm_priority": "Dedicated", **values}
    return create(
        cloud,
        "azurerm_machine_learning_compute_cluster",
        name=name,
        location="westeurope",
        machine_learning_workspace_id=workspace_id,
        scale_settings=[scale],
        **arguments,
    )


def test_a_cluster_that_is_too_large_is_refused_as_azure_does(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        made = workspace(cloud)["id"]
        limits.set_quota(cloud.store, "StandardDSv2Family", 12)
        cluster(cloud, made, "first")
        with refused("Maximum allowed: 12, Current in use: 8, Additional requested: 8"):
            cluster(cloud, made, "second")
        cluster(cloud, made, "third", nodes=1)


def test_quota_counts_per_region_family_and_priority(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        made = workspace(cloud)["id"]
        limits.set_quota(cloud.store, "StandardDSv2Family", 0, region="northeurope")
        limits.set_quota(cloud.store, limits.LOW_PRIORITY, 4)
        cluster(cloud, made)
        cluster(cloud, made, "gpu", vm_size="Standard_NC4as_T4_v3")
        with refused("ClusterCoreQuotaReached"):
            cluster(cloud, made, "spot", vm_priority="LowPriority")


def test_an_instance_counts_too(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        made = workspace(cloud)["id"]
        limits.set_quota(cloud.store, "StandardDSv2Family", 3)
        with refused("Additional requested: 4"):
            create(
                cloud,
                "azurerm_machine_learning_compute_instance",
                name="instance",
                machine_learning_workspace_id=made,
                virtual_machine_size="Standard_DS3_v2",
            )


@pytest.mark.parametrize(
    ("name", "family", "cores"),
    [
        ("Standard_DS3_v2", "StandardDSv2Family", 4),
        ("standard_ds12_v2", "StandardDSv2Family", 4),
        ("Standard_D4s_v3", "StandardDSv3Family", 4),
        ("Standard_NC24ads_A100_v4", "StandardNCADSA100v4Family", 24),
    ],
)
def test_family_and_cores_are_read_from_the_name(name: str, family: str, cores: int) -> None:
    size = vm_size(name)
    assert size is not None
    assert (size.family, size.cores) == (family, cores)


def test_every_listed_size_can_be_read() -> None:
    assert all(vm_size(name) for name in LISTED)
    assert vm_size("huge") is None


@pytest.mark.parametrize("make", [storage, vault], ids=["storage", "vault"])
def test_a_name_that_somebody_else_has_is_taken(tmp_path: Path, make: Any) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        limits.hold_name(cloud.store, "taken01")
        with refused("taken"):
            make(cloud, name="taken01")


def test_a_service_that_is_not_registered_cannot_be_used(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        limits.register(cloud.store, limits.SERVICES)
        group(cloud)
        limits.unregister(cloud.store, "microsoft.keyvault")
        with refused("MissingSubscriptionRegistration"):
            vault(cloud)
        storage(cloud)


def test_a_new_role_counts_only_after_the_delay(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        scope = vault(cloud, rbac_authorization_enabled=True)["id"]
        limits.set_role_delay(cloud.store, 3600)
        arguments = {"scope": scope, "principal_id": OBJECT_ID, "role_definition_name": "Key Vault Secrets Officer"}
        made = create(cloud, "azurerm_role_assignment", **arguments)
        assert f"{scope}/providers/{ASSIGNMENTS}/" in made["id"]
        assert not has_role(cloud, OBJECT_ID, OFFICER, scope)
        limits.set_role_delay(cloud.store, 0)
        assert has_role(cloud, OBJECT_ID, OFFICER, scope)


def test_clearing_keeps_what_is_registered(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        limits.register(cloud.store, ["Microsoft.KeyVault"])
        limits.set_quota(cloud.store, "StandardDSv2Family", 1)
        limits.hold_name(cloud.store, "taken01")
        limits.clear(cloud.store)
        assert limits.quota_of(cloud.store, "StandardDSv2Family", "westeurope") == limits.DEFAULT_QUOTA
        assert not limits.is_held(cloud.store, "taken01")
        assert limits.is_registered(cloud.store, "microsoft.keyvault")
