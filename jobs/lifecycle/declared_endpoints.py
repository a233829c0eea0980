"""What do the files say about an online endpoint? The endpoint, its deployments, its traffic and how that moves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ezazml.errors import InputError
from jobs.assets.asset import Definition, Kind
from jobs.connection import Connection
from jobs.lifecycle.declarations import declared, label_of
from jobs.lifecycle.rollout import ENDING, Rollout, read_rollout
from jobs.lifecycle.traffic import Split


@dataclass(frozen=True)
class Declared:
    """One endpoint with its deployments, as the files say."""

    endpoint: Definition
    deployments: Mapping[str, Definition]
    traffic: Split
    rollout: Rollout
    #: The deployments of the files that were named.
    named: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return str(self.endpoint.data["name"])

    @property
    def mirror(self) -> Split | None:
        """Who gets a copy of the requests; ``None`` where nothing is said about it."""
        return self.endpoint.data.get("mirror_traffic")


def read_declared(connection: Connection, name: str, files: Collection[Path] = ()) -> Declared:
    """The endpoint ``name`` of these files and of the lifecycle folder.

    Raises :class:`InputError` if it is not declared.
    """
    deployment = connection.deployment
    found = declared(deployment, {Kind.ONLINE_ENDPOINT, Kind.ONLINE_DEPLOYMENT}, files)
    endpoints = {str(one.data.get("name")): one for one in found if one.kind is Kind.ONLINE_ENDPOINT}
    if name not in endpoints:
        known = ", ".join(sorted(endpoints)) or "none"
        where = "The files" if files else deployment.environment.settings.lifecycle.folder
        raise InputError(f"{where} declares no online endpoint {name!r}.", hint=f"Declared: {known}.")
    endpoint = endpoints[name]
    path = endpoint.path.with_name(f"{name}{ENDING}")
    label = label_of(path, deployment.environment.root)
    deployments = {
        str(one.data["name"]): one
        for one in found
        if one.kind is Kind.ONLINE_DEPLOYMENT and one.data.get("endpoint_name") == name and "name" in one.data
    }
    given = {path.absolute() for path in files}
    named = tuple(sorted(one for one, definition in deployments.items() if definition.path in given))
    traffic = endpoint.data.get("traffic") or {}
    return Declared(endpoint, deployments, dict(traffic), read_rollout(path, label=label), named)
