"""Which compute of Azure does a name mean? One that the environment's file declares, by the name that it has there."""

from __future__ import annotations

from typing import Any

from ezazml.config.environment import Environment

_FIELDS = ("compute", "default_compute")
_PREFIX = "azureml:"


def full_names(environment: Environment) -> dict[str, str]:
    """Names in the environment's file -> names in Azure; of several copies the first one's.

    So ``cpu-cluster`` is the same cluster in a job file and in ``environments/*.yaml``, whatever prefix the
    environment has, and one job file serves them all.
    """
    compute, names = environment.settings.compute, environment.names
    found: dict[str, str] = {}
    for declared, made in ((compute.instances, names.compute_instances), (compute.clusters, names.compute_clusters)):
        for one in made:
            found.setdefault(declared[one.index].name, one.full_name)
    return found


def with_full_names(value: Any, environment: Environment) -> Any:
    """A declaration of Azure ML, its computes by their names in Azure; other computes stay as they are written."""
    return _replaced(value, full_names(environment))


def _replaced(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_replaced(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _replaced(one, names) for key, one in value.items()}
    for field in _FIELDS:
        written = changed.get(field)
        if isinstance(written, str) and written.removeprefix(_PREFIX) in names:
            changed[field] = f"{_PREFIX}{names[written.removeprefix(_PREFIX)]}"
    return changed
