"""How is state kept from being deleted by mistake? Management locks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from constructs_lib import bindings as tf
from constructs_lib.addresses import address_of


def lock_against_deletion(
    scope: tf.Construct, id: str, *, resource_id: str, dependents: Sequence[tf.TerraformResource]
) -> tf.ManagementLock:
    """A CanNotDelete lock on one resource.

    ``dependents`` lie under the lock: as it depends on them, Terraform removes the lock first and them after.
    Terraform replaces the lock in every deployment that replaces or removes one of them. The lock is lifted, they
    change, and it returns; otherwise Azure would refuse with ScopeLocked. In between, ``prevent_destroy`` still keeps
    Terraform itself from deleting what holds data.
    The resource group is never locked: such a lock keeps compute clusters from scaling down (Microsoft Learn,
    "Manage resources with locks: considerations"). The workspace is not either, since a lock on it would keep
    endpoints and models from being deleted.
    """
    addresses = sorted(address_of(one) for one in dependents)
    return tf.ManagementLock(
        scope,
        f"lock_{id}",
        name=f"{id.replace('_', '-')}-do-not-delete",
        scope=resource_id,
        lock_level="CanNotDelete",
        notes=f"Protected environment: see `protected` in its configuration. Contents {_fingerprint(addresses)}.",
        depends_on=list(dependents) or None,
        lifecycle=tf.TerraformResourceLifecycle(replace_triggered_by=[f"{one}.id" for one in addresses])
        if addresses
        else None,
    )


def _fingerprint(addresses: Sequence[str]) -> str:
    """Stands for all the addresses. Notes that change replace the lock, so a removed dependent lifts it too:
    ``replace_triggered_by`` cannot name what is gone. Short, as Azure caps notes at 512 characters."""
    return hashlib.sha256("\n".join(addresses).encode()).hexdigest()[:12]
