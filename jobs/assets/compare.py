"""Which declared fields differ from what the workspace has? Compared the way Azure writes things back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from ezazml.config.paths import Path as FieldPath
from ezazml.config.paths import format_path
from jobs.assets.changes import Difference
from jobs.assets.secret_values import SECRET_FIELDS
from jobs.assets.tags import without_ours

_ARM_ID = re.compile(
    r"^(?:azureml:)?/subscriptions/.*/workspaces/[^/]+/(?:\w+)/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+))?$",
    re.IGNORECASE,
)
_TIME = re.compile(r"(?<=\d)[tT ](?=\d)")
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]")
#: What is no property of the asset, or written by hash only: local files, definitions inside definitions.
_LEFT_OUT = frozenset(
    {"$schema", "version", "id", "creation_context", "path", "code", "code_configuration", "conda_file", "build"}
    | {"create_job", "create_monitor", "jobs", "command", "job_definition", "component", "datastore"}
    | SECRET_FIELDS
)
#: Groups whose values are not shown: they hold keys and connection strings as often as not.
_HIDDEN = frozenset({"environment_variables"})
_LONGEST = 60


def differences(declared: Mapping[str, Any], remote: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Declared fields whose value in the workspace is another one.

    A field that the workspace does not show is taken as equal, except description and tags: Azure leaves out what it
    has by default, and a plan that never ends would be worse than one that relies on the hash.
    """
    found = list(_differences(_comparable(declared), _comparable(remote), ()))
    if "description" in declared and not remote.get("description") and declared["description"]:
        found.append(Difference("description", "(none)", _shown(declared["description"])))
    return tuple(found)


def _comparable(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "tags": without_ours(data.get("tags"))}


def _differences(declared: Mapping[str, Any], remote: Mapping[str, Any], field: FieldPath) -> Iterator[Difference]:
    for key, value in declared.items():
        if key in _LEFT_OUT:
            continue
        here = (*field, str(key))
        other = remote.get(key)
        if isinstance(value, Mapping):
            inside = other if isinstance(other, Mapping) else {}
            if field == () and key == "tags":
                yield from _tag_differences(value, inside)
            elif isinstance(other, Mapping):
                yield from _differences(value, inside, here)
        elif other is not None and not isinstance(value, list) and not _same(value, other):
            hidden = not _HIDDEN.isdisjoint(map(str, field))
            yield Difference(
                format_path(here),
                "(a value)" if hidden else _shown(other),
                "(another value)" if hidden else _shown(value),
            )


def _tag_differences(declared: Mapping[str, Any], remote: Mapping[str, Any]) -> Iterator[Difference]:
    for key, value in declared.items():
        if str(remote.get(key)) != str(value):
            old = _shown(remote[key]) if key in remote else "(none)"
            yield Difference(f"tags.{key}", old, _shown(value))


def _same(declared: Any, remote: Any) -> bool:
    """``aml_token`` and ``AMLToken``, ``true`` and ``True``, a name and the id of it are the same."""
    if isinstance(remote, (Mapping, list)):
        return True  # written out by Azure, declared in short: the hash compares those
    with suppress(TypeError, ValueError):
        return float(declared) == float(remote)
    text = str(declared).strip()
    if text.startswith("azureml:") and ("@" in text or text.startswith("azureml://")):
        return True  # which version is meant, and where it lies, is part of the hash
    return _canonical(text) == _canonical(remote)


def _canonical(value: Any) -> str:
    text = str(value).strip()
    if match := _ARM_ID.match(text):
        text = f"{match['name']}:{match['version']}" if match["version"] else match["name"]
    text = _TIME.sub("", text.removeprefix("azureml:"))
    return _NOT_ALPHANUMERIC.sub("", text.lower()) or text


def _shown(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
