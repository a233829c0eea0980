"""Synthesis starts and ends quickly, and still ends rightly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.synth.stacks import ROOT

#: Modules that a piece of code imports on top of what ``load_bindings_early`` imports beforehand.
_IMPORTS = """
import importlib, json, sys
from constructs_lib.quick_start import _SHARED
for shared in _SHARED:
    importlib.import_module(shared)
before = set(sys.modules)
import {module}
{then}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def imports_of(module: str, then: str = "") -> set[str]:
    code = _IMPORTS.format(module=module, then=then)
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout))


def test_the_thread_and_the_configuration_import_nothing_in_common() -> None:
    bindings = imports_of("constructs_lib.bindings")
    configuration = imports_of(
        "ezazml.config.loading",
        "import os, pathlib; ezazml.config.loading.load_environment('prd', root=pathlib.Path.cwd(), environ={})",
    )
    assert any(name.startswith("cdktf") for name in bindings)
    assert "pydantic" in configuration
    assert bindings & configuration == set()


def run(folder: Path, environment: str, tmp: Path) -> subprocess.CompletedProcess[str]:
    tmp.mkdir()
    environ = {
        **os.environ,
        "EZAZML_ENVIRONMENTS": environment,
        "CDKTF_OUTDIR": str(folder / "out"),
        "TMPDIR": str(tmp),
    }
    return subprocess.run(
        [sys.executable, "main.py"], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def test_a_synthesis_ends_with_success_and_leaves_nothing_behind(project: Path, tmp_path: Path) -> None:
    answer = run(project, "dev", tmp_path / "tmp")
    assert answer.returncode == 0, answer.stderr
    assert json.loads((project / "out" / "stacks" / "dev" / "cdk.tf.json").read_text())["resource"]
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("yaml", "code", "message"),
    [
        ("locatoin: westeurope\n", 2, "Error: environments/dev.yaml:1: locatoin"),
        ("not: [valid", 2, "environments/dev.yaml"),
    ],
)
def test_a_mistake_ends_with_its_message_and_exit_code(
    project: Path, tmp_path: Path, yaml: str, code: int, message: str
) -> None:
    (project / "environments" / "dev.yaml").write_text(yaml)
    answer = run(project, "dev", tmp_path / "tmp")
    assert answer.returncode == code
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_exception_in_a_stack_is_a_failure(project: Path, tmp_path: Path) -> None:
    main = project / "main.py"
    main.write_text(main.read_text().replace("    app.synth()\n", "    raise RuntimeError('boom')\n"))
    answer = run(project, "dev", tmp_path / "tmp")
    assert answer.returncode == 1
    assert "RuntimeError: boom" in answer.stderr


def test_an_import_that_fails_in_the_thread_fails_in_the_program(project: Path, tmp_path: Path) -> None:
    package = project / "cdktf"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('cdktf is broken')\n")
    answer = run(project, "dev", tmp_path / "tmp")
    assert answer.returncode == 1
    assert "ImportError: cdktf is broken" in answer.stderr
