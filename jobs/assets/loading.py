"""How does a declaration become the SDK's object? With azure-ai-ml's own loaders, and its complaints made readable."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from ezazml.config.paths import Path as FieldPath
from ezazml.config.paths import parse_path
from ezazml.errors import Problem
from jobs.assets.asset import Definition, Kind
from jobs.azure_errors import short

_REQUIRED = "Missing data for required field."
_PREFIX = re.compile(r"^Validation for \w+ failed:\s*")


def load_entity(definition: Definition) -> Any:
    """The SDK's object for the definition. A new one for every call: the SDK changes what it is given."""
    text = yaml.safe_dump(definition.data, sort_keys=False, allow_unicode=True)
    return _loader(definition)(io.StringIO(text), relative_origin=str(definition.path))


def problems_of_loading(definition: Definition) -> Iterator[Problem]:
    """What the SDK refuses in the definition, each with its line, and fields that its lax loaders let pass."""
    from marshmallow import ValidationError  # noqa: PLC0415 - comes with azure-ai-ml, which takes 0.8 s

    try:
        entity = load_entity(definition)
    except ValidationError as error:
        yield from _from_tree(definition, _tree(str(error.args[0] if error.args else error)), ())
    except Exception as error:
        # The loaders raise whatever they meet: KeyError, TypeError, their own exceptions. All mean the file is wrong.
        yield definition.problem((), f"azure-ai-ml cannot load it: {short(error)}", "Correct the file.")
    else:
        yield from _unknown_fields(definition, entity)


def _loader(definition: Definition) -> Callable[..., Any]:
    # "Check: endpoint exists" and the like: the plan says it better.
    logging.getLogger("azure.ai.ml").setLevel(logging.ERROR)
    # "This is an experimental class": nothing that the reader of a plan can do anything about.
    logging.getLogger("azure.ai.ml._utils._experimental").setLevel(logging.ERROR)
    # load_schedule and the special batch deployments are exported nowhere else.
    from azure.ai.ml.entities import _load_functions as load  # noqa: PLC0415

    type_ = definition.data.get("type")
    if definition.kind is Kind.BATCH_DEPLOYMENT and type_ in {"pipeline", "model"}:
        return (
            load.load_pipeline_component_batch_deployment if type_ == "pipeline" else load.load_model_batch_deployment
        )
    loaders: Mapping[Kind, Callable[..., Any]] = {
        Kind.DATASTORE: load.load_datastore,
        Kind.DATA: load.load_data,
        Kind.ENVIRONMENT: load.load_environment,
        Kind.COMPONENT: load.load_component,
        Kind.MODEL: load.load_model,
        Kind.ONLINE_ENDPOINT: load.load_online_endpoint,
        Kind.ONLINE_DEPLOYMENT: load.load_online_deployment,
        Kind.BATCH_ENDPOINT: load.load_batch_endpoint,
        Kind.BATCH_DEPLOYMENT: load.load_batch_deployment,
        Kind.SCHEDULE: load.load_schedule,
        Kind.JOB: load.load_job,
    }
    return loaders[definition.kind]


def _tree(message: str) -> Any:
    """The SDK puts a JSON document into its message: nested fields, or a list of paths and messages."""
    start = message.find("{")
    if start < 0:
        return message
    try:
        return json.JSONDecoder().raw_decode(message[start:])[0]
    except ValueError:
        return message


def _from_tree(definition: Definition, tree: Any, field: FieldPath) -> Iterator[Problem]:
    if isinstance(tree, dict) and isinstance(tree.get("errors"), list):
        for error in tree["errors"]:
            path = error.get("path") or ""
            here = field if path in {"", "*"} else (*field, *parse_path(path))
            yield from _from_tree(definition, error.get("message", ""), here)
    elif isinstance(tree, dict):
        for key, inner in tree.items():
            here = field if key in {"*", "_schema"} else (*field, int(key) if str(key).isdigit() else key)
            yield from _from_tree(definition, inner, here)
    elif isinstance(tree, list):
        groups = [inner for inner in tree if isinstance(inner, dict)]
        if groups:
            # One of several alternatives should have matched: the nearest miss tells most.
            yield from _from_tree(definition, min(groups, key=lambda group: len(json.dumps(group))), field)
        for text in dict.fromkeys(inner for inner in tree if isinstance(inner, str)) if not groups else ():
            yield from _from_tree(definition, text, field)
    elif _PREFIX.match(str(tree)):
        yield from _from_tree(definition, _tree(str(tree)), field)
    else:
        yield _one(definition, str(tree), field)


def _one(definition: Definition, message: str, field: FieldPath) -> Problem:
    if message == _REQUIRED:
        return definition.problem(field, "is missing.", f"A {definition.kind} needs it.")
    if message == "Unknown field.":
        return definition.problem(field, f"is not a field of a {definition.kind}.", "Remove it, or correct its name.")
    text = message.strip().splitlines()[0]
    return definition.problem(field, text if text.endswith(".") else f"{text}.", "Correct the value.")


def _unknown_fields(definition: Definition, entity: Any) -> Iterator[Problem]:
    """The loader of components takes unknown fields silently; their schema knows which there are."""
    if definition.kind is not Kind.COMPONENT:
        return
    schema = entity._create_schema_for_validation(context={"base_path": definition.path.parent})
    known = {field.data_key or name for name, field in schema.fields.items()}
    for name in definition.data:
        if name not in known and name != "$schema":
            yield _one(definition, "Unknown field.", (name,))
