"""Do the settings of storage, keys and existing resources fit together?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ezazml.config import resource_ids as ids
from ezazml.config.dependency_models import CREATE
from ezazml.config.models import EnvironmentModel
from ezazml.config.names import RULES
from ezazml.config.network_checks import Finding
from ezazml.config.paths import Path
from ezazml.config.storage_models import LifecycleRule

_KEY_ID = re.compile(r"https://[A-Za-z0-9-]{3,24}\.vault\.azure\.net/keys/[A-Za-z0-9-]{1,127}/[0-9a-fA-F]{32}")
_ZONAL = ("ZRS", "GZRS", "RAGZRS")
_AGES = ("cool_after_days", "cold_after_days", "archive_after_days", "delete_after_days")


def check_dependencies(settings: EnvironmentModel) -> Iterator[Finding]:
    """Everything that is wrong with ids of existing resources, keys, lifecycle rules and the data lake."""
    yield from _ids(settings)
    yield from _existing(settings)
    yield from _encryption(settings)
    yield from _data_lake(settings)
    storage, lake = settings.storage, settings.data_lake
    yield from _lifecycle(("storage", "lifecycle_rules"), storage.lifecycle_rules, storage.replication)
    yield from _lifecycle(("data_lake", "lifecycle_rules"), lake.lifecycle_rules, lake.replication, lake=True)


def _ids(settings: EnvironmentModel) -> Iterator[Finding]:
    """Ids have the form of their kind. What Terraform has to look up is in the environment's own subscription."""
    existing, network, encryption = settings.existing, settings.network.existing, settings.encryption
    identity = None if encryption.user_assigned_identity == CREATE else encryption.user_assigned_identity
    looked_up = True
    given: list[tuple[Path, ids.ResourceKind, str | None, bool]] = [
        (("existing", "storage_account_id"), ids.STORAGE_ACCOUNT, existing.storage_account_id, False),
        (("existing", "key_vault_id"), ids.KEY_VAULT, existing.key_vault_id, False),
        (("existing", "container_registry_id"), ids.CONTAINER_REGISTRY, existing.container_registry_id, False),
        (
            ("existing", "application_insights_id"),
            ids.APPLICATION_INSIGHTS,
            existing.application_insights_id,
            looked_up,
        ),
        (("encryption", "key_vault_id"), ids.KEY_VAULT, encryption.key_vault_id, False),
        (("encryption", "user_assigned_identity"), ids.USER_ASSIGNED_IDENTITY, identity, looked_up),
        (("alerts", "action_group_id"), ids.ACTION_GROUP, settings.alerts.action_group_id, False),
        (("network", "existing", "virtual_network_id"), ids.VIRTUAL_NETWORK, network.virtual_network_id, looked_up),
        (("network", "existing", "compute_subnet_id"), ids.SUBNET, network.compute_subnet_id, False),
        (("network", "existing", "endpoint_subnet_id"), ids.SUBNET, network.endpoint_subnet_id, False),
        (
            ("network", "existing", "dns_zone_resource_group_id"),
            ids.RESOURCE_GROUP,
            network.dns_zone_resource_group_id,
            False,
        ),
    ]
    for path, kind, value, own_subscription in given:
        if value is None:
            continue
        found = kind.parse(value)
        if found is None:
            yield path, f"{value!r} is not the id of {kind.label}.", f"Copy it from Azure: {kind.form}."
        elif own_subscription and settings.subscription_id not in (None, found.subscription_id):
            text = f"is in the subscription {found.subscription_id}, and Terraform looks it up in the environment's."
            yield path, text, f"Use one in {settings.subscription_id}."


def _existing(settings: EnvironmentModel) -> Iterator[Finding]:
    existing, network = settings.existing, settings.network.existing
    if existing.storage_account_id is not None and settings.storage.lifecycle_rules:
        text = "are for a storage account of the environment, and existing.storage_account_id is set."
        yield ("storage", "lifecycle_rules"), text, "Remove one of them."
    if existing.container_registry_id is not None and not settings.container_registry.enabled:
        text = "contradicts container_registry.enabled: false."
        yield ("existing", "container_registry_id"), text, "Remove one of them."
    if (network.compute_subnet_id is None) != (network.endpoint_subnet_id is None):
        missing = "compute_subnet_id" if network.compute_subnet_id is None else "endpoint_subnet_id"
        text = "is missing: an environment makes both subnets, or none."
        yield ("network", "existing", missing), text, "Set both, or neither."
    if network.virtual_network_id is not None and network.compute_subnet_id is not None:
        text = "is not needed with compute_subnet_id, which says in which network it is."
        yield ("network", "existing", "virtual_network_id"), text, "Remove it."


def _encryption(settings: EnvironmentModel) -> Iterator[Finding]:
    """Microsoft Learn, "Customer-managed keys for Azure Machine Learning" and "Customer-managed keys for Azure Storage
    encryption": an identity that exists before the resources, and a vault that cannot be purged."""
    encryption = settings.encryption
    if not encryption.customer_managed_key:
        for name in ("key_id", "key_vault_id", "user_assigned_identity", "service_side"):
            if getattr(encryption, name):
                text = "has no effect without encryption.customer_managed_key: true."
                yield ("encryption", name), text, "Set it, or remove this."
        return
    identity: Path = ("encryption", "user_assigned_identity")
    if encryption.user_assigned_identity is None:
        text = "is missing: customer-managed keys need a user-assigned identity, which can read the key beforehand."
        yield identity, text, f"Set it to {CREATE}, or to the resource id of one that may use encryption.key_id."
    if (encryption.key_id is None) != (encryption.key_vault_id is None):
        missing = "key_id" if encryption.key_id is None else "key_vault_id"
        yield ("encryption", missing), "is missing: a key and its vault belong together.", "Set both, or neither."
    if encryption.key_id is not None:
        yield from _existing_key(settings)
    else:
        yield from _own_key(settings)
    made = settings.container_registry.enabled and settings.existing.container_registry_id is None
    if made and settings.container_registry.sku != "Premium":
        text = f"{settings.container_registry.sku!r} takes no customer-managed key."
        yield ("container_registry", "sku"), text, "Set container_registry.sku: Premium."


def _existing_key(settings: EnvironmentModel) -> Iterator[Finding]:
    encryption = settings.encryption
    assert encryption.key_id is not None
    if not _KEY_ID.fullmatch(encryption.key_id):
        text = f"{encryption.key_id!r} is not the id of a version of a key."
        fix = "Copy its key identifier from Azure: https://<vault>.vault.azure.net/keys/<name>/<32 digits>."
        yield ("encryption", "key_id"), text, fix
    if encryption.user_assigned_identity == CREATE:
        text = "'create' makes an identity that has no access to a key of somebody else's vault."
        fix = "Use the resource id of one with the role Key Vault Crypto Service Encryption User on the vault."
        yield ("encryption", "user_assigned_identity"), text, fix


def _own_key(settings: EnvironmentModel) -> Iterator[Finding]:
    if settings.encryption.user_assigned_identity not in (None, CREATE):
        text = "is an identity that has no access to the key, which is yet to be made."
        yield ("encryption", "user_assigned_identity"), text, f"Set it to {CREATE}, or set encryption.key_id."
    if settings.existing.key_vault_id is not None:
        text = "needs encryption.key_id: a key is not made in existing.key_vault_id, which is somebody else's."
        yield ("encryption", "customer_managed_key"), text, "Set encryption.key_id and encryption.key_vault_id."
    elif not settings.key_vault.purge_protection_enabled:
        text = "must be true: Azure takes no customer-managed key from a vault that can be purged."
        yield ("key_vault", "purge_protection_enabled"), text, "Set it, with on_destroy: keep."


def _data_lake(settings: EnvironmentModel) -> Iterator[Finding]:
    rule = RULES["storage_container"]
    containers = settings.data_lake.containers
    for index, container in enumerate(containers):
        path: Path = ("data_lake", "containers", index)
        if not rule.allows(container):
            fix = f"Use, for example, {rule.suggest(container)!r}."
            yield path, f"{container!r} breaks the rule for containers: {rule.text}.", fix
        if container in containers[:index]:
            yield path, f"{container!r} stands twice.", "Remove one."


def _lifecycle(
    path: Path, rules: Sequence[LifecycleRule], replication: str, *, lake: bool = False
) -> Iterator[Finding]:
    """Microsoft Learn, "Azure Blob Storage lifecycle management overview" and "Access tiers for blob data"."""
    names = [rule.name for rule in rules]
    for index, rule in enumerate(rules):
        here: Path = (*path, index)
        if rule.name in names[:index]:
            yield (*here, "name"), f"{rule.name!r} is the name of another rule already.", "Give each rule its own."
        if all(getattr(rule, age) is None for age in (*_AGES, "delete_versions_after_days")):
            yield here, "does nothing.", f"Set at least one of {', '.join(_AGES)}, delete_versions_after_days."
        ages = [(age, days) for age in _AGES if (days := getattr(rule, age)) is not None]
        for (before, earlier), (after, later) in pairwise(ages):
            if later <= earlier:
                text = f"{later} is not after {before} {earlier}."
                yield (*here, after), text, f"Use more than {earlier} days."
        if rule.archive_after_days is not None and replication in _ZONAL:
            text = f"needs replication LRS, GRS or RAGRS: accounts with {replication} have no archive tier."
            yield (*here, "archive_after_days"), text, "Remove it, or change the replication."
        if lake and rule.delete_versions_after_days is not None:
            text = "has no effect: an account with a hierarchical namespace keeps no versions."
            yield (*here, "delete_versions_after_days"), text, "Remove it."
        for number, prefix in enumerate(rule.prefixes):
            if not RULES["storage_container"].allows(prefix.split("/")[0]):
                text = f"{prefix!r} does not start with the name of a container."
                yield (*here, "prefixes", number), text, "Write container/folder."
