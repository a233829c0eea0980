"""How does a pull request's comment read? A table of all environments, pictures, and the plans folded below it."""

from __future__ import annotations

from collections.abc import Sequence

from ezazml.ci.plan_report import PlanReport
from ezazml.report.plan_markdown import MINIMUM_MAX_CHARS, to_markdown
from ezazml.report.plan_summary import PlanSummary

#: By it the comment is found again. Not seen by readers.
MARKER = "<!-- ezazml: plans of this pull request -->"
#: GitHub takes 65,536 characters; it counts some of them more than once.
MAX_CHARS = 62_000
_SHOWN_NODES = 30
_LONGEST_NOTE = 2_000
_STYLES = {
    "create": "fill:#d9f2d9,stroke:#2da44e,color:#000",
    "update": "fill:#fff3cd,stroke:#bf8700,color:#000",
    "replace": "fill:#ffd8d3,stroke:#cf222e,color:#000",
    "delete": "fill:#ffd8d3,stroke:#cf222e,color:#000",
    "import": "fill:#d8ecff,stroke:#0969da,color:#000",
    "forget": "fill:#eeeeee,stroke:#57606a,color:#000",
}


def render(reports: Sequence[PlanReport], *, left_out: Sequence[str] = (), max_chars: int = MAX_CHARS) -> str:
    """The comment, of at most ``max_chars`` characters.

    ``left_out`` are environments that were not planned. When not everything fits, the pictures go first, then the
    weightiest changes of each environment stay, and the text says how many are not shown.
    """
    head = "\n".join([MARKER, "## What this pull request changes", "", *_table(reports), "", *_left_out(left_out), ""])
    pictures = "\n".join(filter(None, (_picture(report) for report in reports)))
    details = [_details(report, max_chars) for report in reports]
    whole = "\n".join([head, pictures, *details])
    if len(whole) <= max_chars:
        return whole
    cut = f"\n_Cut at {max_chars:,} characters: no pictures, not all changes. `ezazml plan ENV` shows all._\n"
    room = max_chars - len(head) - len(cut) - len(reports) - 1
    share = max(room // max(len(reports), 1), 0)
    text = "\n".join([head, *(_details(report, share) for report in reports)])
    # Only very many environments get here; the table above stays.
    return (text if len(text) + len(cut) <= max_chars else text[: max_chars - len(cut)]) + cut


def _table(reports: Sequence[PlanReport]) -> list[str]:
    if not reports:
        return ["No environment is affected."]
    lines = [
        "| environment | create | update | replace | delete | assets | cost per month |",
        "|---|--:|--:|--:|--:|---|---|",
    ]
    for report in reports:
        if report.summary is None:
            why = "**failed**" if report.error else "not planned"
            lines.append(f"| {text_of(report.environment)} | {why} | | | | | |")
            continue
        counts = report.summary.counts()
        cells = [str(counts[action]) for action in ("create", "update", "replace", "delete")]
        warning = " :warning:" if report.summary.losses else ""
        lines.append(
            f"| {text_of(report.environment)}{warning} | {' | '.join(cells)} | {_assets_cell(report)} "
            f"| {text_of(report.cost or 'no change')} |"
        )
    return lines


def _assets_cell(report: PlanReport) -> str:
    if report.assets is None:
        return "after the deployment"
    actions = sorted({one.action for one in report.assets})
    counted = (f"{sum(one.action == action for one in report.assets)} {text_of(action)}" for action in actions)
    return ", ".join(counted) or "no change"


def _left_out(names: Sequence[str]) -> list[str]:
    return [f"Not planned here: {', '.join(map(text_of, names))}."] if names else []


def _picture(report: PlanReport) -> str:
    """A mermaid diagram: one box per change, by action."""
    if report.summary is None or not report.summary.changes:
        return ""
    changes = report.summary.changes
    lines = ["```mermaid", "flowchart LR", f'  root(["{_label(report.environment)}"])']
    for action in dict.fromkeys(change.action for change in changes):
        lines.append(f'  {action}_["{action}: {report.summary.counts()[action]}"]:::{action}_')
        lines.append(f"  root --> {action}_")
    for index, change in enumerate(changes[:_SHOWN_NODES]):
        lines.append(f'  {change.action}_ --> n{index}["{_label(change.address)}"]:::{change.action}_')
    if len(changes) > _SHOWN_NODES:
        lines.append(f'  root --> rest["and {len(changes) - _SHOWN_NODES} more"]')
    lines += [f"  classDef {action}_ {style}" for action, style in _STYLES.items()]
    body = "\n".join([*lines, "```"])
    return f"<details><summary>Picture of {text_of(report.environment)}</summary>\n\n{body}\n\n</details>\n"


def _details(report: PlanReport, max_chars: int) -> str:
    title = f"{text_of(report.environment)}: {text_of(_headline(report))}"
    before, after = f"<details><summary>{title}</summary>\n\n", "\n</details>\n"
    parts = []
    if report.error:
        parts.append(f"{_fenced(report.error)}\n")
    if report.note:
        parts.append(f"{text_of(report.note[:_LONGEST_NOTE])}\n")
    extra = "\n".join([*parts, *_assets(report)])
    room = max_chars - len(before) - len(after) - len(extra) - 2
    if report.summary is not None:
        plan = _plan(report.summary, report.environment, report.where, max(room, MINIMUM_MAX_CHARS))
        extra = f"{plan}\n{extra}"
    return f"{before}{extra}{after}"


def _plan(summary: PlanSummary, environment: str, where: str, room: int) -> str:
    return to_markdown(summary, None, title=f"Plan for {environment} ({where})", max_chars=room)


def _headline(report: PlanReport) -> str:
    if report.summary is not None:
        return report.summary.headline()
    return "the plan failed" if report.error else "not planned"


def _assets(report: PlanReport) -> list[str]:
    if not report.assets:
        return []
    shown = report.assets[:50]
    lines = ["#### Assets", ""]
    for one in shown:
        fields = f" ({', '.join(map(text_of, one.fields[:10]))})" if one.fields else ""
        lines.append(f"- **{text_of(one.action)}** {text_of(one.name)}{fields}")
    if len(report.assets) > len(shown):
        lines.append(f"- _{len(report.assets) - len(shown)} more are not shown_")
    return [*lines, ""]


def _fenced(text: str) -> str:
    """As it is: only a line of backticks could end the block."""
    return f"```text\n{text[:_LONGEST_NOTE].replace('```', chr(39) * 3)}\n```"


def _label(text: str) -> str:
    """A mermaid label in quotes: letters and digits stay, the rest becomes numbered entities or nothing."""
    return "".join(one if one.isalnum() or one in " _.-" else f"#{ord(one)};" for one in text if one.isprintable())


def text_of(text: str) -> str:
    """Text as it is: no markup, no HTML, nobody mentioned, one line."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "\\`*_[]|~#":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split()).replace("@", "@\u200b")
