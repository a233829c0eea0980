"""Which schema do the installed bindings have for a type? Read from the TypeScript that they were made from.

The bindings ship compiled JavaScript with inline source maps that hold the generated TypeScript. There every
attribute carries ``// <name> - computed: X, optional: Y, required: Z``, and ``synthesizeHclAttributes`` tells its
type. Nothing about schemas is typed here by hand, so the sandbox cannot drift from what the stacks compile against.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass

from sandbox.terraform_provider.schema.model import Attribute, CtyType, NestedBlock, Schema

_SOURCE_MAP = re.compile(r"sourceMappingURL=data:application/json;base64,([A-Za-z0-9+/=]+)")
_CLASS = re.compile(r"^export class (\w+) extends cdktf\.(\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_INTERFACE = re.compile(r"^export interface (\w+)[^{\n]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_TO_HCL = re.compile(r"^export function (\w+)ToHclTerraform\(.*?\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_HCL_ATTRIBUTE = re.compile(
    r'^ +(\w+): \{\n +value: .*\n +isBlock: \w+,\n +type: "(\w+)",\n +storageClassType: "(\w+)",', re.MULTILINE
)
_ATTRIBUTE = re.compile(
    r"^  // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n", re.MULTILINE
)
_NESTED = re.compile(r"= new (\w+?)(OutputReference|List)\(this, \"\w+\"(?:, (true|false))?\)")
_MAP = re.compile(r"= new cdktf\.(String|Number|Boolean|Any)Map\(")
_GETTER = re.compile(r"this\.get(\w+)Attribute\(")
_BLOCK_COMMENT = re.compile(r"^  \* (\w+) block$", re.MULTILINE)

_GETTER_TYPES: dict[str, CtyType] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
    "AnyMap": ["map", "dynamic"],
}
_STORAGE_TYPES = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}


class UnexpectedBindings(Exception):
    """The bindings do not look as this module expects."""


@dataclass(frozen=True)
class _Source:
    classes: dict[str, tuple[str, str]]
    interfaces: dict[str, str]
    hcl: dict[str, dict[str, tuple[str, str]]]


def derive_schema(javascript: str) -> Schema:
    """Schema of the one resource or data source (or provider) that a bindings module describes.

    Raises :class:`UnexpectedBindings` when the module does not have the expected form.
    """
    source = _read(javascript)
    for name, (base, body) in source.classes.items():
        if base in ("TerraformResource", "TerraformDataSource"):
            return _class_schema(source, name, body, hcl=_hcl_attributes(body), interface=f"{name}Config")
        if base == "TerraformProvider":
            return _struct_schema(source, _hcl_attributes(body), f"{name}Config")
    raise UnexpectedBindings("The bindings module has no class of a resource, data source or provider.")


def _read(javascript: str) -> _Source:
    match = _SOURCE_MAP.search(javascript)
    if match is None:
        raise UnexpectedBindings("The bindings module has no inline source map.")
    text = json.loads(base64.b64decode(match.group(1)))["sourcesContent"][0]
    return _Source(
        classes={name: (base, body) for name, base, body in _CLASS.findall(text)},
        interfaces=dict(_INTERFACE.findall(text)),
        hcl={name: _hcl_attributes(body) for name, body in _TO_HCL.findall(text)},
    )


def _hcl_attributes(body: str) -> dict[str, tuple[str, str]]:
    return {name: (kind, storage) for name, kind, storage in _HCL_ATTRIBUTE.findall(body)}


def _class_schema(source: _Source, name: str, body: str, *, hcl: dict[str, tuple[str, str]], interface: str) -> Schema:
    blocks_named = set(_BLOCK_COMMENT.findall(source.interfaces.get(interface, "")))
    schema = Schema()
    marks = list(_ATTRIBUTE.finditer(body))
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        attribute, computed, optional, required = mark.groups()
        text = body[mark.end() : following.start() if following else len(body)]
        flags = {"required": required == "true", "optional": optional == "true", "computed": computed == "true"}
        nested = _NESTED.search(text)
        if nested is None:
            schema.attributes[attribute] = Attribute(_leaf_type(name, attribute, text, hcl), **flags)
            continue
        inner = _nested_schema(source, nested.group(1))
        single = nested.group(2) == "OutputReference"
        nesting = _nesting(hcl.get(attribute), wraps_set=nested.group(3) == "true")
        if attribute in blocks_named:
            schema.blocks[attribute] = NestedBlock(
                nesting, inner, min_items=int(flags["required"]), max_items=int(single and nesting != "single")
            )
        else:
            member_type = inner.object_type()
            schema.attributes[attribute] = Attribute([nesting, member_type], **flags)
    return schema


def _nested_schema(source: _Source, name: str) -> Schema:
    base_body = source.classes.get(f"{name}OutputReference")
    if base_body is None:
        raise UnexpectedBindings(f"The bindings module has no class {name}OutputReference.")
    function = name[0].lower() + name[1:]
    return _class_schema(source, name, base_body[1], hcl=source.hcl.get(function, {}), interface=name)


def _nesting(hcl: tuple[str, str] | None, *, wraps_set: bool) -> str:
    if hcl is None:
        return "set" if wraps_set else "list"
    return "single" if hcl[0] == "struct" else hcl[0]


def _leaf_type(class_name: str, attribute: str, text: str, hcl: dict[str, tuple[str, str]]) -> CtyType:
    if attribute in hcl:
        return _hcl_type(*hcl[attribute])
    match = _MAP.search(text)
    if match:
        return ["map", _STORAGE_TYPES[match.group(1).lower()]]
    getter = _GETTER.search(text)
    if getter is None or getter.group(1) not in _GETTER_TYPES:
        raise UnexpectedBindings(f"The type of {class_name}.{attribute} cannot be told from the bindings.")
    found = _GETTER_TYPES[getter.group(1)]
    return ["set", *found[1:]] if isinstance(found, list) and "Fn.tolist(" in text else found


def _hcl_type(kind: str, storage: str) -> CtyType:
    if kind == "simple":
        return _STORAGE_TYPES[storage]
    element = _STORAGE_TYPES[storage.removesuffix("List").removesuffix("Map")]
    return [kind, element]


def _struct_schema(source: _Source, hcl: dict[str, tuple[str, str]], interface: str) -> Schema:
    """Provider configuration: there are no classes for its blocks, only interfaces. Nothing in it is computed."""
    body = source.interfaces.get(interface)
    if body is None:
        raise UnexpectedBindings(f"The bindings module has no interface {interface}.")
    blocks_named = set(_BLOCK_COMMENT.findall(body))
    schema = Schema()
    for name, (kind, storage) in hcl.items():
        if name not in blocks_named:
            if name != "alias":
                schema.attributes[name] = Attribute(_hcl_type(kind, storage), optional=True)
            continue
        struct = storage.removesuffix("List")
        inner = _struct_schema(source, source.hcl[struct[0].lower() + struct[1:]], struct)
        schema.blocks[name] = NestedBlock(kind, inner)
    return schema
