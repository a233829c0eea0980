"""An environment to destroy without Terraform and Azure: both are played, and what they are told is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from ezazml.azure.arm import AzureApis
from ezazml.config.environment import Environment
from ezazml.config.loading import load_environment
from ezazml.errors import EzazmlError
from ezazml.operations.destroying.actor import Actor
from ezazml.operations.destroying.guard import Request
from ezazml.operations.workbench import Workbench
from ezazml.terraform.runner import StateVersion

GROUP = "/subscriptions/s/resourceGroups/g"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w"
LOCK = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
ENDPOINT = f"{WORKSPACE}/onlineEndpoints/score"
ALICE = Actor("alice@example.org", frozenset({"alice@example.org", "oid-1"}), "alice@laptop")
#: A Wednesday, 10:00 in UTC.
WEDNESDAY = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def write_environment(root: Path, guard: str = "", more: str = "", name: str = "dev") -> Environment:
    """An environment with this ``destroy:`` section and these other lines."""
    (root / "environments").mkdir(exist_ok=True)
    file = root / "environments" / f"{name}.yaml"
    file.write_text(f"location: westeurope\n{more}\ndestroy: {{{guard}}}\n")
    return load_environment(name, root=root, environ={})


def request_for(environment: Environment, **values: Any) -> Request:
    """A request that the strict rules let through."""
    made = Request(environment, ALICE, WEDNESDAY, "no longer needed", "OPS-1")
    return replace(made, **values)


def deletion(kind: str, identifier: str) -> dict[str, Any]:
    """One resource of a plan that deletes it."""
    change = {"actions": ["delete"], "before": {"id": identifier}, "after": None}
    return {"address": f"{kind}.one", "type": kind, "mode": "managed", "change": change}


@dataclass
class PlayedTerraform:
    """Terraform with a state of a group and a workspace."""

    kinds: dict[str, str] = field(
        default_factory=lambda: {"azurerm_resource_group": GROUP, "azurerm_machine_learning_workspace": WORKSPACE}
    )
    fails: BaseException | None = None
    during: Callable[[], None] = lambda: None
    applied: int = 0
    serial: int = 7
    folder: Path = Path()

    def plan(self, file: Path, *, destroy: bool) -> bool:
        assert destroy
        return bool(self.kinds)

    def show_plan(self, file: Path) -> dict[str, Any]:
        return {"resource_changes": [deletion(kind, identifier) for kind, identifier in self.kinds.items()]}

    def apply(self, file: Path) -> None:
        self.during()
        if self.fails is not None:
            raise self.fails
        self.applied += 1
        self.serial += 1
        self.kinds = {}

    def state_version(self) -> StateVersion:
        return StateVersion("line", self.serial, len(self.kinds))


@dataclass
class PlayedAzure:
    """Azure Resource Manager with these objects; it notes what changes them."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refuses: str = ""
    during: Callable[[str], None] = lambda _verb: None
    subscription: str = "/subscriptions/s"

    @property
    def arm(self) -> PlayedAzure:
        return self

    def list(self, path: str) -> list[dict[str, Any]]:
        return [body for identifier, body in self.objects.items() if identifier.rpartition("/")[0] == path]

    def resource(self, identifier: str) -> dict[str, Any] | None:
        return self.objects.get(identifier)

    def put(self, path: str, body: dict[str, Any], **query: str) -> dict[str, Any]:
        self._note("put", path)
        self.objects[path] = {"id": path, **body}
        return self.objects[path]

    def delete(self, path: str, **query: str) -> bool:
        self._note("delete", path)
        return self.objects.pop(path, None) is not None

    def _note(self, verb: str, path: str) -> None:
        if self.refuses == f"{verb} {path}":
            raise EzazmlError("AuthorizationFailed: no.")
        self.during(verb)
        self.calls.append(f"{verb} {path}")


@dataclass
class PlayedBench:
    """A workbench around them."""

    environment: Environment
    terraform: PlayedTerraform = field(default_factory=PlayedTerraform)
    where: str = "Azure subscription s"

    @contextmanager
    def plan_file(self, purpose: str = "") -> Iterator[Path]:
        yield self.environment.root / "plan"


def as_bench(bench: PlayedBench) -> Workbench:
    return cast("Workbench", bench)


def as_azure(azure: PlayedAzure) -> AzureApis:
    return cast("AzureApis", azure)
