"""What is a request to the sandbox's Azure, and who answers it? Calls, answers, refusals and routes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from sandbox.cloud import Cloud


@dataclass(frozen=True)
class Call:
    """One request, read whole. ``parameters`` are the parts of the path that the route names."""

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address without its query, which may hold a signature."""
        return f"https://{self.host}{self.path}"

    def json(self) -> dict[str, Any]:
        """The body. Raises :class:`Refusal` when it is no JSON object."""
        try:
            body = json.loads(self.content or b"{}")
        except ValueError as error:
            raise Refusal(400, "InvalidRequestContent", f"The request content was invalid JSON: {error}.") from error
        if not isinstance(body, dict):
            raise Refusal(400, "InvalidRequestContent", "The request content must be a JSON object.")
        return body

    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return {name: values[0] for name, values in parse_qs(self.content.decode("utf-8", "replace")).items()}


@dataclass(frozen=True)
class Answer:
    """What is answered: a status and a JSON body (``None`` for none)."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Azure refuses: an error answer in the form of Azure Resource Manager."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> Answer:
        """The error's body as Azure Resource Manager writes it."""
        body = {"error": {"code": self.code, "message": self.message, "details": []}}
        return Answer(self.status, body, {"x-ms-error-code": self.code})


Handler = Callable[["Cloud", Call], Answer]


@dataclass(frozen=True)
class Route:
    """One operation: its method, its path with ``{names}``, and one line about it for the documentation."""

    method: str
    path: str
    title: str
    handler: Handler
    pattern: re.Pattern[str]
    #: Whether anybody may ask, without a token.
    public: bool = False


class Routes:
    """The operations of one host, in the order in which they are tried."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def add(self, method: str, path: str, title: str, handler: Handler, *, public: bool = False) -> None:
        """Let ``handler`` answer ``method`` at ``path``. ``{name}`` takes one part, ``{name*}`` the whole rest."""
        self._routes.append(Route(method, path, title, handler, _pattern(path), public))

    def on(self, method: str, path: str, title: str, *, public: bool = False) -> Callable[[Handler], Handler]:
        """:meth:`add` as a decorator."""

        def register(handler: Handler) -> Handler:
            self.add(method, path, title, handler, public=public)
            return handler

        return register

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The operation, and the parts of the path; ``None`` when there is none. Paths ignore case, as in Azure."""
        for route in self._routes:
            if route.method == method and (match := route.pattern.fullmatch(path)):
                return route, match.groupdict()
        return None


def _pattern(path: str) -> re.Pattern[str]:
    text = re.sub(
        r"\\\{(\w+)(\\\*)?\\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", re.escape(path.rstrip("/"))
    )
    return re.compile(text + "/?", re.IGNORECASE)
