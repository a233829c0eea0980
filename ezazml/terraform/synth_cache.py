"""Is what was synthesised last time still right? A fingerprint of everything that a synthesis depends on."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from ezazml.config.environment import Environment
from ezazml.terraform.synth_inputs import installed_packages, named_variables, source_files

_STAMP = "synth.sha256"
#: Bytes. Of larger files, which are data, size and time of change count, not every byte.
_LARGE = 2**20


def is_current(stack: Path, fingerprint: str | None) -> bool:
    """Whether ``stack`` (a ``cdk.tf.json``) was synthesised with this fingerprint and is as it was written."""
    try:
        return fingerprint is not None and _stamp_of(stack).read_bytes() == _stamp(fingerprint, stack).encode()
    except FileNotFoundError:
        return False


def remember(stack: Path, fingerprint: str | None, *, made: Path) -> None:
    """Note that ``stack`` was synthesised with this fingerprint, as the file ``made``.

    What lies at ``stack`` by now may come from another process with other settings: then it is not current for them.
    A stack with assets is not remembered, as the files that they are copies of may be anywhere.
    """
    if fingerprint is not None and not (made.parent / "assets").exists():
        _stamp_of(stack).write_text(_stamp(fingerprint, made), encoding="utf-8")


def forget(stack: Path) -> None:
    """Synthesise anew next time, whatever happens until then."""
    _stamp_of(stack).unlink(missing_ok=True)


def fingerprint_of(environment: Environment, environ: Mapping[str, str]) -> str | None:
    """The settings, the project's code and the packages' versions as one hash; secrets only as set or not.

    ``None`` when ``EZAZML_SYNTH_CACHE=0`` asks for a synthesis every time.
    """
    if environ.get("EZAZML_SYNTH_CACHE", "") == "0":
        return None
    files = source_files(environment.root, environ)
    settings = {
        "root": str(environment.root),
        "name": environment.name,
        "names": str(environment.names),
        "commit": environment.git_commit,
        "python": sys.version,
        "packages": installed_packages(sys.path),
        "variables": named_variables(files, environ),
        "context": environ.get("CDKTF_CONTEXT_JSON"),
    }
    digest = hashlib.sha256()
    digest.update(json.dumps(settings).encode())
    digest.update(environment.settings.model_dump_json().encode())
    for path in files:
        content = _content(path)
        digest.update(f"\n{path} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        if status.st_size > _LARGE:
            return f"{status.st_size} {status.st_mtime_ns}".encode()
        return path.read_bytes()
    except OSError as error:  # it went away meanwhile, or nobody may read it
        return str(error.strerror).encode()


def _stamp_of(stack: Path) -> Path:
    return stack.with_name(_STAMP)


def _stamp(fingerprint: str, stack: Path) -> str:
    return f"{fingerprint} {hashlib.sha256(stack.read_bytes()).hexdigest()}"
