"""How does configuration become Terraform JSON? Runs ``main.py`` for the environments that changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ezazml.config.environment import Environment
from ezazml.config.targets import Target
from ezazml.errors import EzazmlError, InputError
from ezazml.terraform import synth_cache
from ezazml.terraform.engine import require_node


def output_folder(name: str, *, target: Target, root: Path) -> Path:
    """Where an environment is synthesised to, and where Terraform runs on it.

    Each environment has a folder of its own, so that two can be deployed at the same time; and one for each target,
    since Terraform's lock file there holds the checksums of that target's providers.
    """
    return root / ".ezazml" / target.value / name


def synthesise(environment: Environment, environ: Mapping[str, str]) -> Path:
    """Synthesise one environment and return its stack's folder; see :func:`synthesise_all`."""
    return synthesise_all([environment], environ)[0]


def synthesise_all(environments: Sequence[Environment], environ: Mapping[str, str]) -> list[Path]:
    """Synthesise environments of one project and return their stacks' folders, which hold ``cdk.tf.json``.

    What is there is kept while neither a setting, nor the project's code, nor a package changed
    (``EZAZML_SYNTH_CACHE=0`` turns that off); the others share one process. Raises :class:`InputError` for mistakes
    in the configuration, :class:`EzazmlError` when synthesis itself fails.
    """
    stacks = {environment.name: _stack_of(environment) for environment in environments}
    fingerprints = {environment.name: synth_cache.fingerprint_of(environment, environ) for environment in environments}
    changed = [
        environment
        for environment in environments
        if not synth_cache.is_current(stacks[environment.name], fingerprints[environment.name])
    ]
    if changed:
        require_node(environ)
        _synthesise(changed, stacks, environ)
        for environment in changed:
            synth_cache.remember(stacks[environment.name], fingerprints[environment.name])
    return [stack.parent for stack in stacks.values()]


def _stack_of(environment: Environment) -> Path:
    folder = output_folder(environment.name, target=environment.settings.target, root=environment.root)
    return folder / "stacks" / environment.name / "cdk.tf.json"


def _synthesise(environments: Sequence[Environment], stacks: Mapping[str, Path], environ: Mapping[str, str]) -> None:
    """Run ``main.py`` once, in a folder of its own, and put each stack where it belongs when all went well."""
    root = environments[0].root
    names = ",".join(environment.name for environment in environments)
    (root / ".ezazml").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root / ".ezazml", prefix="synth-") as output:
        answer = subprocess.run(
            [sys.executable, str(root / "main.py")],
            cwd=root,
            env={**environ, "EZAZML_ENVIRONMENTS": names, "CDKTF_OUTDIR": output},
            capture_output=True,
            text=True,
            check=False,
        )
        made = Path(output) / "stacks"
        if answer.returncode != 0 or not all((made / name / "cdk.tf.json").is_file() for name in names.split(",")):
            text = answer.stderr.strip().removeprefix("Error: ")
            if answer.returncode == InputError.exit_code:
                raise InputError(text)
            raise EzazmlError(f"Synthesising {names} failed:\n{text}", hint="Run it alone: python main.py")
        for environment in environments:
            stack = stacks[environment.name]
            synth_cache.forget(stack)
            shutil.copytree(made / environment.name, stack.parent, dirs_exist_ok=True)
