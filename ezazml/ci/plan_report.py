"""What would a pull request change in one environment? A small file without secrets, from which the comment is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ezazml.ci.redaction import redacted
from ezazml.errors import InputError
from ezazml.operations.deployment import Planned
from ezazml.report.plan_summary import Change, FieldChange, PlanSummary

_FORM = 1


@dataclass(frozen=True)
class AssetChange:
    """One asset that an apply would write; ``fields`` are names only."""

    name: str
    action: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanReport:
    """One environment's part of the comment.

    ``error`` says why there is no plan, ``note`` what the plan leaves out. ``cost`` is the change per month.
    """

    environment: str
    where: str = ""
    summary: PlanSummary | None = None
    cost: str | None = None
    assets: tuple[AssetChange, ...] | None = None
    note: str = ""
    error: str = ""
    form: int = field(default=_FORM)


def report_of(
    environment: str, where: str, planned: Planned, *, assets: tuple[AssetChange, ...] | None, note: str
) -> PlanReport:
    """The report of a plan that was made."""
    cost = None if planned.cost is None else f"{planned.cost.change.text(signed=True)} {planned.cost.currency}"
    notes = " ".join(filter(None, (*planned.warnings, note)))
    return PlanReport(environment, where, planned.summary, cost, assets, notes)


def assets_in(plan: Mapping[str, Any]) -> tuple[AssetChange, ...]:
    """What would be written, of ``ezazml assets plan --output json``."""
    return tuple(
        AssetChange(
            f"{one['kind']}/{one['name']}", one["action"], tuple(item["field"] for item in one.get("differences") or ())
        )
        for one in plan["changes"]
        if one["action"] not in ("unchanged", "orphan")
    )


def write_report(report: PlanReport, path: Path, *, environ: Mapping[str, str]) -> None:
    """Write it, without secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_redacted_json(asdict(report), environ) + "\n", encoding="utf-8")


def read_report(path: Path) -> PlanReport:
    """Read it. Raises :class:`InputError` for another file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["form"] != _FORM:
            raise ValueError("another form")
        summary, assets = values.pop("summary"), values.pop("assets")
        return PlanReport(
            **values,
            summary=None if summary is None else _summary(summary),
            assets=None
            if assets is None
            else tuple(AssetChange(one["name"], one["action"], tuple(one["fields"])) for one in assets),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: is no report of a plan.", hint="Run: ezazml ci report ENV --out FILE") from error


def _summary(values: Mapping[str, Any]) -> PlanSummary:
    changes = tuple(
        Change(
            one["action"],
            one["address"],
            one["type"],
            tuple(one["fields"]),
            tuple(one["replaced_by"]),
            tuple(FieldChange(**value) for value in one["values"]),
        )
        for one in values["changes"]
    )
    return PlanSummary(changes, tuple(values["outputs_changed"]))


def _redacted_json(value: Any, environ: Mapping[str, str]) -> str:
    """Redacted value by value: in JSON's own text a secret with quotes or line ends would look different."""

    def clean(item: Any) -> Any:
        if isinstance(item, str):
            return redacted(item, environ)
        if isinstance(item, dict):
            return {key: clean(one) for key, one in item.items()}
        if isinstance(item, (list, tuple)):
            return [clean(one) for one in item]
        return item

    return json.dumps(clean(value), indent=2)
