"""Which asset needs which? What refers to another asset of the declaration is applied after it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import yaml

from ezazml.errors import EzazmlError
from jobs.assets.asset import DEPLOYMENTS, VERSIONED, Definition, Key, Kind
from jobs.assets.local_files import local_paths

_DATASTORE_URI = re.compile(r"azureml://(?:[^\s'\"]*/)?datastores/(?P<name>[A-Za-z0-9_-]+)")
_ASSET = re.compile(
    r"^azureml:(?!/)(?P<name>[A-Za-z0-9][\w.-]*)(?::(?P<version>[\w.-]+)|@(?P<label>[\w.-]+))?$", re.ASCII
)
_ASSET_URI = re.compile(
    r"^azureml:/(?:/[^\s]*)?/(?P<kind>data|models|environments|components)/(?P<name>[\w.-]+)"
    r"(?:/(?:versions/(?P<version>[\w.-]+)|labels/(?P<label>[\w.-]+)))?$",
    re.ASCII,
)
_PLURALS = {
    "data": Kind.DATA,
    "models": Kind.MODEL,
    "environments": Kind.ENVIRONMENT,
    "components": Kind.COMPONENT,
}
#: Fields that name a compute, which is no asset: ``azureml:cpu-cluster``.
_COMPUTES = frozenset({"compute", "default_compute", "target"})
#: Fields whose reference is of one kind.
_FIELDS = {"model": Kind.MODEL, "environment": Kind.ENVIRONMENT, "component": Kind.COMPONENT}


@dataclass(frozen=True)
class Reference:
    """What a text in a declaration refers to. ``kinds`` are those that it may be of."""

    kinds: frozenset[Kind]
    name: str
    version: str | None


@dataclass(frozen=True)
class Needs:
    """Declared assets that must be there first; ``latest`` are those whose newest version is meant."""

    all: frozenset[Key]
    latest: frozenset[Key]


def needs_of(definition: Definition, declared: Collection[Key]) -> Needs:
    """What the definition needs of the assets that are declared beside it."""
    everything: set[Key] = set()
    latest: set[Key] = set()
    for reference in references_in(definition):
        found = {Key(kind, reference.name) for kind in reference.kinds} & set(declared)
        everything |= found
        if reference.version is None:
            latest |= {key for key in found if key.kind in VERSIONED}
    everything |= _of_its_endpoint(definition, declared)
    # Uploads go through datastores that a setting of the workspace opens.
    everything |= {key for key in declared if key.kind is Kind.WORKSPACE}
    everything.discard(definition.key)
    latest.discard(definition.key)
    return Needs(frozenset(everything), frozenset(latest))


def references_in(definition: Definition) -> Iterator[Reference]:
    """Every asset that the definition, or a YAML file that it points to, refers to by name."""
    yield from _in_value(definition.data, "")
    for local in local_paths(definition):
        if local.path.suffix in {".yml", ".yaml"} and local.path.is_file():
            yield from _in_value(yaml.safe_load(local.path.read_text(encoding="utf-8")), "")
    if definition.kind in {Kind.DATA, Kind.MODEL} and definition.data.get("datastore"):
        name = str(definition.data["datastore"]).removeprefix("azureml:")
        yield Reference(frozenset({Kind.DATASTORE}), name, None)


def order(needs: Mapping[Key, Collection[Key]]) -> list[Key]:
    """The keys, each after what it needs, otherwise in the order of the kinds. Raises for a circle."""
    sorter: TopologicalSorter[Key] = TopologicalSorter({key: sorted(needs[key]) for key in sorted(needs)})
    try:
        sorter.prepare()
    except CycleError as error:
        raise EzazmlError(f"Assets need each other in a circle: {' -> '.join(map(str, error.args[1]))}.") from error
    result: list[Key] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        result.extend(ready)
        sorter.done(*ready)
    return result


def _of_its_endpoint(definition: Definition, declared: Collection[Key]) -> set[Key]:
    """A deployment needs its endpoint; who answers can be said when every deployment is there."""
    endpoint = str(definition.data.get("endpoint_name") or definition.data.get("name"))
    if definition.kind in DEPLOYMENTS:
        online = definition.kind is Kind.ONLINE_DEPLOYMENT
        return {Key(Kind.ONLINE_ENDPOINT if online else Kind.BATCH_ENDPOINT, endpoint)} & set(declared)
    deployments = {
        Kind.TRAFFIC: Kind.ONLINE_DEPLOYMENT,
        Kind.DEFAULT_DEPLOYMENT: Kind.BATCH_DEPLOYMENT,
    }.get(definition.kind)
    if deployments is None:
        return set()
    own = Kind.ONLINE_ENDPOINT if deployments is Kind.ONLINE_DEPLOYMENT else Kind.BATCH_ENDPOINT
    below = {key for key in declared if key.kind is deployments and key.name.startswith(f"{endpoint}/")}
    return below | {Key(own, endpoint)}


def _in_value(value: Any, field: str) -> Iterator[Reference]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _in_value(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _in_value(item, field)
    elif isinstance(value, str) and field not in _COMPUTES:
        yield from _in_text(value.strip(), field)


def _in_text(text: str, field: str) -> Iterator[Reference]:
    for found in _DATASTORE_URI.finditer(text):
        yield Reference(frozenset({Kind.DATASTORE}), found["name"], None)
    if match := _ASSET_URI.match(text):
        if "/registries/" not in text:
            yield Reference(frozenset({_PLURALS[match["kind"]]}), match["name"], match["version"])
    elif match := _ASSET.match(text):
        kinds = frozenset({_FIELDS[field]}) if field in _FIELDS else VERSIONED
        yield Reference(kinds, match["name"], match["version"])
