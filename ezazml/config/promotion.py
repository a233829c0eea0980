"""Which push deploys which environment? The table in ``environments/promotion.yaml``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from ezazml.config.loading import FOLDER, available_environments
from ezazml.config.paths import format_path
from ezazml.config.section import Group
from ezazml.config.yaml_file import YamlFile, read_yaml
from ezazml.errors import ConfigurationError, InputError, Problem

FILE = f"{FOLDER}/promotion.yaml"
_BRANCH, _TAG = "refs/heads/", "refs/tags/"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")

BranchName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", max_length=200)]


class Step(Group):
    """One environment and what deploys it."""

    environment: str
    branch: BranchName | None = None
    tag: Literal["X.Y.Z"] | None = None
    from_: BranchName | None = Field(None, alias="from")

    @property
    def trigger(self) -> str:
        """What deploys it, for people."""
        if self.branch is not None:
            return f"a push to {self.branch}"
        if self.tag is not None:
            return f"a tag {self.tag}" + (f" on {self.from_}" if self.from_ else "")
        return "by hand"


class _Table(Group):
    promotion: tuple[Step, ...]


@dataclass(frozen=True)
class Promotion:
    """The table, in the order of promotion."""

    steps: tuple[Step, ...]

    @property
    def environments(self) -> list[str]:
        """Their names, in order."""
        return [step.environment for step in self.steps]

    def of_ref(self, ref: str) -> Step | None:
        """What a push of the reference (``refs/heads/main``, ``refs/tags/1.2.0``) deploys; ``None``: nothing."""
        for step in self.steps:
            if step.branch is not None and ref == f"{_BRANCH}{step.branch}":
                return step
            if step.tag is not None and ref.startswith(_TAG) and _VERSION.fullmatch(ref.removeprefix(_TAG)):
                return step
        return None

    def of_environment(self, name: str) -> Step:
        """The environment's own step. Raises :class:`InputError` for one that is not in the table."""
        for step in self.steps:
            if step.environment == name:
                return step
        raise InputError(
            f"{FILE}: has no environment {name!r}, so no workflow deploys it; it has {', '.join(self.environments)}.",
            hint="Add it there, without branch and tag if it is deployed by hand alone.",
        )


def read_promotion(root: Path) -> Promotion:
    """The table of a project. Raises :class:`ConfigurationError` naming every line that is wrong."""
    path = root / FILE
    if not path.is_file():
        raise InputError(f"{FILE}: there is no such file.", hint="docs/ci.md shows what stands in it.")
    file = read_yaml(path, label=FILE)
    try:
        steps = _Table.model_validate(file.data).promotion
    except ValidationError as error:
        raise ConfigurationError(
            _problem(file, one["loc"], f"{one['input']!r}: {one['msg']}.") for one in error.errors()
        ) from error
    problems = list(_wrong(file, steps, available_environments(root)))
    if problems:
        raise ConfigurationError(problems)
    return Promotion(steps)


def _wrong(file: YamlFile, steps: tuple[Step, ...], available: list[str]) -> list[Problem]:
    problems, seen = [], {"environment": set[str](), "trigger": set[str]()}
    for index, step in enumerate(steps):
        at = ("promotion", index)
        if step.environment not in available:
            text = f"{step.environment!r} has no file {FOLDER}/{step.environment}.yaml; there are {available}."
            problems.append(_problem(file, (*at, "environment"), text))
        if step.environment in seen["environment"]:
            problems.append(_problem(file, (*at, "environment"), f"{step.environment!r} stands twice."))
        if step.branch is not None and step.tag is not None:
            problems.append(_problem(file, (*at, "tag"), "an environment has a branch or a tag, not both."))
        if step.from_ is not None and step.tag is None:
            problems.append(_problem(file, (*at, "from"), "only a tag is `from` a branch."))
        trigger = step.branch or step.tag
        if trigger is not None and trigger in seen["trigger"]:
            problems.append(_problem(file, at, f"{trigger!r} deploys another environment already."))
        seen["environment"].add(step.environment)
        seen["trigger"].update({trigger} if trigger else set())
    return problems


def _problem(file: YamlFile, location: tuple[str | int, ...], text: str) -> Problem:
    line = next((file.lines[location[:n]] for n in range(len(location), 0, -1) if location[:n] in file.lines), 1)
    return Problem(f"{FILE}:{line}", format_path(location), text, "Correct that line; docs/ci.md explains the table.")
