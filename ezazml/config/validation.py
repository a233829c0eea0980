"""What is wrong with the form of the settings? Pydantic's findings as messages for people."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ezazml.config.models import EnvironmentModel
from ezazml.config.paths import Path, field_at, format_path, is_secret, valid_keys
from ezazml.errors import Problem

Where = Callable[[Path], str]

_TYPES = {
    "bool_parsing": ("true or false", "Use true or false."),
    "bool_type": ("true or false", "Use true or false."),
    "int_parsing": ("a whole number", "Use a number such as 2."),
    "int_type": ("a whole number", "Use a number such as 2."),
    "int_from_float": ("a whole number", "Use a number such as 2."),
    "float_parsing": ("a number", "Use a number such as 1.5."),
    "float_type": ("a number", "Use a number such as 1.5."),
    "number_type": ("a number", "Use a number such as 2."),
    "finite_number": ("a finite number", "Use a number such as 1.5, or remove the setting."),
    "string_type": ("text", "Put it in quotes."),
    "tuple_type": ("a list", "Use a list: [first, second]."),
    "dict_type": ("a group of `name: value` lines", "Put the settings below it, indented."),
    "model_type": ("a group of `name: value` lines", "Put the settings below it, indented."),
    "model_attributes_type": ("a group of `name: value` lines", "Put the settings below it, indented."),
}


def problems_of(error: ValidationError, *, where: Where) -> list[Problem]:
    """One :class:`Problem` for each finding, each with its place, value, rule and next step."""
    return [_problem(details, where) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, where: Where) -> Problem:
    path = _setting_path(details["loc"])
    message, fix = _explain(details, path)
    return Problem(where(path), format_path(path), message, fix)


def _explain(details: ErrorDetails, path: Path) -> tuple[str, str]:
    kind, context = details["type"], details.get("ctx", {})
    shown = _shown(details["input"], path)
    if kind == "extra_forbidden":
        return "is not a setting.", _nearest(str(path[-1]), valid_keys(EnvironmentModel, path[:-1]))
    if kind == "missing":
        return "is missing, but required.", f"Set {path[-1]}."
    if kind == "literal_error":
        return f"{shown} is not one of {context['expected']}.", "Choose one of them."
    if kind == "enum":
        return f"{shown} is not one of {context['expected']}.", "Choose one of them."
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return (
            f"needs a type, one of {context.get('expected_tags', chr(39) + 'azurerm' + chr(39))}.",
            "Set type.",
        )
    if kind in ("greater_than_equal", "less_than_equal", "greater_than", "less_than"):
        bound, limit = _bound(kind, context)
        return f"{shown} is not {bound} {limit}.", f"Use a number {bound} {limit}."
    if kind == "string_pattern_mismatch":
        return f"{shown} does not have the form {context['pattern']}.", "Correct it."
    if kind == "too_long":
        return f"has {context['actual_length']} entries.", f"At most {context['max_length']} are allowed."
    if kind in _TYPES:
        wanted, fix = _TYPES[kind]
        return f"{shown} is not {wanted}.", fix
    return f"{shown} is refused: {details['msg']}.", "Correct it."


def _bound(kind: str, context: dict[str, Any]) -> tuple[str, Any]:
    return {
        "greater_than_equal": ("at least", context.get("ge")),
        "less_than_equal": ("at most", context.get("le")),
        "greater_than": ("above", context.get("gt")),
        "less_than": ("below", context.get("lt")),
    }[kind]


def _nearest(key: str, keys: list[str]) -> str:
    near = difflib.get_close_matches(key, keys, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else f"Settings here: {', '.join(keys)}."


def _setting_path(location: tuple[int | str, ...]) -> Path:
    """Pydantic puts a union's tag (``azurerm``) and a mapping's ``[key]`` into the path: take them out."""
    path: list[int | str] = []
    for part in location:
        if part == "[key]":
            continue
        if path == ["backend"] and part in ("azurerm", "local"):
            continue
        path.append(part)
    return tuple(path)


def _shown(value: Any, path: Path) -> str:
    """The value for a message; never that of a secret, and no more than a line of it."""
    annotation = field_at(EnvironmentModel, path)
    if annotation is not None and is_secret(annotation):
        return "the value"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
