"""How are schemas, paths and errors said in Terraform's protocol? Its messages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tf.gen import tfplugin_pb2 as pb

from sandbox.terraform_provider.planning import AttributePath
from sandbox.terraform_provider.schema.model import Schema


def error_message(summary: str, detail: str, path: Iterable[str | int] = ()) -> Any:
    """An error that Terraform shows, pointing at an argument where ``path`` names one."""
    diagnostic = pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=summary, detail=detail)
    if path:
        diagnostic.attribute.CopyFrom(path_message(tuple(path)))
    return diagnostic


def path_message(path: AttributePath) -> Any:
    """A path to an attribute."""
    return pb.AttributePath(
        steps=[
            pb.AttributePath.Step(element_key_int=part)
            if isinstance(part, int)
            else pb.AttributePath.Step(attribute_name=part)
            for part in path
        ]
    )


#: ``write_only = true``, field 11 of an attribute since protocol 6.8: newer than the generated messages, which pass
#: on what they do not know.
_WRITE_ONLY = b"\x58\x01"


def schema_message(schema: Schema, sensitive: frozenset[str], write_only: frozenset[str] = frozenset()) -> Any:
    """A schema, with the attributes marked that Terraform must not show, or not even keep."""
    message = pb.Schema(version=0, block=_block_message(schema, sensitive, ""))
    for attribute in message.block.attributes:
        if attribute.name in write_only:
            attribute.MergeFromString(_WRITE_ONLY)
    return message


def _block_message(schema: Schema, sensitive: frozenset[str], prefix: str) -> Any:
    nestings = {"list": pb.Schema.NestedBlock.LIST, "set": pb.Schema.NestedBlock.SET}
    return pb.Schema.Block(
        attributes=[
            pb.Schema.Attribute(
                name=name,
                type=json.dumps(attribute.type).encode(),
                required=attribute.required,
                optional=attribute.optional,
                computed=attribute.computed,
                sensitive=prefix + name in sensitive,
            )
            for name, attribute in schema.attributes.items()
        ],
        block_types=[
            pb.Schema.NestedBlock(
                type_name=name,
                block=_block_message(nested.block, sensitive, f"{prefix}{name}."),
                nesting=nestings.get(nested.nesting, pb.Schema.NestedBlock.SINGLE),
                min_items=nested.min_items,
                max_items=nested.max_items,
            )
            for name, nested in schema.blocks.items()
        ],
    )
