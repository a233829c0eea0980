"""How is the cdktf command line run? For the demonstration, with its output condensed to progress."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ezazml.errors import EzazmlError
from ezazml.terraform.engine import require_cdktf, require_node, with_engine_named, without_overrides
from ezazml.terraform.runner import Progress

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TELLING = re.compile(
    r"(Creation complete|Modifications complete|Destruction complete|Apply complete|No changes|Creating)"
)


def cdktf_deploy(name: str, *, root: Path, environ: Mapping[str, str], log: Path, show: Progress) -> str:
    """Run ``cdktf deploy NAME --auto-approve``; returns its closing line.

    The full output goes to ``log``. Raises :class:`EzazmlError` with the end of it when the deployment fails.
    """
    require_node(environ)
    # cdktf.json says `python main.py`: it must be this Python, also where its environment is not activated.
    path = f"{Path(sys.executable).parent}{os.pathsep}{environ.get('PATH', '')}"
    variables = {
        **with_engine_named(without_overrides(environ)),
        "PATH": path,
        "CI": "1",
        "FORCE_COLOR": "0",
    }
    command = [require_cdktf(root, environ), "deploy", name, "--auto-approve"]
    process = subprocess.Popen(
        command, cwd=root, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    closing = ""
    for raw in process.stdout:
        line = _ANSI.sub("", raw).strip()
        lines.append(line)
        if _TELLING.search(line):
            text = line.removeprefix(name).strip()
            if text.startswith(("Apply complete", "No changes")):
                closing = closing or text  # after "No changes", cdktf applies nothing and says so
            else:
                show(text.split(" [id=")[0])
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if process.wait() != 0:
        end = "\n".join(line for line in lines[-40:] if line)
        raise EzazmlError(f"cdktf deploy {name} failed:\n{end}", hint=f"The whole output is in {log}.")
    return closing
