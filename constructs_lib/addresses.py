"""How is a resource called in expressions? Its Terraform address."""

from __future__ import annotations

from functools import cache

from constructs_lib import bindings as tf


def address_of(resource: tf.TerraformResource) -> str:
    """``azurerm_key_vault.key_vault``. Ask after the resource's logical id was set."""
    return f"{type_of(resource)}.{resource.friendly_unique_id}"


def type_of(resource: tf.TerraformResource) -> str:
    """``azurerm_key_vault``. A class has one type: jsii is asked once for each class, not for each resource."""
    return _type_of(type(resource)) or resource.terraform_resource_type


@cache
def _type_of(cls: type[tf.TerraformResource]) -> str | None:
    """``None`` for a class of no type of its own, which takes any."""
    return getattr(cls, "TF_RESOURCE_TYPE", None)
