"""How does configuration become Terraform JSON? Runs ``main.py`` for the environments that changed."""

from __future__ import annotations

import json
import logging
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

_LOG = logging.getLogger(__name__)
#: Variables with which cdktf writes HCL, goes on after errors, or makes one stack of several.
_OTHER_OUTPUT = frozenset({"SYNTH_HCL_OUTPUT", "CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS", "CDKTF_TARGET_STACK_ID"})


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
        _synthesise(changed, stacks, fingerprints, environ)
    return [stack.parent for stack in stacks.values()]


def _stack_of(environment: Environment) -> Path:
    folder = output_folder(environment.name, target=environment.settings.target, root=environment.root)
    return folder / "stacks" / environment.name / "cdk.tf.json"


def _synthesise(
    environments: Sequence[Environment],
    stacks: Mapping[str, Path],
    fingerprints: Mapping[str, str | None],
    environ: Mapping[str, str],
) -> None:
    """Run ``main.py`` once, in a folder of its own, and put each stack where it belongs when all went well."""
    root = environments[0].root
    names = ",".join(environment.name for environment in environments)
    (root / ".ezazml").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root / ".ezazml", prefix="synth-") as output:
        answer = subprocess.run(
            [sys.executable, str(root / "main.py")],
            cwd=root,
            env={**_as_cdktf_does(environ, root), "EZAZML_ENVIRONMENTS": names, "CDKTF_OUTDIR": output},
            capture_output=True,
            text=True,
            check=False,
        )
        for line in answer.stderr.splitlines():
            _LOG.debug("%s", line)
        made = {name: Path(output) / "stacks" / name / "cdk.tf.json" for name in names.split(",")}
        missing = [name for name, stack in made.items() if not stack.is_file()]
        if answer.returncode != 0 or missing:
            text = answer.stderr.strip().removeprefix("Error: ")
            if answer.returncode == InputError.exit_code:
                raise InputError(text)
            text = text or f"main.py ended with exit code {answer.returncode} and made no stack {', '.join(missing)}."
            raise EzazmlError(f"Synthesising {names} failed:\n{text}", hint="Run it alone: python main.py")
        for name, stack in made.items():
            _put(stack.parent, stacks[name].parent)
            synth_cache.remember(stacks[name], fingerprints[name], made=stack)


def _as_cdktf_does(environ: Mapping[str, str], root: Path) -> dict[str, str]:
    """``environ`` with the context of ``cdktf.json``, and without what would make something else of the stacks."""
    kept = {name: value for name, value in environ.items() if name not in _OTHER_OUTPUT}
    try:
        context = json.loads((root / "cdktf.json").read_text(encoding="utf-8")).get("context")
    except FileNotFoundError:
        return kept
    except ValueError as error:
        raise InputError(f"cdktf.json: is no JSON: {error}.") from error
    return {**kept, "CDKTF_CONTEXT_JSON": json.dumps(context)} if context else kept


def _put(made: Path, folder: Path) -> None:
    """Copy what was made into ``folder``, each file whole or not at all: other processes may be reading it."""
    synth_cache.forget(folder / "cdk.tf.json")
    shutil.rmtree(folder / "assets", ignore_errors=True)
    shutil.copytree(made, folder, dirs_exist_ok=True, copy_function=_replace)


def _replace(source: str, target: str) -> None:
    with tempfile.NamedTemporaryFile(dir=Path(target).parent, prefix=".new-", delete=False) as file:
        file.write(Path(source).read_bytes())
    shutil.copymode(source, file.name)
    Path(file.name).replace(target)
