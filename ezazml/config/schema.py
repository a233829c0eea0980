"""Which JSON Schema do editors use for ``environments/*.yaml``? The settings' own, without the secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ezazml.config.loading import FOLDER
from ezazml.config.models import EnvironmentModel

SCHEMA_FILE = "environment.schema.json"


def environment_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of an environment file. Secrets are left out, as they must not stand in a file."""
    schema = EnvironmentModel.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "EZAZ ML environment"
    for definition in (schema, *schema["$defs"].values()):
        properties = definition.get("properties", {})
        for name in [name for name, value in properties.items() if _is_secret(value)]:
            del properties[name]
    return schema


def _is_secret(value: dict[str, Any]) -> bool:
    return any(option.get("format") == "password" for option in (value, *value.get("anyOf", ())))


def write_schema(root: Path) -> Path:
    """Write the schema beside the environment files and return its path."""
    path = root / FOLDER / SCHEMA_FILE
    path.write_text(json.dumps(environment_schema(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path
