"""Where is the sandbox, and how does a program run inside it? The folder ``.sandbox`` and its variables."""

from __future__ import annotations

import json
import platform
import secrets
import shlex
import shutil
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

from sandbox.identity import SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID, Credentials
from sandbox.services import ServiceRecord, Services
from sandbox.store import Store
from sandbox.terraform_provider.schema.library import provider_version
from sandbox.whole_files import write_whole

PROVIDERS = ("azurerm", "azuread")

#: Nobody listens on port 9 (discard): what goes there ends at once, on this machine.
_NOWHERE = "http://127.0.0.1:9"
_LOOPBACK = "localhost,127.0.0.1,::1"
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
#: Where programs look for the authorities they trust: requests, OpenSSL and Go, curl, Node.js.
_TRUST = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_REMOVED_PREFIXES = ("ARM_", "AZURE_", "AAD_", "ACTIONS_ID_TOKEN_")
_REMOVED = ("TF_PLUGIN_CACHE_DIR", "TF_WORKSPACE", "TF_REATTACH_PROVIDERS", "TF_VAR_tenant_id", "MSI_ENDPOINT")


class SandboxHome:
    """The folder that holds everything of one sandbox."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.store_file = self.root / "store.db"
        self.schema_cache = self.root / "schemas"
        self.logs = self.root / "logs"
        self.states = self.root / "state"
        self.plugins = self.root / "plugins"
        self.terraform_rc = self.root / "terraform.rc"
        self.certificates = self.root / "certificates"
        self.faults_file = self.root / "faults.json"
        self.service_file = self.root / "service.json"
        self._port_file = self.root / "port"
        self._up_marker = self.root / "up"
        self._credentials_file = self.root / "credentials.json"

    @property
    def is_up(self) -> bool:
        """Whether the sandbox may be used."""
        return self._up_marker.is_file()

    @cached_property
    def credentials(self) -> Credentials:
        """The made-up login; made when the sandbox is first brought up."""
        return Credentials(**json.loads(self._credentials_file.read_text(encoding="utf-8")))

    def up(self) -> None:
        """Bring the sandbox up. Safe to repeat; keeps what is there."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for folder in (self.schema_cache, self.logs, self.states, self.plugins):
            folder.mkdir(exist_ok=True)
        if not self._credentials_file.exists():
            self._write_credentials()
        self._install_providers()
        with Store.transaction(self.store_file):
            pass  # creates the store
        self._up_marker.touch()

    def down(self) -> None:
        """Take the sandbox down: its providers refuse to work until it is up again. Keeps what is there."""
        self.services.stop()
        self._up_marker.unlink(missing_ok=True)

    def reset(self) -> None:
        """Empty the sandbox: nothing exists any more, and no environment remembers anything."""
        self.services.stop()
        self.up()
        for folder in ("blobs", "jobs", "mlflow", "deployments", "telemetry"):
            shutil.rmtree(self.root / folder, ignore_errors=True)
        with Store.transaction(self.store_file) as store:
            store.clear()
        for state in self.states.iterdir():
            state.unlink()

    @cached_property
    def services(self) -> Services:
        """The service that answers for Azure's hosts."""
        return Services(self.root)

    def last_port(self) -> int:
        """The port that the service had last, or 0: shells that know it go on working when it gets it again."""
        try:
            return int(self._port_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0

    def remember_port(self, port: int) -> None:
        """Keep the service's port for its next start."""
        self._port_file.write_text(str(port), encoding="utf-8")

    def count_by_type(self) -> dict[str, int]:
        """How many objects of each type exist."""
        counts: dict[str, int] = {}
        with Store.transaction(self.store_file) as store:
            for body in store.find():
                counts[body["type"]] = counts.get(body["type"], 0) + 1
        return dict(sorted(counts.items()))

    def soft_deleted(self) -> list[dict[str, object]]:
        """Soft-deleted objects that still hold their names."""
        with Store.transaction(self.store_file) as store:
            return store.deleted()

    def environ(
        self, environments: Sequence[str], base: Mapping[str, str], *, service: ServiceRecord | None = None
    ) -> dict[str, str]:
        """``base`` turned into the environment of a process that can use the sandbox and cannot reach Azure.

        ``environments`` may be deployed by that process. Every login of the caller is taken out, the network ends on
        this machine, and Terraform finds only the sandbox's providers. With a ``service`` Azure's SDKs work: they
        reach it as their proxy, and trust it.
        """
        kept = {
            name: value
            for name, value in base.items()
            if not name.startswith(_REMOVED_PREFIXES) and name not in _REMOVED
        }
        mirror = str(self.plugins)
        kept |= {
            "EZAZML_TARGET": "sandbox",
            "EZAZML_SANDBOX_HOME": str(self.root),
            "EZAZML_SANDBOX_ENVIRONMENTS": ",".join(environments),
            "TF_CLI_CONFIG_FILE": str(self.terraform_rc),
            "TF_CLI_ARGS_providers_lock": f"-fs-mirror={shlex.quote(mirror)}",
            "TF_DISABLE_PLUGIN_TLS": "1",
            "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1",
            "CHECKPOINT_DISABLE": "1",
            # cdktf's own output: a lock file there has the checksums of the sandbox's providers, not of the real ones.
            "CDKTF_OUTPUT": str(self.root / "cdktf.out"),
            "ARM_TENANT_ID": SANDBOX_TENANT_ID,
            "ARM_SUBSCRIPTION_ID": SANDBOX_SUBSCRIPTION_ID,
            "ARM_CLIENT_ID": self.credentials.client_id,
            "ARM_CLIENT_SECRET": self.credentials.client_secret,
            "AZURE_CONFIG_DIR": str(self.root / "azure-cli"),
            "TF_VAR_user_password": self.credentials.user_password,
        }
        for name in _PROXIES:
            kept[name] = kept[name.lower()] = _NOWHERE
        kept["NO_PROXY"] = kept["no_proxy"] = _LOOPBACK
        return {**kept, **self.program_environ(service)} if service else kept

    def program_environ(self, service: ServiceRecord) -> dict[str, str]:
        """What a program needs for Azure's SDKs to work: the service as its proxy, its authority, a login."""
        found = {"NO_PROXY": _LOOPBACK, "no_proxy": _LOOPBACK}
        for name in _PROXIES:
            found[name] = found[name.lower()] = service.proxy
        found |= {name: str(self.certificates / "bundle.pem") for name in _TRUST}
        # DefaultAzureCredential and their like look here.
        return found | {
            "AZURE_TENANT_ID": SANDBOX_TENANT_ID,
            "AZURE_SUBSCRIPTION_ID": SANDBOX_SUBSCRIPTION_ID,
            "AZURE_CLIENT_ID": self.credentials.client_id,
            "AZURE_CLIENT_SECRET": self.credentials.client_secret,
        }

    def changes(
        self, environments: Sequence[str], base: Mapping[str, str], *, service: ServiceRecord | None = None
    ) -> dict[str, str | None]:
        """What :meth:`environ` changes in ``base``: new values, and ``None`` for what to unset."""
        wanted = self.environ(environments, base, service=service)
        changed: dict[str, str | None] = {name: None for name in base if name not in wanted}
        changed |= {name: value for name, value in wanted.items() if base.get(name) != value}
        return dict(sorted(changed.items()))

    def _write_credentials(self) -> None:
        login = Credentials(
            client_id=str(uuid.uuid4()),
            client_secret=secrets.token_urlsafe(24),
            object_id=str(uuid.uuid4()),
            user_password=f"Sandbox-{secrets.token_urlsafe(12)}1!",
        )
        write_whole(self._credentials_file, json.dumps(asdict(login), indent=2), mode=0o600, replace=False)

    def _install_providers(self) -> None:
        """One small executable per provider, where Terraform and OpenTofu look for it."""
        for provider in PROVIDERS:
            version = provider_version(provider)
            for registry in ("registry.terraform.io", "registry.opentofu.org"):
                folder = self.plugins / registry / "hashicorp" / provider / version / _terraform_platform()
                folder.mkdir(parents=True, exist_ok=True)
                program = folder / f"terraform-provider-{provider}_v{version}"
                start = f"exec {shlex.quote(sys.executable)} -m sandbox.terraform_provider {provider}"
                write_whole(program, f"#!/bin/sh\n{start}\n", mode=0o755)
        mirror = json.dumps(str(self.plugins))
        write_whole(
            self.terraform_rc,
            "# Terraform finds only the sandbox's providers here, and asks no registry.\n"
            "disable_checkpoint = true\n"
            f"provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n",
            mode=0o644,
        )


def _terraform_platform() -> str:
    """This machine as Terraform names it, such as ``linux_amd64``."""
    machine = platform.machine().lower()
    architecture = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}_{architecture}"
