"""How long until a role counts? A wait between role assignments and what needs them."""

from __future__ import annotations

from collections.abc import Mapping

from constructs_lib import bindings as tf
from constructs_lib.addresses import address_of


def wait_for(
    scope: tf.Construct, id: str, access: Mapping[str, tf.TerraformResource], *, seconds: int
) -> tf.TerraformResource:
    """Waits ``seconds`` after the last of ``access`` was made, and again when one of them is made anew.

    Roles take minutes to propagate (Microsoft Learn, "Troubleshoot Azure RBAC"); what needs them would fail otherwise.
    No provider is needed: ``terraform_data`` is part of Terraform. Not cdktf's DataResource, which runs
    ``terraform version`` at every synthesis.
    """
    wait = tf.TerraformResource(
        scope,
        id,
        terraform_resource_type="terraform_data",
        depends_on=list(access.values()),
        provisioners=[tf.LocalExecProvisioner(type="local-exec", command=f"sleep {seconds}")],
    )
    wait.add_override("triggers_replace", {who: f"${{{address_of(one)}.id}}" for who, one in access.items()})
    wait.override_logical_id(id)
    return wait
