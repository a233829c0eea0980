"""What is in force in an environment, and where does each value come from?"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from ezazml.config.environment import ComputeName, Environment
from ezazml.config.paths import flatten, format_path

MASK = "********"


@dataclass(frozen=True)
class EffectiveValue:
    """One setting, its value (secrets masked) and its origin."""

    setting: str
    value: Any
    origin: str


def effective_values(environment: Environment) -> list[EffectiveValue]:
    """Every setting of the environment, in the order of the model."""
    rows = []
    for path, value in flatten(environment.settings.model_dump(mode="python")):
        setting = format_path(path)
        shown = MASK if isinstance(value, SecretStr) else value
        rows.append(EffectiveValue(setting, shown, environment.origins[setting]))
    return rows


def effective_names(environment: Environment) -> dict[str, str]:
    """Every Azure name of the environment."""
    names: dict[str, str] = {}
    for field in dataclasses.fields(environment.names):
        value: str | tuple[ComputeName, ...] = getattr(environment.names, field.name)
        if isinstance(value, str):
            names[field.name] = value
        else:
            names.update({f"{field.name}[{i}]": compute.full_name for i, compute in enumerate(value)})
    return names
