"""How do values compare, and what do functions make of them? The meaning of the language's operators and functions."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]
_EPOCH = datetime(1, 1, 1, tzinfo=UTC)


def text_of(value: Any) -> str:
    """``tostring``: nothing is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def number_of(value: Any) -> float | None:
    """``todouble``: nothing for what is no number."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def whole_of(value: Any) -> int | None:
    """``tolong``: nothing for what is no whole number."""
    found = number_of(value)
    return None if found is None or math.isnan(found) else int(found)


def truth_of(value: Any) -> bool | None:
    """``tobool``."""
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower())
    return None if value is None else bool(value)


def parsed(value: Any) -> Any:
    """``parse_json``: an object, or the text itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def floor_of(value: Any, step: Any) -> Any:
    """``bin``: rounded down to whole steps."""
    if value is None or not step:
        return None
    if isinstance(value, datetime):
        return _EPOCH + (value - _EPOCH) // step * step
    return value // step * step


def same(left: Any, right: Any) -> bool:
    """Equality; a dynamic value compares as the other's type."""
    if isinstance(left, bool | str) and isinstance(right, bool | str) and type(left) is not type(right):
        return text_of(left).lower() == text_of(right).lower()
    return bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(left: Any, right: Any) -> bool:
        try:
            return left is not None and right is not None and bool(compare(left, right))
        except TypeError:
            return False

    return compared


def _alike(left: Any, right: Any) -> bool:
    return text_of(left).lower() == text_of(right).lower()


def _has(left: Any, right: Any) -> bool:
    """A whole term of the text, in any case (Microsoft Learn, "String operators", "What is a term?")."""
    term = re.escape(text_of(right))
    return re.search(rf"(?<![A-Za-z0-9]){term}(?![A-Za-z0-9])", text_of(left), re.IGNORECASE) is not None


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "<>": lambda left, right: not same(left, right),
    "=~": _alike,
    "!~": lambda left, right: not _alike(left, right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "has": _has,
    "!has": lambda left, right: not _has(left, right),
    "contains": lambda left, right: text_of(right).lower() in text_of(left).lower(),
    "!contains": lambda left, right: text_of(right).lower() not in text_of(left).lower(),
    "startswith": lambda left, right: text_of(left).lower().startswith(text_of(right).lower()),
    "!startswith": lambda left, right: not text_of(left).lower().startswith(text_of(right).lower()),
    "endswith": lambda left, right: text_of(left).lower().endswith(text_of(right).lower()),
    "!endswith": lambda left, right: not text_of(left).lower().endswith(text_of(right).lower()),
}


def calculated(sign: str, left: Any, right: Any) -> Any:
    """Sums, differences, products and quotients; nothing where one side is nothing or they do not fit."""
    if left is None or right is None:
        return None
    try:
        if sign == "+":
            return left + right
        if sign == "-":
            return left - right
        if sign == "*":
            return left * right
        if sign == "%":
            return left % right
        whole = isinstance(left, int) and isinstance(right, int)
        return (left // right if whole else left / right) if right else None
    except TypeError:
        return None


#: Name -> type of the answer (empty: that of the first argument), fewest and most arguments, and what it does.
FUNCTIONS: dict[str, tuple[str, int, int, Callable[..., Any]]] = {
    "now": ("datetime", 0, 0, lambda: datetime.now(UTC)),
    "ago": ("datetime", 1, 1, lambda period: datetime.now(UTC) - period),
    "bin": ("", 2, 2, floor_of),
    "floor": ("", 2, 2, floor_of),
    "tostring": ("string", 1, 1, text_of),
    "toint": ("int", 1, 1, whole_of),
    "tolong": ("long", 1, 1, whole_of),
    "todouble": ("real", 1, 1, number_of),
    "toreal": ("real", 1, 1, number_of),
    "tobool": ("bool", 1, 1, truth_of),
    "tolower": ("string", 1, 1, lambda value: text_of(value).lower()),
    "toupper": ("string", 1, 1, lambda value: text_of(value).upper()),
    "parse_json": ("dynamic", 1, 1, parsed),
    "todynamic": ("dynamic", 1, 1, parsed),
    "strlen": ("long", 1, 1, lambda value: len(text_of(value))),
    "strcat": ("string", 1, 64, lambda *values: "".join(map(text_of, values))),
    "round": ("real", 1, 2, lambda value, digits=0: None if value is None else round(float(value), digits)),
    "iff": ("", 3, 3, lambda condition, yes, no: yes if condition else no),
    "not": ("bool", 1, 1, lambda value: not value),
    "isempty": ("bool", 1, 1, lambda value: text_of(value) == ""),
    "isnotempty": ("bool", 1, 1, lambda value: text_of(value) != ""),
    "isnull": ("bool", 1, 1, lambda value: value is None),
    "isnotnull": ("bool", 1, 1, lambda value: value is not None),
}


def percentile(values: list[Any], percent: float) -> Any:
    """The nearest rank, as Kusto's estimate is for few values."""
    ordered = sorted(value for value in values if value is not None)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)] if ordered else None


def _mean(values: list[Any]) -> Any:
    numbers = [value for value in map(number_of, values) if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def _most(pick: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    return lambda values: pick((value for value in values if value is not None), default=None)


#: Name -> type of the answer (empty: that of the argument), and what it makes of the values of a group.
AGGREGATES: dict[str, tuple[str, Callable[[list[Any]], Any]]] = {
    "avg": ("real", _mean),
    "sum": ("", lambda values: sum(value for value in values if value is not None)),
    "min": ("", _most(min)),
    "max": ("", _most(max)),
    "dcount": ("long", lambda values: len({text_of(value) for value in values})),
    "countif": ("long", lambda values: sum(1 for value in values if value)),
}
