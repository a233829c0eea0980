"""The program ends quickly, with its exit code, its whole output and what was registered for the end."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import atexit, sys
from ezazml.cli import entry

class Slow:
    def __del__(self):
        print("torn down")

kept = Slow()

def main():
    atexit.register(lambda: print("told"))
    print("x" * 100_000)
    {end}

entry.main = main
entry.run()
"""


def run(end: str) -> subprocess.CompletedProcess[str]:
    code = _PROGRAM.format(end=end)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("code", [0, 1, 2, 130])
def test_exit_code_output_and_exit_handlers_are_those_of_the_program(code: int) -> None:
    ended = run(f"sys.exit({code})")
    assert ended.returncode == code
    assert ended.stdout == "x" * 100_000 + "\ntold\n"


def test_an_unexpected_exception_is_told_in_the_ordinary_way() -> None:
    ended = run("raise RuntimeError('unexpected')")
    assert ended.returncode == 1
    assert "RuntimeError: unexpected" in ended.stderr
    assert "torn down" in ended.stdout
