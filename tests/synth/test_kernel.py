"""The jsii kernel runs in one Node.js process, and behaves as in jsii's two."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.synth.stacks import ROOT

HOOK = ROOT / "constructs_lib" / "kernel_in_one_process.cjs"
_START = """
import os, signal, psutil
from constructs_lib import bindings as tf
nodes = psutil.Process().children(recursive=True)
"""


def run(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A fresh Python process that has loaded the bindings."""
    program = [sys.executable, "-c", _START + code]
    return subprocess.run(
        program, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("eager", "count"), [("0", 1), ("1", 2)])
def test_one_process_unless_loading_is_eager(eager: str, count: int) -> None:
    answer = run("print(len(nodes))", EZAZML_EAGER_BINDINGS=eager)
    assert (answer.stdout, answer.returncode) == (f"{count}\n", 0), answer.stderr


def test_the_process_ends_with_python_however_that_ends() -> None:
    for end in ("pass", "raise SystemExit(3)", "os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"):
        answer = run(f"print(*(node.pid for node in nodes), flush=True)\n{end}")
        (node,) = answer.stdout.split()
        command = f"for i in $(seq 100); do kill -0 {node} 2>/dev/null || exit 0; sleep 0.1; done; exit 1"
        assert subprocess.run(["sh", "-c", command], check=False).returncode == 0, end


def test_ctrl_c_is_for_python_to_handle() -> None:
    answer = run("os.kill(nodes[0].pid, signal.SIGINT)\nprint(tf.Testing.app().node.id == '')")
    assert (answer.stdout, answer.stderr) == ("True\n", "")


@pytest.mark.parametrize("eager", ["0", "1"])
def test_what_javascript_prints_arrives_where_it_belongs(tmp_path: Path, eager: str) -> None:
    prints = tmp_path / "prints.cjs"
    # The kernel reads every message from Python with this function.
    prints.write_text(
        "const fs = require('fs'); const { readSync } = fs; let told = false;\n"
        "fs.readSync = (fd, ...more) => {\n"
        "  if (!told && (fd === 0 || fd === 3)) { told = true; console.log('größe'); console.error('no'); }\n"
        "  return readSync(fd, ...more);\n};\n"
    )
    answer = run("tf.Testing.app()", NODE_OPTIONS=f'--require "{prints}"', EZAZML_EAGER_BINDINGS=eager)
    assert (answer.stdout, answer.stderr, answer.returncode) == ("größe\n", "no\n", 0)


@pytest.mark.parametrize("eager", ["0", "1"])
def test_an_error_of_javascript_is_pythons_error(eager: str) -> None:
    code = (
        "stack = tf.TerraformStack(tf.Testing.app(), 'one')\n"
        "try:\n    tf.TerraformStack(stack.node.scope, 'one')\n"
        "except Exception as error:\n    print(type(error).__name__, 'already a Construct' in str(error))"
    )
    answer = run(code, EZAZML_EAGER_BINDINGS=eager)
    assert (answer.stdout, answer.stderr) == ("RuntimeError True\n", "")


@pytest.mark.parametrize("program", ["console.log('another program')", None])
def test_a_kernel_that_looks_different_starts_as_it_is(tmp_path: Path, program: str | None) -> None:
    for folder in ("bin", "lib"):
        (tmp_path / folder).mkdir()
    entry = tmp_path / "bin" / "jsii-runtime.js"
    entry.write_text("console.log('the entry file')")
    if program is not None:
        (tmp_path / "lib" / "program.js").write_text(program)
    command = ["node", "--require", str(HOOK), str(entry)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "the entry file\n"
