"""A part that is measured again leaves the other tables as they were, and the page says what the numbers are."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
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
