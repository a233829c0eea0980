"""How does a plan read in a pull request? Its summary as Markdown that stays below a size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ezazml.report.cost import Estimate
from ezazml.report.plan_summary import Change, PlanSummary

#: GitHub takes comments up to 65536 characters.
DEFAULT_MAX_CHARS = 60_000
MINIMUM_MAX_CHARS = 500


def to_markdown(
    summary: PlanSummary,
    cost: Estimate | None,
    *,
    title: str,
    warnings: Sequence[str] = (),
    max_chars: int = DEFAULT_MAX_CHARS,
) -> str:
    """The plan as Markdown of at most ``max_chars`` characters.

    What does not fit is left out from the end (the cost first, then the least weighty changes), and a last line says
    how much. What loses data, the counts and the warnings always come first.
    """
    head = [f"### {_text(title)}", "", f"**{summary.headline()}**", ""]
    lines = [*head, *_warning(summary)]
    for warning in warnings:
        lines += ["> [!WARNING]", f"> {_text(warning)}", ""]
    blocks = [_change_lines(change) for change in summary.changes]
    if summary.outputs_changed:
        blocks.append([f"- outputs that change: {', '.join(f'`{_code(name)}`' for name in summary.outputs_changed)}"])
    if cost is not None:
        blocks.extend([line] for line in _cost_lines(cost))
    return _fit(lines, blocks, len(summary.changes), max_chars)


def _fit(lines: list[str], blocks: Sequence[list[str]], changes: int, max_chars: int) -> str:
    whole = "\n".join([*lines, *(line for block in blocks for line in block), ""])
    if len(whole) <= max_chars:
        return whole
    reserve = 200  # for the last line
    used, taken = sum(len(line) + 1 for line in lines), 0
    for block in blocks:
        size = sum(len(line) + 1 for line in block)
        if used + size > max_chars - reserve:
            break
        lines.extend(block)
        used, taken = used + size, taken + 1
    missing = []
    if taken < changes:
        missing.append(f"{changes - taken} of {changes} changes")
    if taken < len(blocks) and len(blocks) > changes:
        missing.append("the rest of the report")
    cut = f"_Cut at {max_chars} characters: {' and '.join(missing)} not shown. `ezazml plan` shows all of it._"
    text = "\n".join([*lines, "", cut, ""])
    # Only a huge list of what loses data gets here; the numbers above it stay.
    return text if len(text) <= max_chars else f"{text[: max_chars - len(cut) - 3]}\n\n{cut}\n"


def _warning(summary: PlanSummary) -> list[str]:
    if not summary.losses:
        return []
    lines = ["> [!CAUTION]", "> This loses data:"]
    for change in summary.losses:
        why = f" (because of {', '.join(map(_text, change.replaced_by))})" if change.replaced_by else ""
        lines.append(f"> - **{change.action}** `{_code(change.address)}`{why}")
    allowed = " ".join(f"--allow-replace {change.address}" for change in summary.losses)
    return [*lines, ">", f"> `ezazml deploy` refuses it without `{_code(allowed)}`", ""]


def _change_lines(change: Change) -> list[str]:
    line = f"- **{change.action}** `{_code(change.address)}`"
    shown = {value.field.split(".", maxsplit=1)[0] for value in change.values}
    hidden = [field for field in change.fields if field not in shown]
    lines = [f"{line} ({', '.join(map(_text, hidden))})" if hidden else line]
    lines.extend(f"  - `{_code(str(value))}`" for value in change.values)
    return lines


def _cost_lines(cost: Estimate) -> Iterator[str]:
    yield ""
    yield f"#### Monthly cost, estimated in {cost.currency} (list prices of {_text(cost.region)})"
    yield ""
    yield "| resource | before | after | |"
    yield "|---|--:|--:|---|"
    for line in cost.lines:
        before, after = (span.text() if span else "" for span in (line.before, line.after))
        yield f"| `{_code(line.address)}` | {before} | {after} | {_text(line.note)} |"
    yield f"| **sum** | {cost.before.text()} | {cost.after.text()} | change: {cost.change.text(signed=True)} |"
    yield ""
    if cost.by_use:
        yield f"Depends on use, not counted: {', '.join(f'`{_code(one.address)}`' for one in cost.by_use)}"
    for one in cost.unknown:
        yield f"- price unknown, not counted: `{_code(one.address)}` ({_text(one.why)})"
    if cost.remark:
        yield _text(cost.remark)
    for source in cost.sources:
        yield f"- {_text(source)}"


def _code(text: str) -> str:
    """Inside of backticks nothing is markup but the backtick; a line end or a bar would end a table's cell."""
    return text.replace("`", "'").replace("\n", " ").replace("|", "\\|")


def _text(text: str) -> str:
    """Names and notes come from configuration: they must not become markup, nor mention people."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ").replace("@", "@\u200b")
