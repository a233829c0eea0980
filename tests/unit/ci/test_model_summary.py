"""A job and a model on the summary page: their metrics, what to do next, and no text that becomes markup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ezazml.ci.model_summary import job_to_markdown, model_to_markdown
from ezazml.cli.ci import ci
from ezazml.errors import InputError
from tests.workflow_files import outputs_in

JOB = {"name": "quiet_sun_1", "status": "Completed", "studio_url": "https://ml.azure.com/runs/1?a=(b)"}


def test_a_completed_job_names_its_metrics_and_the_next_step() -> None:
    text = job_to_markdown("dev", {**JOB, "metrics": {"roc_auc": 0.71234, "accuracy": 1}})
    assert "| roc\\_auc | 0.7123 |" in text
    assert "[Studio](https://ml.azure.com/runs/1?a=(b%29)" in text
    assert "gh workflow run deploy-model.yml -f environment=dev -f job=quiet_sun_1" in text


def test_a_job_that_has_not_completed_has_no_next_step() -> None:
    assert "gh workflow" not in job_to_markdown("dev", {**JOB, "status": "Running"})


def test_a_model_names_its_stage() -> None:
    text = model_to_markdown("dev", {"name": "a", "version": "3", "stage": "champion", "metrics": {"x": 0.5}})
    assert text.startswith("### Model a version 3 in dev, champion")
    assert "| x | 0.5000 |" in text


def test_nothing_becomes_markup() -> None:
    nasty = "`<img src=x> @everyone\n## heading"
    text = job_to_markdown(nasty, {"name": nasty, "status": "Completed", "studio_url": "javascript:alert(1)"})
    assert "javascript" not in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == []
    assert text.count("`") - text.count("\\`") == 2


@pytest.mark.parametrize(
    ("command", "values", "output"),
    [
        (("job", "dev"), JOB, {"job": "quiet_sun_1"}),
        (("model", "dev"), {"name": "a", "version": "3"}, {"model": "a:3"}),
    ],
)
def test_a_step_gives_the_name_to_later_ones(
    tmp_path: Path, command: tuple[str, ...], values: dict[str, Any], output: dict[str, str]
) -> None:
    file, outputs, summary = tmp_path / "printed.json", tmp_path / "output", tmp_path / "summary"
    file.write_text(json.dumps(values))
    environ = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
    answer = CliRunner().invoke(ci, [*command, str(file)], env=environ)
    assert answer.exit_code == 0, answer.output
    assert outputs_in(outputs.read_text()) == output
    assert summary.read_text().startswith("### ")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 3, "version": "1", "status": "x"}'])
@pytest.mark.parametrize("command", ["job", "model"])
def test_another_file_is_refused(tmp_path: Path, command: str, text: str) -> None:
    file = tmp_path / "printed.json"
    file.write_text(text)
    answer = CliRunner().invoke(ci, [command, "dev", str(file)])
    assert isinstance(answer.exception, InputError)
    assert "is not what a command printed" in str(answer.exception)
