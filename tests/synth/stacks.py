"""Synthesised stacks for the tests: each shipped environment once, and variations of dev."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from constructs_lib.bindings import App, TerraformStack, Testing
from ezazml.config.environment import Environment
from ezazml.config.loading import available_environments, load_environment
from ezazml.operations.feature_environments import feature_of
from stacks.environment import EnvironmentStack

ROOT = Path(__file__).resolve().parents[2]
#: The environments of this project, without those that somebody here made for a branch.
SHIPPED = tuple(
    name for name in available_environments(ROOT) if feature_of(ROOT / "environments" / f"{name}.yaml") is None
)
PROFILES = ("public", "managed", "private")
Stack = dict[str, Any]


def synthesise(environment: Environment) -> Stack:
    """Plain JSON of one environment's stack."""
    return synthesised(lambda app: EnvironmentStack(app, environment))


def synthesised(make: Callable[[App], TerraformStack]) -> Stack:
    """Plain JSON of a stack; the folder that cdktf makes for it goes again."""
    with TemporaryDirectory() as folder:
        result: Stack = json.loads(Testing.synth(make(Testing.app(outdir=folder)), True))
    return result


@cache
def shipped(name: str) -> Stack:
    """A shipped environment, with no variable set."""
    return synthesise(load_environment(name, root=ROOT, environ={}))


def variation(folder: Path, settings: dict[str, Any], environ: dict[str, str] | None = None) -> Stack:
    """An environment ``dev`` with these settings only."""
    (folder / "environments").mkdir(exist_ok=True)
    (folder / "environments" / "dev.yaml").write_text(yaml.safe_dump(settings))
    return synthesise(load_environment("dev", root=folder, environ=environ or {}))


def resources(stack: Stack, kind: str) -> dict[str, Any]:
    """Resources of one type by name."""
    found: dict[str, Any] = stack["resource"].get(kind, {})
    return found


def addresses(stack: Stack) -> list[str]:
    """Addresses of all resources and data sources."""
    found = [f"{kind}.{name}" for kind, group in stack["resource"].items() for name in group]
    found += [f"data.{kind}.{name}" for kind, group in stack.get("data", {}).items() for name in group]
    return sorted(found)


@cache
def profile(name: str) -> Stack:
    """An environment of ``tests/environments``, one for each network profile."""
    return synthesise(load_environment(name, root=ROOT / "tests", environ={}))
