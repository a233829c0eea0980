"""Which tags does every resource carry? One aspect that no resource can miss."""

from __future__ import annotations

from collections.abc import Mapping

from constructs_lib import bindings as tf
from constructs_lib.addresses import type_of


@tf.implements(tf.IAspect)
class DefaultTags:
    """Adds tags to every azurerm resource that takes tags; a resource's own tags win."""

    def __init__(self, tags: Mapping[str, str]) -> None:
        self._tags = dict(tags)

    def visit(self, node: tf.IConstruct) -> None:
        """Called by cdktf for every construct."""
        if (
            isinstance(node, tf.TerraformResource)
            and type_of(node).startswith("azurerm_")
            and hasattr(type(node), "tags")
        ):
            node.tags = {**self._tags, **(node.tags_input or {})}  # type: ignore[attr-defined]
