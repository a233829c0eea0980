"""How is a resource called in expressions? Its Terraform address."""

from __future__ import annotations

from constructs_lib import bindings as tf


def address_of(resource: tf.TerraformResource) -> str:
    """``azurerm_key_vault.key_vault``. Ask after the resource's logical id was set."""
    return f"{resource.terraform_resource_type}.{resource.friendly_unique_id}"
