"""A saved plan is applied only where it does what it showed."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ezazml.errors import InputError
from ezazml.operations.deployment import require_allowed
from ezazml.operations.saved_plan import (
    StalePlanError,
    read_record,
    record_file,
    require_current,
    require_made_for,
    require_writable,
    write_record,
)
from ezazml.operations.workbench import Workbench
from ezazml.report.plan_summary import summarise
from ezazml.terraform.engine import Engine
from ezazml.terraform.runner import StateVersion
from tests.unit.operations.destroying.stage import write_environment
from tests.unit.report.test_plan_summary import PLAN

STATE = StateVersion("line", 3, 5)


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    (tmp_path / "cdk.tf.json").write_text("{}")
    terraform = SimpleNamespace(folder=tmp_path, engine=Engine("/bin/terraform", (1, 11, 4)), state=STATE)
    terraform.state_version = lambda: terraform.state
    more = "subscription_id: 11111111-1111-4111-8111-111111111111"
    return SimpleNamespace(environment=write_environment(tmp_path, more=more), terraform=terraform)


@pytest.fixture
def saved(bench: Any, tmp_path: Path) -> Path:
    file = tmp_path / "tf.tfplan"
    file.write_bytes(b"a plan")
    write_record(bench, file, STATE)
    return file


def check(bench: Any, file: Path) -> None:
    record = read_record(file)
    require_made_for(bench.environment.name, record, file)
    require_current(cast("Workbench", bench), record, file)


def test_an_unchanged_plan_is_current(bench: Any, saved: Path) -> None:
    check(bench, saved)
    assert stat.S_IMODE(record_file(saved).stat().st_mode) == 0o600


def test_a_record_that_others_could_read_is_written_anew(bench: Any, saved: Path) -> None:
    record_file(saved).chmod(0o644)
    write_record(bench, saved, STATE)
    assert stat.S_IMODE(record_file(saved).stat().st_mode) == 0o600


def test_a_changed_state_makes_it_stale(bench: Any, saved: Path) -> None:
    bench.terraform.state = StateVersion("line", 4, 5)
    with pytest.raises(StalePlanError, match=r"serial 3 then, 4 now.*Nothing was changed\. Plan again") as caught:
        check(bench, saved)
    assert caught.value.exit_code == 2
    bench.terraform.state = StateVersion("other", 3, 5)
    with pytest.raises(StalePlanError):
        check(bench, saved)


def test_a_changed_stack_makes_it_stale(bench: Any, saved: Path) -> None:
    (bench.terraform.folder / "cdk.tf.json").write_text('{"changed": true}')
    with pytest.raises(StalePlanError, match="the configuration has changed since"):
        check(bench, saved)


def test_another_engine_makes_it_stale(bench: Any, saved: Path) -> None:
    bench.terraform.engine = Engine("/bin/tofu", (1, 11, 4))
    with pytest.raises(StalePlanError, match=r"made with Terraform 1\.11\.4, and OpenTofu 1\.11\.4 would apply it"):
        check(bench, saved)


def test_another_subscription_makes_it_stale(bench: Any, saved: Path) -> None:
    bench.environment = replace(
        bench.environment, settings=bench.environment.settings.model_copy(update={"subscription_id": "2"})
    )
    with pytest.raises(StalePlanError, match=r"subscription 11111111.*is now on azure \(subscription 2"):
        check(bench, saved)


def test_an_old_plan_is_refused_by_the_age_that_is_set(bench: Any, saved: Path) -> None:
    values = json.loads(record_file(saved).read_text())
    values["created"] = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    record_file(saved).write_text(json.dumps(values))
    with pytest.raises(StalePlanError, match="deploy.plan_max_age_hours is 24"):  # noqa: RUF043
        check(bench, saved)
    bench.environment = write_environment(bench.terraform.folder, more="deploy: {plan_max_age_hours: 48}")
    values["subscription_id"] = None
    record_file(saved).write_text(json.dumps(values))
    check(bench, saved)


def test_a_plan_of_another_environment_is_refused(saved: Path) -> None:
    with pytest.raises(InputError, match=r"made for environment 'dev', not 'prd'.*ezazml deploy dev --plan"):
        require_made_for("prd", read_record(saved), saved)


def test_a_plan_that_was_swapped_is_refused(bench: Any, saved: Path) -> None:
    saved.write_bytes(b"another plan")
    with pytest.raises(InputError, match="is not the plan that its record"):
        check(bench, saved)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "its record tf.tfplan.json is missing"),
        ("", "is not the record of a plan"),
        ("[]", "is not the record of a plan"),
        ('{"form": 1}', "is not the record of a plan"),
        ('{"form": 99}', "is of another version of ezazml"),
    ],
)
def test_a_missing_or_broken_record_is_told(saved: Path, content: str | None, text: str) -> None:
    record_file(saved).unlink()
    if content is not None:
        record_file(saved).write_text(content)
    with pytest.raises(InputError, match=text):
        read_record(saved)


def test_a_missing_plan_is_told_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such plan file\. Make a plan with: ezazml plan ENV --out FILE"):
        read_record(tmp_path / "none")


def test_where_a_plan_cannot_be_saved_is_told_before_planning(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        require_writable(tmp_path)
    with pytest.raises(InputError, match="there is no folder"):
        require_writable(tmp_path / "none" / "plan")


def test_losses_must_be_allowed_one_by_one() -> None:
    summary = summarise(PLAN)
    with pytest.raises(InputError) as caught:
        require_allowed(summary, ["azurerm_key_vault.v"])
    assert "delete azurerm_storage_account.s" in str(caught.value)
    assert "azurerm_key_vault.v" not in str(caught.value)
    assert str(caught.value).endswith("pass --allow-replace azurerm_storage_account.s")
    require_allowed(summary, ["azurerm_key_vault.v", "azurerm_storage_account.s", "azurerm_more.x"])
    with pytest.raises(InputError, match=r"because of location, sku\.0\.name"):
        require_allowed(summary, [])
