"""What do ``${...}`` in a declaration stand for? Outputs of the stack, so that nobody copies names from the portal.

``${storage_account_name}`` and ``${outputs.storage_account_name}`` are the output of that name, ``[0]`` an entry of
a list, ``${environment}`` the environment's name. ``$${`` stands for ``${`` itself. Azure ML's own expressions
``${{...}}`` stay as they are, and in a ``command`` so do variables of the shell (``${HOME}``, capital letters).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ezazml.config.paths import Path as FieldPath
from ezazml.config.paths import parse_path
from jobs.assets.asset import Definition
from jobs.assets.secret_values import is_secret_reference

_REFERENCE = re.compile(r"\$\$\{|\$\{(?!\{)(?P<name>[^{}]*)\}")
_NAME = re.compile(r"^[A-Za-z_]\w*(?:\.\w+|\[\d+\])*$")
_SHELL = re.compile(r"^[A-Z_][A-Z0-9_]*$")


class UnknownReference(Exception):
    """A reference that cannot be resolved: what is wrong, and the next step."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message, self.fix = message, fix


def resolve(value: str, known: Mapping[str, Any], *, field: FieldPath) -> Any:
    """``value`` with its references replaced. A text that is one reference takes the value's own type.

    Raises :class:`UnknownReference`.
    """
    whole = _REFERENCE.fullmatch(value)
    if whole is not None and whole["name"] is not None:
        return _replacement(whole["name"], known, field)

    def replace(match: re.Match[str]) -> str:
        if match["name"] is None:
            return "${"
        found = _replacement(match["name"], known, field)
        if isinstance(found, (list, dict)):
            raise UnknownReference(
                f"${{{match['name']}}} is a {type(found).__name__}, which cannot be part of a text.",
                f"Name one entry, such as ${{{match['name']}[0]}}.",
            )
        return str(found)

    return _REFERENCE.sub(replace, value)


def resolve_all(definition: Definition, known: Mapping[str, Any]) -> Iterator[tuple[FieldPath, UnknownReference]]:
    """Resolve every reference in the definition's data, in place; gives what cannot be resolved."""
    for container, key, field in list(_texts(definition.data, ())):
        try:
            container[key] = resolve(container[key], known, field=field)
        except UnknownReference as problem:
            yield field, problem


def _replacement(name: str, known: Mapping[str, Any], field: FieldPath) -> Any:
    text = f"${{{name}}}"
    if is_secret_reference(text):
        if field[:1] == ("credentials",):
            return text  # read when it is written to Azure, and never kept
        raise UnknownReference(f"{text} may stand below `credentials` only.", "Put no secret anywhere else.")
    if _SHELL.match(name) and field[-1:] == ("command",):
        return text
    if not _NAME.match(name):
        raise UnknownReference(f"{text} is not a reference.", "Write $${ where ${ itself is meant.")
    value: Any = known
    for part in parse_path(name.removeprefix("outputs.")):
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            value = None
        if value is None:
            raise UnknownReference(f"{text} is unknown.", _suggestion(name, known))
    return value


def _suggestion(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name.removeprefix("outputs."), known, n=1)
    if near:
        return f"Did you mean ${{{near[0]}}}?"
    return f"Known: {', '.join(sorted(known))}. Write $${{ where ${{ itself is meant."


def _texts(value: Any, field: FieldPath) -> Iterator[tuple[Any, Any, FieldPath]]:
    """Every text that may hold a reference: what holds it, under which key, and its path."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        here = (*field, key)
        if isinstance(item, str):
            if "${" in item:
                yield value, key, here
        else:
            yield from _texts(item, here)
