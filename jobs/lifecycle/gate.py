"""May a model be deployed? Its metrics against the project's bounds, and against the model in production."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ezazml.config.yaml_file import read_yaml
from ezazml.errors import ConfigurationError, InputError, Problem


class Mode(StrEnum):
    """What the gate does with a model that falls short."""

    DISABLED = "disabled"
    DRY_RUN = "dry_run"
    ENABLED = "enabled"


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bounds(_Group):
    """What a metric must keep by itself."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Bounds:
        if self.min is None and self.max is None:
            raise ValueError("needs min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class Comparison(_Group):
    """How a metric must compare with the champion's: at most ``may_lose`` worse."""

    higher_is_better: bool = True
    may_lose: float = 0.0


class Gate(_Group):
    """The gate's file."""

    mode: Mode = Mode.ENABLED
    model: str | None = None
    thresholds: dict[str, Bounds] = {}
    champion: dict[str, Comparison] = {}


@dataclass(frozen=True)
class Check:
    """One rule and how the model stands to it. ``value`` is nothing if the metric was not measured."""

    metric: str
    rule: str
    value: float | None
    passed: bool
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What the gate found. ``champion`` is the model compared with, if there is one."""

    mode: Mode
    candidate: str
    champion: str | None
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every rule is kept."""
        return all(check.passed for check in self.checks)

    @property
    def refuses(self) -> bool:
        """Whether the model must not be deployed."""
        return self.mode is Mode.ENABLED and not self.passed

    @property
    def verdict(self) -> str:
        """In one word for people."""
        if self.mode is Mode.DISABLED:
            return "disabled"
        if self.passed:
            return "passed"
        return "refused" if self.refuses else "would refuse (dry run)"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "verdict": self.verdict,
            "mode": self.mode.value,
            "passed": self.passed,
            "candidate": self.candidate,
            "champion": self.champion,
            "checks": [dict(check.__dict__) for check in self.checks],
        }

    def as_markdown(self) -> str:
        """For people."""
        lines = [
            f"# Gate of {self.candidate}: {self.verdict}",
            "",
            f"Mode: {self.mode.value}. Compared with: {self.champion or 'nothing, there is no champion yet'}.",
            "",
            "| metric | value | rule | result | note |",
            "|---|---:|---|---|---|",
        ]
        for check in self.checks:
            value = "not measured" if check.value is None else f"{check.value:.4f}"
            result = "kept" if check.passed else "**broken**"
            lines.append(f"| {check.metric} | {value} | {check.rule} | {result} | {check.note} |")
        return "\n".join([*lines, ""])


def read_gate(path: Path, *, label: str) -> Gate:
    """The gate in a file. Raises :class:`ConfigurationError` with every mistake and its line."""
    if not path.is_file():
        raise InputError(f"There is no gate {label}.", hint="Write one (docs/lifecycle.md), or name it with --file.")
    file = read_yaml(path, label=label)
    try:
        return Gate.model_validate(file.data)
    except ValidationError as error:
        problems = []
        for one in error.errors():
            field = tuple(part for part in one["loc"])
            line = next(
                (file.lines[field[:size]] for size in range(len(field), 0, -1) if field[:size] in file.lines), 1
            )
            name = ".".join(str(part) for part in field)
            problems.append(Problem(f"{label}:{line}", name, f"{one['msg']}.", "Correct it (docs/lifecycle.md)."))
        raise ConfigurationError(problems) from error


def evaluate(
    gate: Gate,
    metrics: Mapping[str, float],
    *,
    candidate: str,
    champion: str | None = None,
    champion_metrics: Mapping[str, float] | None = None,
) -> Report:
    """Check the metrics of a candidate. Without a champion, nothing is compared."""
    if gate.mode is Mode.DISABLED:
        return Report(gate.mode, candidate, champion, ())
    checks = [_bounds(name, metrics.get(name), bounds) for name, bounds in gate.thresholds.items()]
    if champion is not None:
        others = champion_metrics or {}
        checks += [_compare(name, metrics.get(name), others.get(name), rule) for name, rule in gate.champion.items()]
    return Report(gate.mode, candidate, champion, tuple(checks))


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write the report as Markdown and as JSON; returns the two files."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in report.candidate)
    markdown, data = folder / f"gate-{name}.md", folder / f"gate-{name}.json"
    markdown.write_text(report.as_markdown(), encoding="utf-8")
    data.write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    return markdown, data


def _bounds(name: str, value: float | None, bounds: Bounds) -> Check:
    parts = []
    if bounds.min is not None:
        parts.append(f"at least {bounds.min:g}")
    if bounds.max is not None:
        parts.append(f"at most {bounds.max:g}")
    rule = " and ".join(parts)
    if value is None or math.isnan(value):
        return Check(name, rule, None, passed=False, note="the job did not log it")
    low = bounds.min is None or value >= bounds.min
    high = bounds.max is None or value <= bounds.max
    return Check(name, rule, value, passed=low and high)


def _compare(name: str, value: float | None, other: float | None, rule: Comparison) -> Check:
    side = "below" if rule.higher_is_better else "above"
    text = f"at most {rule.may_lose:g} {side} the champion"
    if other is None or math.isnan(other):
        return Check(name, text, value, passed=True, note="the champion has no such metric")
    if value is None or math.isnan(value):
        return Check(name, text, None, passed=False, note=f"the champion has {other:.4f}")
    loss = other - value if rule.higher_is_better else value - other
    # Metrics are kept as text with six digits: the same model must not lose against itself.
    return Check(name, text, value, passed=loss <= rule.may_lose + 1e-6, note=f"the champion has {other:.4f}")
