"""What shall the workspace of an environment hold? Every declared asset, checked, or every problem at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ezazml.errors import ConfigurationError, Problem
from jobs.assets import checks, local_files
from jobs.assets.asset import Asset, Definition, Key
from jobs.assets.dependencies import needs_of, order
from jobs.assets.fingerprint import hash_definition, hash_files
from jobs.assets.loading import problems_of_loading
from jobs.assets.reading import read_definitions
from jobs.assets.traffic import split_traffic
from jobs.assets.variables import datastore_of_variables
from jobs.assets.workspace_settings import workspace_of_settings
from jobs.deployment import Deployment


@dataclass(frozen=True)
class Declaration:
    """Everything that is declared for one environment, in an order in which it can be applied."""

    assets: tuple[Asset, ...]

    def __contains__(self, key: object) -> bool:
        return any(asset.key == key for asset in self.assets)


def load_declaration(
    deployment: Deployment, *, root: Path | None = None, environ: Mapping[str, str] | None = None
) -> Declaration:
    """Read and check the declared assets of the deployment's environment. Sends nothing to Azure.

    Raises :class:`ConfigurationError` with every problem found.
    """
    root = (root or deployment.environment.root).absolute()
    environ = os.environ if environ is None else environ
    known: dict[str, Any] = {**deployment.outputs, "environment": deployment.name}
    reading = read_definitions(root, deployment.name, known)
    definitions = [*reading.definitions, *datastore_of_variables(deployment.environment, root)]
    problems = [*reading.problems, *checks.duplicate_problems(definitions)]
    contents: dict[Key, str] = {}
    companions: set[Path] = set()
    for definition in definitions:
        found = list(local_files.local_paths(definition))
        companions.update(local.path.resolve() for local in found)
        wrong = _check(definition, found, root, environ)
        problems.extend(wrong)
        if not wrong:
            contents[definition.key] = hash_files(local.path for local in found)
    problems.extend(problem for path, problem in reading.undecided.items() if not _belongs(path, companions))
    if problems:
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.where))
    return Declaration(_assets([*workspace_of_settings(deployment, root), *definitions], contents))


def _check(
    definition: Definition, found: list[local_files.LocalPath], root: Path, environ: Mapping[str, str]
) -> list[Problem]:
    """The first kind of problem that there is: later checks would only repeat it in other words."""
    own = [*checks.problems_of(definition, environ)]
    files = [problem for local in found for problem in local_files.problems_of(definition, local, root)]
    if own or files:
        return own + files
    return list(problems_of_loading(definition))


def _belongs(path: Path, companions: set[Path]) -> bool:
    """Whether a YAML file that declares nothing is part of an asset: named by one, or in a folder of one."""
    return any(path == other or other in path.parents for other in companions)


def _assets(definitions: list[Definition], contents: Mapping[Key, str]) -> tuple[Asset, ...]:
    """Fingerprints need those of what ``@latest`` refers to, so they are made in the order of the dependencies."""
    definitions = [part for definition in definitions for part in split_traffic(definition)]
    keys = {definition.key for definition in definitions}
    needed = {definition.key: needs_of(definition, keys) for definition in definitions}
    made: dict[Key, Asset] = {}
    by_key = {definition.key: definition for definition in definitions}
    for key in order({name: needs.all for name, needs in needed.items()}):
        definition = by_key[key]
        content = contents.get(key, "")
        latest = [f"{other}={made[other].fingerprint}" for other in needed[key].latest]
        asset = Asset(key, definition, content, hash_definition(definition.data, content, latest))
        made[key] = replace(asset, needs=needed[key].all)
    return tuple(made.values())
