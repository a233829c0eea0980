"""What do the measurements look like? ``results.json``, which keeps what is not measured again, and the page of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.goals import cost_of_further, goals_table
from benchmarks.measure import Result

RESULTS = Path(__file__).resolve().parent / "results.json"
_HEAD = """# Performance

Made by `make bench`; do not edit. Whole processes, warm, medians of paired rounds: every round runs each row once.
Memory is the peak of the whole process tree. *naive* is the same program with `EZAZML_EAGER_BINDINGS=1`: plain Python
cdktf. The *peers* make the same resources: this project on the bindings of cdktn, all classes of
`bindings.py` imported as ordinary code imports them, and a TypeScript program with the imports that cdktf's
documentation shows (`make bench PEERS=1` measures them; it installs them into `.bench/` first).
`python -m benchmarks --only PART` measures a part again; each table says when and where it was measured.
"""
_FOOT = """
## What is not faster

Python starts cdktf through jsii, a Node.js process beside it: the *empty stack* row is what that takes, whatever the
stack. A TypeScript program that is compiled beforehand and imports single modules has no such process and stays
faster than any Python program: {compiled}. An upload of one large file takes as long as azure-storage-blob's, which
does the work; against its own sequential default we only send the blocks at the same time.
"""
PEERS = "Synthesis of dev, and peers"


def merged(groups: Mapping[str, Sequence[Result]], *, machine: str, rounds: int) -> dict[str, Any]:
    """Put the measured tables into ``results.json``, and return all of it."""
    document: dict[str, Any] = {"results": {}}
    if RESULTS.exists():
        document = json.loads(RESULTS.read_text(encoding="utf-8"))
    for title, results in groups.items():
        document["results"][title] = {
            "measured": machine,
            "rounds": min(rounds, *(len(one.seconds) for one in results)),
            "rows": [
                {"name": one.name, "seconds": one.seconds, "median": one.median_seconds, "MiB": one.median_mebibytes}
                for one in results
            ],
        }
    RESULTS.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return document


def page(document: Mapping[str, Any]) -> str:
    """``docs/performance.md``."""
    tables = "".join(table(title, group) for title, group in document["results"].items())
    return (
        _HEAD
        + goals_table(document["results"])
        + tables
        + _FOOT.format(compiled=_compiled(document["results"].get(PEERS)))
    )


def table(title: str, group: Mapping[str, Any]) -> str:
    """One table, as Markdown."""
    rows = group["rows"]
    times = "once" if group["rounds"] == 1 else f"{group['rounds']} rounds"
    lines = [f"\n## {title}\n", f"{group['measured']}, {times}.\n"]
    lines += ["| what | seconds | of the first | peak MiB |", "|---|---|---|---|"]
    for row in rows:
        ratio = row["median"] / rows[0]["median"]
        memory = f"{row['MiB']:.0f}" if row["MiB"] else ""
        lines.append(f"| {row['name']} | {row['median']:.2f} | {ratio:.3f} | {memory} |")
    further = cost_of_further(rows)
    return "\n".join([*lines, *(["", further.rstrip()] if further else [])]) + "\n"


def _compiled(group: Mapping[str, Any] | None) -> str:
    if group is None:
        return "not measured yet"
    seconds = {row["name"]: row["median"] for row in group["rows"]}
    theirs = next(value for name, value in seconds.items() if "compiled" in name)
    ours = next(value for name, value in seconds.items() if name.startswith("ours"))
    return f"{theirs:.2f} s, and ours takes {ours:.2f} s ({ours / theirs:.1f} times as long)"
