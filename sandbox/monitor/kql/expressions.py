"""What does an expression of a query mean? Read once, then asked for every row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.monitor.kql.errors import not_served, semantic
from sandbox.monitor.kql.tokens import LITERALS, Words
from sandbox.monitor.kql.values import COMPARISONS, FUNCTIONS, Row, calculated, parsed, same


@dataclass(frozen=True)
class Expression:
    """A typed value of each row. ``name`` is what a column of it is called unless the query says so."""

    kind: str
    value: Callable[[Row], Any]
    name: str = ""


class Expressions:
    """Reads expressions over known columns. ``where`` is the operator that they stand in, for messages."""

    def __init__(self, words: Words, columns: Mapping[str, str], where: str) -> None:
        self._words = words
        self._columns = columns
        self._where = where

    def read(self) -> Expression:
        """An expression, with ``or`` binding least. Raises :class:`KqlError`."""
        left = self._all()
        while self._words.accept("or"):
            left = _either(left, self._all())
        return left

    def _all(self) -> Expression:
        left = self._comparison()
        while self._words.accept("and"):
            left = _both(left, self._comparison())
        return left

    def _comparison(self) -> Expression:
        left, words = self._sum(), self._words
        if word := words.accept("in", "!in"):
            words.expect("(")
            return _member(left, self.several(")"), wanted=word.text == "in")
        if words.accept("between"):
            words.expect("(")
            low = self._sum()
            words.expect("..")
            high = self._sum()
            words.expect(")")
            return _between(left, low, high)
        if word := words.accept(*COMPARISONS):
            return _compared(word.text, left, self._sum())
        return left

    def _sum(self) -> Expression:
        left = self._product()
        while word := self._words.accept("+", "-"):
            left = _calculated(word.text, left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._member()
        while word := self._words.accept("*", "/", "%"):
            left = _calculated(word.text, left, self._member())
        return left

    def _member(self) -> Expression:
        found, words = self._one(), self._words
        while word := words.accept(".", "["):
            if word.text == ".":
                key = words.name("the name of a member")
            else:
                if words.current.kind != "text":
                    raise words.surprise("expected a text in brackets")
                key = str(words.take().value())
                words.expect("]")
            found = _inside(found, key)
        return found

    def _one(self) -> Expression:
        words = self._words
        if words.accept("("):
            inner = self.read()
            words.expect(")")
            return inner
        if words.accept("-"):
            return _calculated("*", constant(-1, "long"), self._member())
        word = words.current
        if word.kind in LITERALS:
            value = words.take().value()
            return constant(value, LITERALS[word.kind] or ("long" if isinstance(value, int) else "real"))
        if word.kind == "name" and words.follows("("):
            return self._function()
        if word.kind == "name" and word.text in ("true", "false"):
            return constant(words.take().text == "true", "bool")
        return self.column()

    def column(self) -> Expression:
        """A column by its name. Raises :class:`KqlError` when there is none."""
        name = self._words.name("a value")
        if name not in self._columns:
            text = f"'{self._where}' operator: Failed to resolve scalar expression named '{name}'"
            raise semantic(f"{text}. The columns here are {', '.join(self._columns)}.")
        return Expression(self._columns[name], lambda row: row.get(name), name)

    def several(self, end: str) -> list[Expression]:
        """Expressions with commas between them, up to ``end``."""
        found: list[Expression] = []
        while not self._words.accept(end):
            if found:
                self._words.expect(",")
            found.append(self.read())
        return found

    def _function(self) -> Expression:
        word = self._words.take()
        if word.text not in FUNCTIONS:
            raise not_served(f"the function {word.text}()", tuple(FUNCTIONS))
        kind, fewest, most, function = FUNCTIONS[word.text]
        self._words.expect("(")
        arguments = self.several(")")
        if not fewest <= len(arguments) <= most:
            raise semantic(f"{word.text}(): function expects {fewest} argument(s), got {len(arguments)}")
        if not kind:
            kind = arguments[1 if word.text == "iff" else 0].kind
        name = arguments[0].name if arguments else ""
        return Expression(kind, lambda row: function(*(one.value(row) for one in arguments)), name)


def constant(value: Any, kind: str) -> Expression:
    """The same value in every row."""
    return Expression(kind, lambda _row: value)


def _either(left: Expression, right: Expression) -> Expression:
    return Expression("bool", lambda row: bool(left.value(row) or right.value(row)))


def _both(left: Expression, right: Expression) -> Expression:
    return Expression("bool", lambda row: bool(left.value(row) and right.value(row)))


def _compared(sign: str, left: Expression, right: Expression) -> Expression:
    times = {left.kind, right.kind} & {"datetime", "timespan"}
    if times and left.kind != right.kind and "dynamic" not in (left.kind, right.kind):
        raise semantic(f"Cannot compare values of types {left.kind} and {right.kind}. Try adding explicit casts")
    compare = COMPARISONS[sign]
    return Expression("bool", lambda row: compare(left.value(row), right.value(row)))


def _between(value: Expression, low: Expression, high: Expression) -> Expression:
    least, most = _compared(">=", value, low), _compared("<=", value, high)
    return _both(least, most)


def _member(value: Expression, members: list[Expression], *, wanted: bool) -> Expression:
    def found(row: Row) -> bool:
        own = value.value(row)
        return any(same(own, one.value(row)) for one in members) is wanted

    return Expression("bool", found)


def _calculated(sign: str, left: Expression, right: Expression) -> Expression:
    kinds = {left.kind, right.kind}
    if kinds == {"datetime", "timespan"}:
        kind = "datetime"
    elif kinds == {"datetime"} or "timespan" in kinds:
        kind = "timespan"
    else:
        kind = "real" if "real" in kinds or "dynamic" in kinds else "long"
    return Expression(kind, lambda row: calculated(sign, left.value(row), right.value(row)), left.name)


def _inside(value: Expression, key: str) -> Expression:
    if value.kind not in ("dynamic", "string"):
        raise semantic(f"A value of type {value.kind} has no member '{key}'")

    def found(row: Row) -> Any:
        inner = parsed(value.value(row))
        return inner.get(key) if isinstance(inner, dict) else None

    return Expression("dynamic", found, f"{value.name}_{key}".strip("_"))
