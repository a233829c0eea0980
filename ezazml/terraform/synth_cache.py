"""Is what was synthesised last time still right? A fingerprint of everything that a synthesis depends on."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from ezazml.config.environment import Environment

#: Packages that make the output.
_PACKAGES = ("cdktf", "cdktf-cdktf-provider-azurerm", "cdktf-cdktf-provider-azuread", "constructs", "jsii")
#: Folders of the project whose code no stack uses, or that are not the project's own.
_NOT_PART_OF_A_STACK = frozenset({"tests", "benchmarks", "sandbox", "jobs", "node_modules", "docs", "examples"})
#: The packages behind ``main.py``, wherever they are installed.
_OWN_PACKAGES = ("constructs_lib", "stacks", "ezazml")
_STAMP = "synth.sha256"


def is_current(stack: Path, fingerprint: str | None) -> bool:
    """Whether ``stack`` (a ``cdk.tf.json``) was synthesised with this fingerprint and is as it was written."""
    stamp = _stamp_of(stack)
    if fingerprint is None:
        return False
    return stack.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == _stamp(stack, fingerprint)


def remember(stack: Path, fingerprint: str | None) -> None:
    """Note that ``stack`` was synthesised with this fingerprint."""
    if fingerprint is not None:
        _stamp_of(stack).write_text(_stamp(stack, fingerprint), encoding="utf-8")


def forget(stack: Path) -> None:
    """Synthesise anew next time, whatever happens until then."""
    _stamp_of(stack).unlink(missing_ok=True)


def fingerprint_of(environment: Environment, environ: Mapping[str, str]) -> str | None:
    """The settings, the project's code and the packages' versions as one hash; secrets only as set or not.

    ``None`` when ``EZAZML_SYNTH_CACHE=0`` asks for a synthesis every time.
    """
    if environ.get("EZAZML_SYNTH_CACHE", "") == "0":
        return None
    digest = hashlib.sha256()
    settings = {
        "name": environment.name,
        "names": str(environment.names),
        "commit": environment.git_commit,
        "python": sys.version,
    }
    digest.update(json.dumps(settings).encode())
    digest.update(environment.settings.model_dump_json().encode())
    for package in _PACKAGES:
        digest.update(f"{package} {metadata.version(package)}\n".encode())
    for path in sorted(set(_sources(environment.root))):
        digest.update(f"\n{path}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(root: Path) -> Iterator[Path]:
    """Files of the project that a stack may import, this product's own packages, and cdktf's configuration."""
    yield from root.glob("*.py")
    yield from root.glob("cdktf.json")
    yield from _code_below(root)
    for package in _OWN_PACKAGES:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations if spec else None) or ():
            if not Path(folder).is_relative_to(root):
                yield from _code_below(Path(folder))


def _code_below(folder: Path) -> Iterator[Path]:
    for inside, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NOT_PART_OF_A_STACK and name[0] not in "._"]
        yield from (Path(inside, name) for name in files if name.endswith((".py", ".cjs")))


def _stamp_of(stack: Path) -> Path:
    return stack.with_name(_STAMP)


def _stamp(stack: Path, fingerprint: str) -> str:
    return f"{fingerprint} {hashlib.sha256(stack.read_bytes()).hexdigest()}"
