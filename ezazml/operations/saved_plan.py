"""May this saved plan still be applied? The record beside it says what it was made for.

A plan file holds secrets (Terraform writes values in clear), and so only its owner may read it. The record beside it,
``<file>.json``, holds none.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ezazml import __version__
from ezazml.errors import InputError
from ezazml.operations.workbench import Workbench
from ezazml.terraform.runner import StateVersion

_FORM = 1


class StalePlanError(InputError):
    """The plan is not for what is there now."""


@dataclass(frozen=True)
class PlanRecord:
    """What a saved plan was made for."""

    form: int
    environment: str
    target: str
    subscription_id: str | None
    created: str
    ezazml: str
    engine: str
    stack_sha256: str
    plan_sha256: str
    state_lineage: str
    state_serial: int

    @property
    def age(self) -> timedelta:
        """How long ago it was made."""
        return datetime.now(UTC) - datetime.fromisoformat(self.created)


def record_file(plan: Path) -> Path:
    """Where the record of a plan file stands."""
    return plan.with_name(f"{plan.name}.json")


def require_writable(plan: Path) -> Path:
    """The absolute path to save a plan to. Raises :class:`InputError` before any work is done in vain."""
    path = plan.absolute()
    if path.is_dir():
        raise InputError(f"{plan}: is a folder, not a file.", hint="Name the file to write.")
    if not path.parent.is_dir():
        raise InputError(f"{plan}: there is no folder {path.parent}.", hint="Make it first, or name another file.")
    return path


def write_record(bench: Workbench, plan: Path, state: StateVersion) -> PlanRecord:
    """Write the record beside ``plan``, which was made from ``state``."""
    settings = bench.environment.settings
    record = PlanRecord(
        form=_FORM,
        environment=bench.environment.name,
        target=settings.target.value,
        subscription_id=settings.subscription_id,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        ezazml=__version__,
        engine=bench.terraform.engine.name,
        stack_sha256=_hash(bench.terraform.folder / "cdk.tf.json"),
        plan_sha256=_hash(plan),
        state_lineage=state.lineage,
        state_serial=state.serial,
    )
    file = record_file(plan)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    return record


def read_record(plan: Path) -> PlanRecord:
    """The record of a plan file. Raises :class:`InputError` when the file or its record is missing or unreadable."""
    made = "Make a plan with: ezazml plan ENV --out FILE"
    if not plan.is_file():
        raise InputError(f"{plan}: there is no such plan file.", hint=made)
    file = record_file(plan)
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if values.get("form") != _FORM:
            raise InputError(f"{file}: is of another version of ezazml.", hint=f"Plan again. {made}")
        return PlanRecord(**values)
    except FileNotFoundError as error:
        text = f"{plan}: its record {file.name} is missing, so nobody can tell what the plan was made for."
        raise InputError(text, hint=f"Keep both files together. {made}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{file}: is not the record of a plan.", hint=made) from error


def require_made_for(name: str, record: PlanRecord, plan: Path) -> None:
    """Raise :class:`InputError` for a plan of another environment; needs neither Terraform nor the state."""
    if record.environment != name:
        raise InputError(
            f"{plan}: was made for environment {record.environment!r}, not {name!r}; nothing was changed.",
            hint=f"Run: ezazml deploy {record.environment} --plan {plan}",
        )
    if _hash(plan) != record.plan_sha256:
        raise InputError(
            f"{plan}: is not the plan that its record {record_file(plan).name} describes; nothing was changed.",
            hint="Keep both files as they were written together, or plan again.",
        )


def require_current(bench: Workbench, record: PlanRecord, plan: Path) -> None:
    """Raise :class:`StalePlanError` unless applying ``plan`` does exactly what it showed.

    Terraform itself compares only the state; it would apply an old configuration without a word.
    """
    reason = _stale_because(bench, record)
    if reason is not None:
        raise StalePlanError(
            f"{plan}: this plan is stale: {reason} Nothing was changed.",
            hint=f"Plan again and look at it: ezazml plan {record.environment} --out {plan}",
        )


def _stale_because(bench: Workbench, record: PlanRecord) -> str | None:
    settings = bench.environment.settings
    here = (settings.target.value, settings.subscription_id)
    if here != (record.target, record.subscription_id):
        return (
            f"it was made for {record.target} (subscription {record.subscription_id}), the environment is now on "
            f"{here[0]} (subscription {here[1]})."
        )
    limit = settings.deploy.plan_max_age_hours
    if record.age > timedelta(hours=limit):
        return f"it is of {record.created}, and deploy.plan_max_age_hours is {limit:g}."
    if bench.terraform.engine.name != record.engine:
        return f"it was made with {record.engine}, and {bench.terraform.engine.name} would apply it."
    if _hash(bench.terraform.folder / "cdk.tf.json") != record.stack_sha256:
        return "the configuration has changed since."
    state = bench.terraform.state_version()
    if (state.lineage, state.serial) != (record.state_lineage, record.state_serial):
        return (
            f"the state has changed since (serial {record.state_serial} then, {state.serial} now): somebody has "
            "deployed."
        )
    return None


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
