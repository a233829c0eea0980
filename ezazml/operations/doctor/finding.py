"""What does a check say? One line: ok, warning, problem or not checked, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ezazml.azure.arm import AzureApis
from ezazml.config.environment import Environment


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """One line of the report. ``fix`` is the next step, empty where there is nothing to do."""

    check: str
    verdict: Verdict
    text: str
    fix: str = ""


@dataclass(frozen=True)
class Machine:
    """What the checks of this machine look at."""

    root: Path
    environ: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """What the checks of one environment look at."""

    machine: Machine
    environment: Environment
    azure: AzureApis


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, text)


def warning(check: str, text: str, fix: str) -> Finding:
    """It works today, or Terraform puts it right by itself."""
    return Finding(check, Verdict.WARNING, text, fix)


def problem(check: str, text: str, fix: str) -> Finding:
    """A deployment would fail."""
    return Finding(check, Verdict.PROBLEM, text, fix)


def not_checked(check: str, text: str, fix: str = "") -> Finding:
    """It could not be found out, or there is nothing to look at."""
    return Finding(check, Verdict.NOT_CHECKED, text, fix)
