"""What will an apply change, and does it replace the resource? As Terraform's plugin SDK v2 plans it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.terraform_provider.codec import complete
from sandbox.terraform_provider.rules.base import UNKNOWN, Azure, ResourceRules, Unknown, Values
from sandbox.terraform_provider.schema.model import Attribute, CtyType, Schema

#: A path to an attribute: names, and indexes inside nested blocks.
AttributePath = tuple[str | int, ...]


@dataclass(frozen=True)
class Plan:
    """The planned values (``None``: the resource goes), and the attributes that force a replacement."""

    planned: Values | None
    replace: list[AttributePath]


def plan_change(
    rules: ResourceRules, schema: Schema, azure: Azure, *, config: Values | None, prior: Values | None
) -> Plan:
    """Plan the change from ``prior`` (``None``: create) to ``config`` (``None``: destroy)."""
    if config is None:
        return Plan(None, [])
    planned = _plan_block(rules, schema, config, prior, prefix="")
    rules.customize_plan(azure, prior, planned)
    if prior is None:
        return Plan(complete(planned, schema), [])
    changed = _changed_paths(schema, prior, planned)
    if not changed:
        return Plan(prior, [])
    for computed, causes in rules.recomputed.items():
        if config.get(computed) is None and causes & {_dotted(path) for path in changed}:
            planned[computed] = UNKNOWN
    forced = rules.force_new | rules.forces_new(prior, planned)
    replace = [path for path in changed if _dotted(path) in forced]
    return Plan(complete(planned, schema), replace)


def _plan_block(rules: ResourceRules, schema: Schema, config: Values, prior: Values | None, prefix: str) -> Values:
    planned: Values = {}
    for name, attribute in schema.attributes.items():
        planned[name] = _plan_attribute(rules, name, attribute, config, prior, prefix)
    for name, nested in schema.blocks.items():
        given = config.get(name)
        if isinstance(given, Unknown) or nested.nesting == "single":
            planned[name] = given
            continue
        before = (prior or {}).get(name) or []
        if not given and f"{prefix}{name}" in rules.computed_blocks:
            planned[name] = before if prior is not None else []
            continue
        planned[name] = [
            item
            if isinstance(item, Unknown)
            else _plan_block(
                rules, nested.block, item, _counterpart(nested.nesting, index, item, before), f"{prefix}{name}."
            )
            for index, item in enumerate(given or [])
        ]
    return planned


def _plan_attribute(  # noqa: PLR0917
    rules: ResourceRules, name: str, attribute: Attribute, config: Values, prior: Values | None, prefix: str
) -> Any:
    value = config.get(name)
    if value is not None:
        return value
    default = rules.defaults.get(prefix + name)
    if default is not None:
        return default
    if not attribute.computed:
        return None
    return prior.get(name) if prior is not None else UNKNOWN


def _counterpart(nesting: str, index: int, item: Values, before: list[Values]) -> Values | None:
    """The prior block that a configured one continues: by position in a list, by what is configured in a set."""
    if nesting == "list":
        return before[index] if index < len(before) else None
    for candidate in before:
        if all(value is None or value == [] or candidate.get(name) == value for name, value in item.items()):
            return candidate
    return None


def _changed_paths(schema: Schema, prior: Values, planned: Values, prefix: AttributePath = ()) -> list[AttributePath]:
    changed: list[AttributePath] = []
    for name, attribute in schema.attributes.items():
        if not same(attribute.type, prior.get(name), planned.get(name)):
            changed.append((*prefix, name))
    for name, nested in schema.blocks.items():
        before, after = prior.get(name), planned.get(name)
        if nested.nesting == "single" or isinstance(after, Unknown):
            if before != after:
                changed.append((*prefix, name))
            continue
        before, after = before or [], after or []
        if nested.nesting == "set" or len(before) != len(after):
            if not same(["set", nested.block.object_type()], before, after):
                changed.append((*prefix, name))
                if len(before) != len(after):
                    changed.extend((*prefix, name, member) for member in nested.block.attributes)
            continue
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            changed.extend(_changed_paths(nested.block, old, new, (*prefix, name, index)))
    return changed


def same(cty: CtyType, one: Any, other: Any) -> bool:
    """Whether two values are equal; sets in any order, an empty collection as none."""
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return one is other
    kind = cty if isinstance(cty, str) else cty[0]
    if kind in ("list", "set", "map"):
        one, other = one or None, other or None
    if one is None or other is None:
        return one is other
    if kind == "list":
        return len(one) == len(other) and all(same(cty[1], a, b) for a, b in zip(one, other, strict=True))
    if kind == "set":
        rest = list(other)
        for item in one:
            match = next((i for i, candidate in enumerate(rest) if same(cty[1], item, candidate)), None)
            if match is None:
                return False
            del rest[match]
        return not rest
    if kind == "map":
        return one.keys() == other.keys() and all(same(cty[1], one[key], other[key]) for key in one)
    if kind == "object" and isinstance(cty, list):
        return all(same(inner, one.get(key), other.get(key)) for key, inner in cty[1].items())
    return bool(one == other)


def _dotted(path: AttributePath) -> str:
    return ".".join(part for part in path if isinstance(part, str))
