"""How do the layers of settings become one? The weakest first, each value with where it came from."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ezazml.config.paths import Path, format_path
from ezazml.config.variables import Assignment
from ezazml.config.yaml_file import YamlFile
from ezazml.errors import Problem


@dataclass
class Layers:
    """Settings merged from the weakest layer to the strongest, and where each came from."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)

    def add_file(self, file: YamlFile) -> None:
        """The YAML file: the weakest layer above the defaults."""
        self.values = deepcopy(file.data)
        self.origins = {path: f"{file.label}:{line}" for path, line in file.lines.items()}

    def set(self, path: Path, value: Any, origin: str) -> None:
        """Set one setting, making the groups and list items above it.

        Where the file has something else than a group or a list, it stays: validation then tells what is wrong there.
        Raises :class:`IndexError` for an item beyond the end of a list.
        """
        node: Any = self.values
        for part, following in pairwise(path):
            empty: Any = [] if isinstance(following, int) else {}
            node = _child(node, part, empty)
            if not isinstance(node, type(empty)):
                return
        _place(node, path[-1], value)
        for known in [known for known in self.origins if known[: len(path)] == path]:
            del self.origins[known]
        self.origins[path] = origin

    def origin_inside(self, path: Path) -> str | None:
        """Which variable set an item of the list at ``path``, if one did."""
        inside = [self.origins[known] for known in self.origins if known[:-1] == path and isinstance(known[-1], int)]
        return next((origin for origin in inside if " " in origin), None)

    def origin_of(self, path: Path) -> str | None:
        """Where the setting at ``path``, or the nearest group around it, was set."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return None


def assign(layers: Layers, assignment: Assignment, origin: str) -> Problem | None:
    """Set what one variable sets, and what goes with it. Returns what is wrong with it, if anything is."""
    path = assignment.path
    if path[0] == "compute" and len(path) > 2 and isinstance(path[1], str):
        _name_new_compute(layers, path, origin)
    if path[0] == "tags":
        path = _known_tag(layers, path)
    if path == ("backend", "type"):
        _clear_other_backend(layers, assignment.value, origin)
    try:
        layers.set(path, assignment.value, origin)
    except IndexError as error:
        text = f"index {error} is beyond the end of the list, which grows one item at a time."
        return Problem(origin, format_path(path), text, "Use the next index, counted from 0.")
    return None


def _known_tag(layers: Layers, path: Path) -> Path:
    """The tag as a weaker layer spells it: the names of tags and of variables ignore case."""
    tags = layers.values.get("tags")
    known = [name for name in tags if str(name).lower() == path[1]] if isinstance(tags, dict) else []
    return ("tags", known[0]) if known else path


def _clear_other_backend(layers: Layers, wanted: str, origin: str) -> None:
    """Another type of backend has other settings; the same type keeps those that no variable sets."""
    backend = layers.values.get("backend")
    current = backend.get("type") if isinstance(backend, dict) else None
    if current is not None and current != wanted:
        layers.set(("backend",), {}, origin)


def _name_new_compute(layers: Layers, path: Path, origin: str) -> None:
    """A variable about computes makes the first one, under the original's name, where none is declared."""
    kind, index = str(path[1]), path[2]
    compute = layers.values.get("compute")
    declared = compute.get(kind) if isinstance(compute, dict) else None
    if index == 0 and not declared:
        layers.set(("compute", kind), [], origin)
        layers.set(("compute", kind, 0, "name"), "instance" if kind == "instances" else "cpu-cluster", origin)


def _child(node: Any, part: str | int, empty: Any) -> Any:
    if isinstance(part, int):
        _grow(node, part)
    else:
        node.setdefault(part, None)
    if node[part] is None:
        node[part] = empty
    return node[part]


def _place(node: Any, part: str | int, value: Any) -> None:
    if isinstance(part, int):
        _grow(node, part)
    node[part] = value


def _grow(items: list[Any], index: int) -> None:
    """A list grows at its end only: a gap would be items that nobody described."""
    if index > len(items):
        raise IndexError(index)
    if index == len(items):
        items.append(None)
