"""Which failed checks are justified, and how many are there? The judgement of a scan, and its table for the docs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

BEGIN, END = "<!-- made by make policy: begin counts -->", "<!-- made by make policy: end counts -->"


@dataclass(frozen=True)
class Skip:
    """A check that may fail, and why. Empty ``profiles`` or ``resources``: all."""

    check: str
    reason: str
    profiles: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()

    def covers(self, profile: str, failure: Failure) -> bool:
        """Whether a failure is what this reason is about."""
        return (
            self.check == failure.check
            and (not self.profiles or profile in self.profiles)
            # The scanner of stacks tells a resource's name, the scanner of plans its address.
            and (not self.resources or any(one.endswith(failure.name) for one in self.resources))
        )


@dataclass(frozen=True)
class Failure:
    """A check that failed on a resource."""

    check: str
    resource: str
    text: str

    @property
    def name(self) -> str:
        """The resource's name, without its type."""
        return "." + self.resource.rsplit(".", 1)[-1]


@dataclass(frozen=True)
class Outcome:
    """What a scan of one profile's stack or plan found."""

    profile: str
    what: str
    passed: int
    justified: tuple[Failure, ...]
    failed: tuple[Failure, ...]
    used: frozenset[Skip] = field(default=frozenset())

    def unjustified(self) -> list[str]:
        """Failures without a reason, one line each."""
        return [f"{self.profile} ({self.what}): {one.check} {one.resource}: {one.text}" for one in self.failed]


def read_skips(path: Path) -> list[Skip]:
    """The skipped checks of a file. Raises :class:`ValueError` for one without a reason, or twice the same."""
    skips: list[Skip] = []
    for number, one in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")) or [], start=1):
        where = f"{path.name}, entry {number}"
        if not isinstance(one, dict) or not one.get("check"):
            raise ValueError(f"{where}: names no check.")
        unknown = set(one) - {"check", "reason", "profiles", "resources"}
        if unknown:
            raise ValueError(f"{where} ({one['check']}): {min(unknown)} is not known.")
        if len(str(one.get("reason") or "").split()) < 2:
            raise ValueError(f"{where} ({one['check']}): has no reason. Say why the check does not apply.")
        skip = Skip(one["check"], one["reason"], tuple(one.get("profiles") or ()), tuple(one.get("resources") or ()))
        if any((skip.check, skip.profiles, skip.resources) == (o.check, o.profiles, o.resources) for o in skips):
            raise ValueError(f"{where} ({skip.check}): stands twice.")
        skips.append(skip)
    return skips


def judge(profile: str, what: str, passed: int, failures: Sequence[Failure], skips: Sequence[Skip]) -> Outcome:
    """Tell the failures with a reason from those without one."""
    justified: list[Failure] = []
    failed: list[Failure] = []
    used: set[Skip] = set()
    for failure in failures:
        covering = [skip for skip in skips if skip.covers(profile, failure)]
        (justified if covering else failed).append(failure)
        used.update(covering)
    return Outcome(profile, what, passed, tuple(justified), tuple(failed), frozenset(used))


def counts_table(outcomes: Sequence[Outcome]) -> str:
    """The counts as Markdown."""
    lines = ["| profile | scanned | passed | failed, with a reason | failed |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.profile} | {one.what} | {one.passed} | {len(one.justified)} | {len(one.failed)} |" for one in outcomes
    ]
    return "\n".join(lines)


def reasons_table(outcomes: Sequence[Outcome]) -> str:
    """Every check that failed with a reason, as Markdown: what it asks for, where it failed, and the reason."""
    asked: dict[Skip, set[str]] = {}
    where: dict[Skip, list[str]] = {}
    for outcome in outcomes:
        for skip in outcome.used:
            asked.setdefault(skip, set()).update(
                one.text for one in outcome.justified if skip.covers(outcome.profile, one)
            )
            profiles = where.setdefault(skip, [])
            if outcome.profile not in profiles:
                profiles.append(outcome.profile)
    lines = ["| check | what it asks for | fails in | reason |", "|---|---|---|---|"]
    for skip in sorted(asked, key=lambda one: (one.check, one.profiles, one.resources)):
        cells = (skip.check, "; ".join(sorted(asked[skip])), ", ".join(where[skip]), skip.reason)
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines)


def with_counts(text: str, table: str) -> str:
    """``text`` of the documentation with the counts made anew. Raises :class:`ValueError` without a place for them."""
    if BEGIN not in text or END not in text:
        raise ValueError(f"docs/security.md has no lines {BEGIN} and {END}.")
    before, rest = text.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{table}\n{END}{rest.split(END, 1)[1]}"
