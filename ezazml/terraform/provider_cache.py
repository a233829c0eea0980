"""How are Terraform's providers downloaded once, not once for each environment? A cache that the environments share."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_LOCK_FILE = ".terraform.lock.hcl"


class ProviderCache:
    """A folder with downloaded providers, and with the lock file for each set of them.

    Terraform takes a provider from its plugin cache only where a lock file names its checksum ("Provider Plugin
    Cache"); a new environment therefore gets the lock file that another one made for the same providers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def for_init(self, stack: Path, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """``environ`` for ``terraform init`` in the folder ``stack``, alone in the cache for so long.

        The caller's ``TF_PLUGIN_CACHE_DIR`` wins. ``CDKTF_DISABLE_PLUGIN_CACHE_ENV`` turns the cache off, as it does
        for cdktf.
        """
        # A lock file of other providers would stop init; the versions are pinned in the stack.
        (stack / _LOCK_FILE).unlink(missing_ok=True)
        if environ.get("CDKTF_DISABLE_PLUGIN_CACHE_ENV"):
            yield dict(environ)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # Terraform's plugin cache is not made for several inits at once
            shared = self._folder / f"{_providers_of(stack)}.lock.hcl"
            if shared.is_file():
                shutil.copy(shared, stack / _LOCK_FILE)
            yield {"TF_PLUGIN_CACHE_DIR": str(self._folder), **environ}
            if (stack / _LOCK_FILE).is_file():
                shutil.copy(stack / _LOCK_FILE, shared)


def _providers_of(stack: Path) -> str:
    """A short name for the providers and versions that a stack requires."""
    terraform = json.loads((stack / "cdk.tf.json").read_text(encoding="utf-8"))["terraform"]
    required = json.dumps(terraform.get("required_providers", {}), sort_keys=True)
    return hashlib.sha256(required.encode()).hexdigest()[:16]
