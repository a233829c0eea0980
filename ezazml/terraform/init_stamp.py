"""Is what ``terraform init`` made last time still right? A stamp beside it, of what was wanted and what was made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_MADE = (".terraform.lock.hcl", ".terraform/terraform.tfstate", ".terraform/modules/modules.json")


class InitStamp:
    """The stamp in the folder of a stack. What it says holds while backend, providers and modules that init put there
    are as it left them: a cache of providers that was emptied, or a project that moved, needs another init."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / ".terraform" / "ezazml-init"

    def is_current(self, wanted: str) -> bool:
        """Whether init ran for ``wanted`` and everything that it made is still there."""
        try:
            return self._file.read_bytes() == self._text(wanted).encode()
        except FileNotFoundError:
            return False

    def remember(self, wanted: str) -> None:
        """Note that init succeeded for ``wanted``."""
        self._file.write_text(self._text(wanted), encoding="utf-8")

    def forget(self) -> None:
        """Run init next time, whatever happens until then."""
        self._file.unlink(missing_ok=True)

    def _text(self, wanted: str) -> str:
        made = {name: _hash_of(self._folder / name) for name in _MADE}
        return json.dumps({"wanted": wanted, "made": made, "providers": list(self._providers())}, sort_keys=True)

    def _providers(self) -> Iterator[tuple[str, int, int]]:
        """Programs of the providers, with size and time of change. Behind a link that leads nowhere there are none."""
        packages = self._folder / ".terraform" / "providers"
        # host/namespace/type/version/platform, the last one mostly a link into a cache
        for package in sorted(packages.glob("*/*/*/*/*")):
            programs = sorted(package.iterdir()) if package.is_dir() else [package]
            for program in programs:
                status = program.stat() if program.exists() else None
                yield (str(program), status.st_size, status.st_mtime_ns) if status else (str(program), 0, 0)


def wanted_by(stack: Mapping[str, Any], *context: object) -> str:
    """What a stack (``cdk.tf.json``) needs of init: backend, providers, sources of its modules; and ``context``."""
    modules = {
        name: {key: module.get(key) for key in ("source", "version")}
        for name, module in (stack.get("module") or {}).items()
    }
    return json.dumps([stack["terraform"], modules, *context], sort_keys=True)


def _hash_of(file: Path) -> str | None:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None
