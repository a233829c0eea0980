"""How does configuration become Terraform JSON? Runs ``main.py`` for one environment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ezazml.errors import EzazmlError, InputError
from ezazml.terraform.engine import require_node


def stack_folder(name: str, root: Path) -> Path:
    """Where an environment's synthesised stack is, and where Terraform runs on it.

    Each environment has its own output folder, so that two can be synthesised and deployed at the same time.
    """
    return root / ".ezazml" / "out" / name / "stacks" / name


def synthesise(name: str, *, root: Path, environ: Mapping[str, str]) -> Path:
    """Synthesise one environment and return its stack's folder, which holds ``cdk.tf.json``.

    Raises :class:`InputError` for mistakes in the configuration, :class:`EzazmlError` when synthesis itself fails.
    """
    require_node(environ)
    output = root / ".ezazml" / "out" / name
    output.mkdir(parents=True, exist_ok=True)
    variables = {**environ, "EZAZML_ENVIRONMENTS": name, "CDKTF_OUTDIR": str(output)}
    answer = subprocess.run(
        [sys.executable, str(root / "main.py")],
        cwd=root,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    folder = stack_folder(name, root)
    if answer.returncode == 0 and (folder / "cdk.tf.json").is_file():
        return folder
    text = answer.stderr.strip().removeprefix("Error: ")
    if answer.returncode == InputError.exit_code:
        raise InputError(text)
    raise EzazmlError(f"Synthesising {name!r} failed:\n{text}", hint="Run it alone: python main.py")
