"""Which deployment of an endpoint answers? Declared in the endpoint's file, set after its deployments are there.

Only what the declaration mentions changes. Azure sets every deployment that an update leaves out to zero, so the
shares of the others are always sent along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from jobs.assets.asset import Definition, Kind

#: Fields of an endpoint that speak of its deployments.
SHARES = ("traffic", "mirror_traffic")


def split_traffic(definition: Definition) -> Iterator[Definition]:
    """An endpoint's definition as the endpoint itself and, if declared, who answers in it."""
    data = definition.data
    if definition.kind is Kind.ONLINE_ENDPOINT:
        yield replace(definition, data={key: value for key, value in data.items() if key not in SHARES})
        shares = {key: data[key] for key in SHARES if data.get(key)}
        if shares:
            yield replace(definition, kind=Kind.TRAFFIC, data={"name": data["name"], **shares})
    elif definition.kind is Kind.BATCH_ENDPOINT:
        yield replace(definition, data={key: value for key, value in data.items() if key != "defaults"})
        if data.get("defaults"):
            default = {"name": data["name"], "defaults": data["defaults"]}
            yield replace(definition, kind=Kind.DEFAULT_DEPLOYMENT, data=default)
    else:
        yield definition


def merged(present: Mapping[str, Any] | None, declared: Mapping[str, Any]) -> dict[str, int]:
    """The shares to send: those that there are, with the declared ones laid over them, without zeroes."""
    shares = {name: int(share) for name, share in {**(present or {}), **declared}.items()}
    return {name: share for name, share in shares.items() if share}
