"""A part that is measured again leaves the other tables as they were, and the page says what the numbers are."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.goals import GOALS, Goal
from benchmarks.measure import Result

MACHINE = "2030-01-01 on Linux"


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "results.json"
    monkeypatch.setattr(report, "RESULTS", file)
    return file


def test_what_is_not_measured_again_stays() -> None:
    report.merged({"A": [Result("slow", [4.0, 2.0, 9.0], [100.0])]}, machine=MACHINE, rounds=3)
    document = report.merged({"B": [Result("once", [1.0], [10.0])]}, machine=MACHINE, rounds=3)
    text = report.page(document)
    assert "## A\n\n2030-01-01 on Linux, 3 rounds." in text
    assert "| slow | 4.00 | 1.000 | 100 |" in text
    assert "## B\n\n2030-01-01 on Linux, once." in text


def test_a_table_is_replaced_by_its_new_measurement() -> None:
    report.merged({"A": [Result("x", [4.0], [1.0])]}, machine=MACHINE, rounds=1)
    document = report.merged({"A": [Result("x", [2.0], [1.0]), Result("y", [1.0], [1.0])]}, machine=MACHINE, rounds=1)
    assert report.page(document).count("## A") == 1
    assert "| y | 1.00 | 0.500 | 1 |" in report.page(document)


def test_the_page_names_the_figure_of_the_peer_that_is_faster() -> None:
    rows = [
        Result("TypeScript cdktf, compiled before: node main.js", [0.2], [1.0]),
        Result("ours: python main.py", [0.8], [1.0]),
    ]
    measured = report.merged({report.PEERS: rows}, machine=MACHINE, rounds=1)
    assert "0.20 s, and ours takes 0.80 s (4.0 times as long)" in report.page(measured)
    assert "not measured yet" in report.page({"results": {}})


def test_the_page_says_which_goals_are_kept() -> None:
    def rows(**seconds: float) -> list[Result]:
        return [Result(name.replace("_", " "), [value], [100 * value]) for name, value in seconds.items()]

    synthesis = [
        Result("naive: python main.py", [10.0], [900.0]),
        Result("ours: python main.py", [1.2], [240.0]),
        Result("empty stack", [0.8], [150.0]),
    ]
    deployment = [
        Result("deploy, no change", [2.0], [1.0]),
        Result("of that: Terraform's processes", [1.5], [0.0]),
        Result("deploy --no-assets, no change", [1.0], [1.0]),
        Result("of that: Terraform's processes", [0.1], [0.0]),
    ]
    measured = {
        "Synthesis of dev": synthesis,
        "Deployment into the sandbox": deployment,
        "Synthesis by number of resources": rows(**{"10_resources": 1.0, "110_resources": 1.5}),
    }
    text = report.page(report.merged(measured, machine=MACHINE, rounds=1))
    assert "| ours: python main.py | naive: python main.py | 0.10 | 0.120 | no |" in text
    assert "| ours: python main.py | empty stack | 1.80 | 1.500 | yes |" in text
    assert "| ours: python main.py, memory | naive: python main.py | 0.33 | 0.267 | yes |" in text
    assert "| deploy, no change, without Terraform's processes | all of it | 0.40 | 0.250 | yes |" in text
    assert "| ezazml --help | import azure.ai.ml | 0.25 | not measured | |" in text
    assert "\n\nEach further one: 5.0 ms (from 10 to 110 resources).\n" in text
    assert text.count("Each further one") == 1


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: f"{goal.what} beside {goal.beside}")
def test_the_rows_of_each_goal_are_measured(goal: Goal) -> None:
    text = "".join(path.read_text() for path in Path(report.__file__).parent.glob("*.py") if path.name != "goals.py")
    assert all(f'"{name}"' in text for name in (goal.table, goal.what, goal.beside))
