"""An Azure for unit tests: what it has, and what it was asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from ezazml.azure.arm import AzureApis

SUBSCRIPTION_ID = "11111111-2222-4333-8444-555555555555"
SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"


@dataclass
class FakeApi:
    """Answers from ``bodies`` (path -> body) and ``lists`` (path -> entries); keeps what changes."""

    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)

    def claims(self) -> dict[str, Any]:
        return self.token

    def get(self, path: str, **_query: str) -> dict[str, Any] | None:
        return self.bodies.get(path.lower())

    def list(self, path: str, **query: str) -> list[dict[str, Any]]:
        key = f"{path}?{query['$filter']}" if "$filter" in query else path
        return self.lists.get(key.lower(), [])

    def post(self, path: str, body: dict[str, Any] | None = None, **_query: str) -> dict[str, Any]:
        self.asked.append(f"POST {path}")
        return self.answers.get(path.lower(), {})

    def put(self, path: str, body: dict[str, Any], **_query: str) -> dict[str, Any]:
        self.asked.append(f"PUT {path}")
        self.sent.append(body)
        self.bodies[path.lower()] = body
        return body

    def delete(self, path: str, **query: str) -> bool:
        extra = "".join(f" {name}={value}" for name, value in query.items() if name != "api-version")
        self.asked.append(f"DELETE {path}{extra}")
        kept = self.bodies.pop(f"deleted {path}".lower(), None)
        return self.bodies.pop(path.lower(), kept) is not None

    def has(self, path: str, **body: Any) -> None:
        self.bodies[path.lower()] = {"id": path, **body}

    def lists_at(self, path: str, *entries: dict[str, Any]) -> None:
        self.lists[path.lower()] = list(entries)


@dataclass
class FakeAzure:
    """Resource Manager and Graph."""

    arm: FakeApi = field(default_factory=FakeApi)
    graph: FakeApi = field(default_factory=FakeApi)

    def apis(self) -> AzureApis:
        """As the product wants them."""
        apis = AzureApis(cast(Any, None), SUBSCRIPTION_ID)
        apis.__dict__.update(arm=self.arm, graph=self.graph)  # as cached_property keeps them
        return apis
