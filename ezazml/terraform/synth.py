"""How does configuration become Terraform JSON? Runs ``main.py`` for one environment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ezazml.config.targets import Target
from ezazml.errors import EzazmlError, InputError
from ezazml.terraform.engine import require_node


def output_folder(name: str, *, target: Target, root: Path) -> Path:
    """Where an environment is synthesised to, and where Terraform runs on it.

    Each environment has a folder of its own, so that two can be deployed at the same time; and one for each target,
    since Terraform's lock file there holds the checksums of that target's providers.
    """
    return root / ".ezazml" / target.value / name


def synthesise(name: str, *, target: Target, root: Path, environ: Mapping[str, str]) -> Path:
    """Synthesise one environment and return its stack's folder, which holds ``cdk.tf.json``.

    Raises :class:`InputError` for mistakes in the configuration, :class:`EzazmlError` when synthesis itself fails.
    """
    require_node(environ)
    output = output_folder(name, target=target, root=root)
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
    folder = output / "stacks" / name
    if answer.returncode == 0 and (folder / "cdk.tf.json").is_file():
        return folder
    text = answer.stderr.strip().removeprefix("Error: ")
    if answer.returncode == InputError.exit_code:
        raise InputError(text)
    raise EzazmlError(f"Synthesising {name!r} failed:\n{text}", hint="Run it alone: python main.py")
