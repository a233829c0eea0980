"""Where do schemas come from, and how are they quick to get? The installed bindings, through a cache file."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.terraform_provider.schema.derive import derive_schema
from sandbox.terraform_provider.schema.model import Schema, from_json, to_json

#: Raised when the derivation changes, so that older caches are not used.
_CACHE_FORMAT = 1
PROVIDER = "provider"
_VERSION = re.compile(r"registry\.terraform\.io/providers/hashicorp/\w+/(\d+\.\d+\.\d+)/")


@dataclass(frozen=True)
class Bindings:
    """The installed bindings of one provider."""

    provider: str

    @property
    def distribution(self) -> str:
        """Name of the Python distribution."""
        return f"cdktf-cdktf-provider-{self.provider}"

    @property
    def version(self) -> str:
        """Version of the bindings (not of the provider)."""
        return importlib.metadata.version(self.distribution)

    @property
    def package(self) -> Path:
        """Folder of the Python package, found without importing it."""
        spec = importlib.util.find_spec(f"cdktf_cdktf_provider_{self.provider}")
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"{self.distribution} is not installed")
        return Path(spec.origin).parent

    def provider_version(self) -> str:
        """Version of the Terraform provider that the bindings were made from."""
        match = _VERSION.search((self.package / "provider" / "__init__.py").read_text(encoding="utf-8")[:4000])
        if match is None:
            raise LookupError(f"{self.distribution} does not say which provider version it was made from")
        return match.group(1)

    def javascript(self, modules: set[str]) -> dict[str, str]:
        """JavaScript of the modules named that exist (``storage-account``, ``data-azurerm-client-config``)."""
        archive = next((self.package / "_jsii").glob("*.jsii.tgz"))
        found: dict[str, str] = {}
        with tarfile.open(archive) as tar:
            for member in tar:
                parts = member.name.split("/")
                if len(parts) == 4 and parts[1] == "lib" and parts[3] == "index.js" and parts[2] in modules:
                    content = tar.extractfile(member)
                    assert content is not None
                    found[parts[2]] = content.read().decode()
                    if len(found) == len(modules):
                        break
        return found


class SchemaLibrary:
    """Schemas of one provider, derived once and then read from ``cache_folder``."""

    def __init__(self, provider: str, cache_folder: Path) -> None:
        self._bindings = Bindings(provider)
        self._provider = provider
        self._file = cache_folder / f"{provider}-{self._bindings.version}-v{_CACHE_FORMAT}.json"

    def schemas(self, keys: Iterable[str]) -> dict[str, Schema]:
        """Schemas by key: ``azurerm_storage_account``, ``data.azurerm_client_config`` or ``provider``.

        Keys that the bindings do not have are left out.
        """
        wanted = set(keys)
        cached = self._load()
        missing = wanted - cached.keys()
        if missing:
            cached |= self._derive(missing)
            self._save(cached)
        found = {key: cached[key] for key in sorted(wanted)}
        return {key: from_json(data) for key, data in found.items() if data is not None}

    def _derive(self, keys: set[str]) -> dict[str, dict[str, Any] | None]:
        modules = {self._module(key): key for key in keys}
        texts = self._bindings.javascript(set(modules))
        return {
            key: to_json(derive_schema(texts[module])) if module in texts else None for module, key in modules.items()
        }

    def _module(self, key: str) -> str:
        if key == PROVIDER:
            return PROVIDER
        if key.startswith("data."):
            return f"data-{key.removeprefix('data.')}".replace("_", "-")
        return key.removeprefix(f"{self._provider}_").replace("_", "-")

    def _load(self) -> dict[str, dict[str, Any] | None]:
        try:
            data: dict[str, dict[str, Any] | None] = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # no cache yet, or a broken one: it is made anew
        return data

    def _save(self, schemas: dict[str, dict[str, Any] | None]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and renamed: another process may read or write the cache at the same time.
        descriptor, name = tempfile.mkstemp(dir=self._file.parent, prefix=self._file.name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(schemas, file, separators=(",", ":"))
        Path(name).replace(self._file)


@cache
def provider_version(provider: str) -> str:
    """Version of the real provider that the stand-in takes the place of."""
    return Bindings(provider).provider_version()
