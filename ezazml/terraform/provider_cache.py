"""How are Terraform's providers downloaded once, not once for each environment? A cache that the environments share."""

from __future__ import annotations

import fcntl
import hashlib
import json
import platform
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
    def for_init(
        self, stack: Path, environ: Mapping[str, str], *, engine: str = "Terraform"
    ) -> Iterator[dict[str, str]]:
        """``environ`` for ``terraform init`` in the folder ``stack``, alone in the cache for so long.

        The caller's ``TF_PLUGIN_CACHE_DIR`` wins. ``CDKTF_DISABLE_PLUGIN_CACHE_ENV`` turns the cache off, as it does
        for cdktf. The lock file that is there at the end is kept for other stacks, unless an exception ends it.
        """
        lock_file = stack / _LOCK_FILE
        if environ.get("CDKTF_DISABLE_PLUGIN_CACHE_ENV"):
            lock_file.unlink(missing_ok=True)
            yield dict(environ)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with alone(self._folder / "lock"):  # Terraform's plugin cache is not made for several inits at once
            # A lock file of other providers would stop init; the versions are pinned in the stack.
            lock_file.unlink(missing_ok=True)
            shared = self._folder / f"{_providers_of(stack, engine)}.lock.hcl"
            if shared.is_file():
                shutil.copy(shared, lock_file)
            yield {"TF_PLUGIN_CACHE_DIR": str(self._folder), **environ}
            if lock_file.is_file():
                # Whole or not at all: half a lock file would stop every init from now on.
                new = shared.with_suffix(".new")
                shutil.copy(lock_file, new)
                new.replace(shared)


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Wait until no other process is inside for the same ``file``. A process that is killed leaves."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _providers_of(stack: Path, engine: str) -> str:
    """A short name for the providers and versions that a stack requires. Their registry depends on the engine, what is
    in a lock file also on the machine, which containers share this folder with."""
    terraform = json.loads((stack / "cdk.tf.json").read_text(encoding="utf-8"))["terraform"]
    wanted = [terraform.get("required_providers", {}), engine, platform.system(), platform.machine()]
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]
