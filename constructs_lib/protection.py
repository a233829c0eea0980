"""How is state kept from being deleted by mistake? Management locks."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib import bindings as tf


def lock_against_deletion(
    scope: tf.Construct, id: str, *, resource_id: str, dependents: Sequence[tf.TerraformResource]
) -> tf.ManagementLock:
    """A CanNotDelete lock on one resource.

    ``dependents`` lie under the lock: as it depends on them, Terraform removes the lock first and them after.
    The resource group is never locked: such a lock keeps compute clusters from scaling down (Microsoft Learn,
    "Manage resources with locks: considerations"). The workspace is not either, since a lock on it would keep
    endpoints and models from being deleted.
    """
    return tf.ManagementLock(
        scope,
        f"lock_{id}",
        name=f"{id.replace('_', '-')}-do-not-delete",
        scope=resource_id,
        lock_level="CanNotDelete",
        notes="Protected environment: see `protected` in its configuration.",
        depends_on=list(dependents) or None,
    )
