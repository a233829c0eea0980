"""Which words is a query made of? Names, texts, numbers, periods, times and signs, one after the other."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.monitor.kql.errors import KqlError, syntax

_WORDS = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<datetime>datetime\(\s*["']?\d[^)]*\))
    |(?P<text>@?"(?:[^"\\\n]|\\.)*"|@?'(?:[^'\\\n]|\\.)*')
    |(?P<period>\d+(?:\.\d+)?(?:ms|[dhms])\b)
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>![A-Za-z_]+|==|=~|!=|!~|<=|>=|<>|\.\.|[<>|(),=.\[\]+\-*/%;{}])""",
    re.VERBOSE,
)
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
#: The kinds of words that are values by themselves, and their types.
LITERALS = {"text": "string", "number": "", "period": "timespan", "datetime": "datetime"}


@dataclass(frozen=True)
class Word:
    """One word: what it is (``name``, ``text``, ``number``, ``period``, ``datetime``, ``sign``, ``end``)."""

    kind: str
    text: str
    position: int

    def value(self) -> Any:
        """The value of a word that is one. Raises :class:`KqlError` for a time that is none."""
        if self.kind == "text":
            return self.text[2:-1] if self.text.startswith("@") else ast.literal_eval(self.text)
        if self.kind == "number":
            return float(self.text) if re.search(r"[.eE]", self.text) else int(self.text)
        if self.kind == "period":
            unit = re.sub(r"[\d.]", "", self.text)
            return timedelta(seconds=float(self.text.removesuffix(unit)) * _UNITS[unit])
        return moment(self.text.partition("(")[2].rstrip(")").strip().strip("\"'"), self.position)


class Words:
    """The words of a query, taken from the front."""

    def __init__(self, query: str) -> None:
        self._words = _split(query)
        self._next = 0

    @property
    def current(self) -> Word:
        """The next word, which stays."""
        return self._words[self._next]

    def take(self) -> Word:
        """The next word."""
        word = self.current
        self._next += word.kind != "end"
        return word

    def accept(self, *texts: str) -> Word | None:
        """The next word, if it is one of these."""
        return self.take() if self.current.kind in ("name", "sign") and self.current.text in texts else None

    def expect(self, *texts: str) -> Word:
        """The next word, which must be one of these. Raises :class:`KqlError`."""
        word = self.accept(*texts)
        if word is None:
            raise self.surprise(f"expected {' or '.join(texts)}")
        return word

    def name(self, what: str) -> str:
        """The next word, which must be a name. Raises :class:`KqlError`."""
        if self.current.kind != "name":
            raise self.surprise(f"expected {what}")
        return self.take().text

    def follows(self, text: str) -> bool:
        """Whether the word after the next one is this."""
        return self._next + 1 < len(self._words) and self._words[self._next + 1].text == text

    def surprise(self, why: str) -> KqlError:
        """An error at the next word."""
        found = f"'{self.current.text}'" if self.current.kind != "end" else "the end"
        return syntax(f"{why}, found {found}", self.current.position)


def moment(text: str, position: int = 0) -> datetime:
    """A time in ISO 8601; without a zone it is UTC. Raises :class:`KqlError`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise syntax(f"'{text}' is no time", position) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _split(query: str) -> list[Word]:
    words: list[Word] = []
    position = 0
    while position < len(query):
        match = _WORDS.match(query, position)
        if match is None:
            raise syntax(f"unexpected '{query[position]}'", position)
        assert match.lastgroup is not None
        if match.lastgroup != "space":
            words.append(Word(match.lastgroup, match.group(), position))
        position = match.end()
    return [*words, Word("end", "", len(query))]
