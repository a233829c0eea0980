"""Is it as fast as it is meant to be? The goals, each with what was measured; and what each further thing costs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_SYNTHESIS = "Synthesis of dev"
_PEERS = "Synthesis of dev, and peers"
_DEPLOYMENT = "Deployment into the sandbox"


@dataclass(frozen=True)
class Goal:
    """``what`` is to be at most ``bound`` times ``beside``, another row of the same table; in seconds or in ``MiB``."""

    table: str
    what: str
    beside: str
    bound: float
    unit: str = "median"

    def measured(self, results: Mapping[str, Any]) -> float | None:
        """The ratio that was measured; ``None`` when it was not."""
        rows = {row["name"]: row for row in results.get(self.table, {"rows": []})["rows"]}
        if self.what not in rows or self.beside not in rows:
            return None
        return float(rows[self.what][self.unit] / rows[self.beside][self.unit])


GOALS = (
    Goal(_SYNTHESIS, "ours: python main.py", "naive: python main.py", 0.10),
    Goal(_PEERS, "ours: python main.py", "cdktn 0.24: python main.py", 0.5),
    Goal(_SYNTHESIS, "ours: python main.py", "empty stack", 1.8),
    Goal(_SYNTHESIS, "ours: cdktf synth", "naive: cdktf synth", 0.3),
    Goal(_SYNTHESIS, "ours: python main.py", "naive: python main.py", 1 / 3, unit="MiB"),
    Goal("Start of the command line", "ezazml --help", "import azure.ai.ml", 0.25),
)
#: Of a deployment without a change, everything but Terraform's processes.
_OWN_SHARE = 0.40


def goals_table(results: Mapping[str, Any]) -> str:
    """The goals as Markdown; those that were not measured say so."""
    lines = ["\n## Goals\n", "| what | beside | at most | measured | kept |", "|---|---|---|---|---|"]
    for goal in GOALS:
        unit = ", memory" if goal.unit == "MiB" else ""
        lines.append(_line(goal.what + unit, goal.beside, goal.bound, goal.measured(results)))
    share = own_share(results.get(_DEPLOYMENT, {"rows": []})["rows"])
    lines.append(_line("deploy, no change, without Terraform's processes", "all of it", _OWN_SHARE, share))
    return "\n".join(lines) + "\n"


def own_share(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Our share of a deployment without a change; Terraform's is the row below it."""
    for row, below in pairwise(rows):
        if row["name"] == "deploy, no change":
            return float(1 - below["median"] / row["median"])
    return None


def cost_of_further(rows: Sequence[Mapping[str, Any]]) -> str:
    """For rows such as ``10 resources``: how many milliseconds each further one took. Empty for other rows."""
    found = [(re.fullmatch(r"(\d+) (\w+)", row["name"]), row["median"]) for row in rows]
    counts = [(int(match[1]), match[2], seconds) for match, seconds in found if match is not None]
    if len(counts) < 2 or len(counts) < len(rows):
        return ""
    return f"Each further one: {', '.join(_steps(counts))}.\n"


def _steps(counts: Sequence[tuple[int, str, float]]) -> Iterator[str]:
    for (few, _, before), (many, things, after) in pairwise(counts):
        yield f"{(after - before) / (many - few) * 1000:.1f} ms (from {few} to {many} {things})"


def _line(what: str, beside: str, bound: float, measured: float | None) -> str:
    if measured is None:
        return f"| {what} | {beside} | {bound:.2f} | not measured | |"
    return f"| {what} | {beside} | {bound:.2f} | {measured:.3f} | {'yes' if measured <= bound else 'no'} |"
