"""What is a schema? Attributes and nested blocks of one resource, data source or provider configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

#: Type of a value as Terraform writes it in JSON: "string", ["list", "string"], ["object", {...}].
CtyType = str | list[Any]


@dataclass(frozen=True)
class Attribute:
    """One attribute; ``type`` in Terraform's JSON form."""

    type: CtyType
    required: bool = False
    optional: bool = False
    computed: bool = False


@dataclass(frozen=True)
class NestedBlock:
    """A nested block. ``nesting`` is list, set or single; ``max_items`` 0 means any number."""

    nesting: str
    block: Schema
    min_items: int = 0
    max_items: int = 0


@dataclass(frozen=True)
class Schema:
    """Attributes and blocks by name."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: dict[str, NestedBlock] = field(default_factory=dict)

    def paths(self, prefix: str = "") -> Iterator[str]:
        """Every attribute and block as a dotted path (``identity.type``)."""
        for name in self.attributes:
            yield prefix + name
        for name, nested in self.blocks.items():
            yield prefix + name
            yield from nested.block.paths(f"{prefix}{name}.")

    def object_type(self) -> list[Any]:
        """The type of a whole value of this schema."""
        members: dict[str, CtyType] = {name: attribute.type for name, attribute in self.attributes.items()}
        for name, nested in self.blocks.items():
            inner = nested.block.object_type()
            members[name] = inner if nested.nesting == "single" else [nested.nesting, inner]
        return ["object", members]


def to_json(schema: Schema) -> dict[str, Any]:
    """A schema as plain JSON, for the cache."""
    return {
        "attributes": {
            name: [attribute.type, attribute.required, attribute.optional, attribute.computed]
            for name, attribute in schema.attributes.items()
        },
        "blocks": {
            name: [nested.nesting, nested.min_items, nested.max_items, to_json(nested.block)]
            for name, nested in schema.blocks.items()
        },
    }


def from_json(data: dict[str, Any]) -> Schema:
    """The reverse of :func:`to_json`."""
    return Schema(
        {name: Attribute(*values) for name, values in data["attributes"].items()},
        {
            name: NestedBlock(nesting, from_json(block), minimum, maximum)
            for name, (nesting, minimum, maximum, block) in data["blocks"].items()
        },
    )
