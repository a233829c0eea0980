"""What do people read when an environment is destroyed? The mails before and after."""

from __future__ import annotations

from enum import StrEnum

from ezazml.operations.destroying.guard import Request
from ezazml.report.plan_summary import PlanSummary


class Outcome(StrEnum):
    """What came of it, after the mail that it would be destroyed."""

    DESTROYED = "was destroyed"
    FAILED = "was not destroyed completely: it failed"
    INTERRUPTED = "was not destroyed completely: it was interrupted"
    STOPPED = "was not destroyed: it was stopped before anything was changed"


def mail_before(request: Request, where: str, summary: PlanSummary) -> tuple[str, str]:
    """Subject and text of the mail before."""
    name = request.environment.name
    minutes = request.environment.settings.destroy.waiting_minutes
    when = f"in {minutes:g} minutes" if minutes else "now"
    lines = [
        f"The environment {name} ({where}) will be destroyed {when}.",
        "",
        *_why(request),
        "",
        f"Plan: {summary.headline()}.",
        *(f"  {change.action} {change.address}" for change in summary.changes),
        "",
        "To stop it, interrupt the program or the pipeline that runs it before the waiting time is over."
        if minutes
        else "",
    ]
    return f"[ezazml] {name} will be destroyed {when}", "\n".join(lines).rstrip() + "\n"


def mail_after(request: Request, where: str, outcome: Outcome, error: BaseException | None) -> tuple[str, str]:
    """Subject and text of the mail after."""
    name = request.environment.name
    lines = [f"The environment {name} ({where}) {outcome}.", "", *_why(request)]
    if error is not None and str(error):
        lines += ["", "Error:", str(error)[:2000]]
    return f"[ezazml] {name} {outcome}", "\n".join(lines) + "\n"


def _why(request: Request) -> list[str]:
    return [
        f"Who: {request.actor.name}, on {request.actor.machine}",
        f"When: {request.local_time:%Y-%m-%d %H:%M %Z}",
        f"Why: {request.reason or 'no reason given'}",
        f"Ticket: {request.ticket or 'none'}",
    ]
