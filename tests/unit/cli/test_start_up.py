"""Commands import only what they need: that is what makes them start at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ezazml.cli.main import COMMANDS

#: Each takes from a tenth of a second to seconds to import.
HEAVY = "{'cdktf', 'jsii', 'constructs', 'azure', 'mltable', 'pandas', 'pyarrow', 'numpy', 'grpc', 'starlette'}"


def heavy_imports_of(folder: Path, *arguments: str) -> str:
    """Which heavy packages a command has imported when it ends."""
    code = (
        "import sys\n"
        "from ezazml.cli.main import main\n"
        "try:\n"
        f"    main({list(arguments)!r})\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0, end.code\n"
        f"print('heavy:', sorted({{name.split('.')[0] for name in sys.modules}} & {HEAVY}))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=os.environ, capture_output=True, text=True, check=True
    )
    return answer.stdout.splitlines()[-1].removeprefix("heavy: ")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_imports_nothing_heavy(project: Path, command: str) -> None:
    assert heavy_imports_of(project, *command.split(), "--help") == "[]"


@pytest.mark.parametrize(
    "command",
    [
        "config show dev",
        "config validate",
        "config schema",
        "config new test",
        "promotion",
        "ci environments",
        "sandbox up",
        "sandbox env",
        "sandbox reset --yes",
        "sandbox status",
        "sandbox down",
    ],
)
def test_commands_about_files_import_nothing_heavy(project: Path, command: str) -> None:
    assert heavy_imports_of(project, *command.split()) == "[]"


def test_the_module_of_no_command_imports_anything_heavy() -> None:
    code = (
        "import sys\n"
        "from ezazml.cli.main import COMMANDS, cli\n"
        "assert all(cli.get_command(None, name) for name in COMMANDS)\n"
        f"print(sorted({{name.split('.')[0] for name in sys.modules}} & {HEAVY}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"


@pytest.mark.e2e
def test_commands_about_the_environment_import_nothing_heavy(project: Path) -> None:
    for command in (
        "synth sandbox",
        "plan sandbox",
        "show sandbox",
        "graph sandbox",
    ):
        assert heavy_imports_of(project, *command.split()) == "[]", command
