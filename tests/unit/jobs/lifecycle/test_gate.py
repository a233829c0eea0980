"""Whether a model may be deployed, and what the report says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ezazml.errors import ConfigurationError, InputError
from jobs.lifecycle.gate import Gate, evaluate, read_gate, write_report

GATE = Gate.model_validate(
    {"thresholds": {"auc": {"min": 0.7}, "loss": {"max": 0.5}}, "champion": {"auc": {"may_lose": 0.02}}}
)
GOOD = {"auc": 0.8, "loss": 0.4}


def test_a_model_within_its_bounds_passes_without_a_champion() -> None:
    report = evaluate(GATE, GOOD, candidate="m:1")
    assert report.passed and not report.refuses and report.verdict == "passed"


@pytest.mark.parametrize("metrics", [{"auc": 0.69, "loss": 0.4}, {"auc": 0.8, "loss": 0.51}])
def test_a_broken_bound_refuses(metrics: dict[str, float]) -> None:
    assert evaluate(GATE, metrics, candidate="m:1").refuses


@pytest.mark.parametrize("metrics", [{}, {"loss": 0.4}, {"auc": float("nan"), "loss": 0.4}])
def test_a_metric_that_was_not_measured_refuses(metrics: dict[str, float]) -> None:
    report = evaluate(GATE, metrics, candidate="m:1")
    assert report.refuses
    assert "the job did not log it" in report.as_markdown()


def test_a_model_may_be_a_little_worse_than_the_champion() -> None:
    assert evaluate(GATE, GOOD, candidate="m:2", champion="m:1", champion_metrics={"auc": 0.82}).passed


def test_a_model_that_loses_more_is_refused() -> None:
    assert evaluate(GATE, GOOD, candidate="m:2", champion="m:1", champion_metrics={"auc": 0.83}).refuses


def test_a_lower_metric_can_be_the_better_one() -> None:
    gate = Gate.model_validate({"champion": {"loss": {"higher_is_better": False}}})
    assert evaluate(gate, {"loss": 0.3}, candidate="m:2", champion="m:1", champion_metrics={"loss": 0.4}).passed
    assert evaluate(gate, {"loss": 0.5}, candidate="m:2", champion="m:1", champion_metrics={"loss": 0.4}).refuses


def test_a_champion_without_the_metric_compares_nothing() -> None:
    report = evaluate(GATE, GOOD, candidate="m:2", champion="m:1", champion_metrics={})
    assert report.passed
    assert "the champion has no such metric" in report.as_markdown()


def test_a_dry_run_reports_and_lets_pass() -> None:
    report = evaluate(GATE.model_copy(update={"mode": "dry_run"}), {}, candidate="m:1")
    assert not report.passed and not report.refuses
    report_mode = Gate.model_validate({**GATE.model_dump(), "mode": "dry_run"})
    assert evaluate(report_mode, {}, candidate="m:1").verdict == "would refuse (dry run)"


def test_a_disabled_gate_checks_nothing() -> None:
    report = evaluate(Gate.model_validate({**GATE.model_dump(), "mode": "disabled"}), {}, candidate="m:1")
    assert report.checks == () and report.verdict == "disabled"


def test_the_report_is_written_for_people_and_for_programs(tmp_path: Path) -> None:
    markdown, data = write_report(evaluate(GATE, GOOD, candidate="m:1"), tmp_path / "reports")
    assert "| auc | 0.8000 | at least 0.7 | kept |" in markdown.read_text()
    assert json.loads(data.read_text())["verdict"] == "passed"
    assert ":" not in markdown.name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mode: maybe\n", "gate.yml:1: mode"),
        ("thresholds:\n  auc: {}\n", "needs min, max or both"),
        ("thresholds:\n  auc: {min: 2, max: 1}\n", "min 2.0 is above max 1.0"),
        ("thresholds:\n  auc: {minimum: 1}\n", "gate.yml:2: thresholds.auc.minimum"),
        ("treshold: {}\n", "treshold"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "gate.yml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        read_gate(file, label="gate.yml")


def test_a_missing_gate_is_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no gate"):
        read_gate(tmp_path / "gate.yml", label="gate.yml")
