"""What do people read when an environment is destroyed? The mails before and after."""

from __future__ import annotations

from ezazml.operations.destroying.guard import Request
from ezazml.report.plan_summary import PlanSummary


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


def mail_after(request: Request, where: str, result: str, error: BaseException | None) -> tuple[str, str]:
    """Subject and text of the mail after: ``result`` is destroyed, failed or interrupted."""
    name = request.environment.name
    outcome = {
        "destroyed": "was destroyed",
        "failed": "was not destroyed completely: it failed",
        "interrupted": "was not destroyed completely: it was interrupted",
    }[result]
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
