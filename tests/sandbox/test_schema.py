"""Schemas derived from the bindings are the real providers' schemas."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.terraform_provider.rules import DATA_SOURCES, RESOURCES
from sandbox.terraform_provider.schema.derive import UnexpectedBindings, derive_schema
from sandbox.terraform_provider.schema.library import SchemaLibrary, provider_version
from sandbox.terraform_provider.schema.model import Schema

#: ``terraform providers schema -json`` of azurerm 4.55.0 and azuread 3.7.0, for the types in use.
REAL: dict[str, dict[str, list[Any]]] = json.loads(
    (Path(__file__).resolve().parents[1] / "golden" / "provider_schemas.json").read_text()
)
#: The bindings do not say how many items above one a block may have.
UNKNOWN_MAXIMA = {"cors_rule": 5, "ip_address_pool": 2}


@pytest.fixture(scope="module")
def derived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Schema]:
    cache = tmp_path_factory.mktemp("schemas")
    found: dict[str, Schema] = {}
    for provider in ("azurerm", "azuread"):
        keys = [key for key in REAL if key.removeprefix("data.").startswith(f"{provider}_")]
        found |= SchemaLibrary(provider, cache).schemas(keys)
    return found


def flat(schema: Schema, prefix: str = "") -> dict[str, list[Any]]:
    result: dict[str, list[Any]] = {}
    for name, attribute in schema.attributes.items():
        flags = "R" * attribute.required + "O" * attribute.optional + "C" * attribute.computed
        result[prefix + name] = [flags, attribute.type]
    for name, nested in schema.blocks.items():
        maximum = nested.max_items or UNKNOWN_MAXIMA.get(name, 0)
        result[prefix + name] = ["block", nested.nesting, nested.min_items, maximum]
        result |= flat(nested.block, f"{prefix}{name}.")
    return result


@pytest.mark.parametrize("key", sorted(REAL))
def test_a_derived_schema_equals_the_real_one(derived: dict[str, Schema], key: str) -> None:
    real = {path: [re.sub("[SW]", "", str(entry[0])), *entry[1:]] for path, entry in REAL[key].items()}
    assert flat(derived[key]) == real


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_sensitive_attributes_are_the_real_ones(kind: str) -> None:
    real = {path for path, entry in REAL[kind].items() if "S" in str(entry[0]) and entry[0] != "block"}
    assert RESOURCES[kind].sensitive == real


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_write_only_attributes_are_the_real_ones(kind: str) -> None:
    real = {path for path, entry in REAL[kind].items() if "W" in str(entry[0]) and entry[0] != "block"}
    assert RESOURCES[kind].write_only == real


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_rules_name_only_what_the_schema_has(kind: str) -> None:
    rules = RESOURCES[kind]
    named = {*rules.force_new, *rules.defaults, *rules.computed_blocks, *rules.recomputed}
    named |= {path for paths in rules.recomputed.values() for path in paths}
    assert named <= set(REAL[kind])


def test_every_type_with_rules_is_compared() -> None:
    assert set(RESOURCES) | {f"data.{name}" for name in DATA_SOURCES} <= set(REAL)


def test_the_stand_in_takes_the_place_of_the_version_in_the_bindings() -> None:
    assert (provider_version("azurerm"), provider_version("azuread")) == ("4.55.0", "3.7.0")


def test_schemas_come_from_the_cache_and_a_broken_cache_is_made_anew(tmp_path: Path) -> None:
    first = SchemaLibrary("azuread", tmp_path).schemas(["azuread_user", "azuread_nonsense"])
    assert list(first) == ["azuread_user"]
    (cache,) = tmp_path.iterdir()
    cache.write_text('{"broken')
    again = SchemaLibrary("azuread", tmp_path).schemas(["azuread_user"])
    assert again == first
    assert json.loads(cache.read_text())["azuread_user"]


@pytest.mark.parametrize("text", ["", "//# sourceMappingURL=data:application/json;base64,e30="])
def test_unexpected_bindings_are_said_to_be_so(text: str) -> None:
    with pytest.raises((UnexpectedBindings, KeyError)):
        derive_schema(text)
