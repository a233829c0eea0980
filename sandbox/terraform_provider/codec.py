"""How do values travel between Terraform and Python? MessagePack with Terraform's extension for unknown values."""

from __future__ import annotations

from typing import Any

import msgpack

from sandbox.terraform_provider.rules.base import UNKNOWN, Unknown, Values
from sandbox.terraform_provider.schema.model import CtyType, Schema

_UNKNOWN_EXTENSION = msgpack.ExtType(0, b"\x00")


def decode(data: bytes, schema: Schema) -> Values | None:
    """A whole resource value; ``None`` for Terraform's null (a resource that is not there)."""
    if not data:
        return None
    raw = msgpack.unpackb(data, raw=False, strict_map_key=False, ext_hook=lambda _code, _data: UNKNOWN)
    return None if raw is None else complete(_plain(raw, schema.object_type()), schema)


def encode(values: Values | None, schema: Schema) -> bytes:
    """The reverse of :func:`decode`; what is missing in ``values`` is null."""
    packed = None if values is None else _packed(complete(values, schema), schema.object_type())
    result: bytes = msgpack.packb(packed, use_bin_type=True)
    return result


def complete(values: Values, schema: Schema) -> Values:
    """``values`` with every attribute and block of ``schema``: missing attributes null, missing blocks empty."""
    whole: Values = {name: values.get(name) for name in schema.attributes}
    for name, nested in schema.blocks.items():
        value = values.get(name)
        if isinstance(value, Unknown):
            whole[name] = value
        elif nested.nesting == "single":
            whole[name] = None if value is None else complete(value, nested.block)
        else:
            whole[name] = [item if isinstance(item, Unknown) else complete(item, nested.block) for item in value or []]
    return whole


def contains_unknown(value: Any) -> bool:
    """Whether a value, or a part of it, is known only after apply."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, dict):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return False


def _plain(value: Any, cty: CtyType) -> Any:
    if value is None or isinstance(value, Unknown):
        return value
    kind = cty if isinstance(cty, str) else cty[0]
    if kind == "number" and isinstance(value, str):
        # Numbers that are not whole travel as text, to stay exact.
        return float(value) if "." in value or "e" in value.lower() else int(value)
    if kind in ("list", "set"):
        return [_plain(item, cty[1]) for item in value]
    if kind == "map":
        return {key: _plain(item, cty[1]) for key, item in value.items()}
    if kind == "object" and isinstance(cty, list):
        return {key: _plain(value.get(key), inner) for key, inner in cty[1].items()}
    return value


def _packed(value: Any, cty: CtyType) -> Any:
    if isinstance(value, Unknown):
        return _UNKNOWN_EXTENSION
    if value is None:
        return None
    kind = cty if isinstance(cty, str) else cty[0]
    if kind == "number" and isinstance(value, float):
        return int(value) if value.is_integer() else repr(value)
    if kind in ("list", "set"):
        return [_packed(item, cty[1]) for item in value]
    if kind == "map":
        return {key: _packed(item, cty[1]) for key, item in value.items()}
    if kind == "object" and isinstance(cty, list):
        return {key: _packed(value.get(key), inner) for key, inner in cty[1].items()}
    return value
