"""Where does an environment go: to Azure, or to the sandbox on this machine?

The product treats both alike. The target only fixes four settings, so that the two can never be mixed up:
for the sandbox the subscription and the tenant are ids that Azure never issues (Azure's are random version 4
UUIDs; these have version 0), the state is kept on this machine, and the deployer is the sandbox's login, as its
directory has none of the tenant's groups and principals.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ezazml.errors import ConfigurationError, InputError, Problem

if TYPE_CHECKING:
    from ezazml.config.yaml_file import YamlFile


class Target(StrEnum):
    """Where an environment is deployed."""

    AZURE = "azure"
    SANDBOX = "sandbox"


SANDBOX_SUBSCRIPTION_ID = "00000000-0000-0000-0000-5a4db0c50001"
SANDBOX_TENANT_ID = "00000000-0000-0000-0000-5a4db0c5aaad"

_FORMS = " or ".join(target.value for target in Target)


def in_sandbox_shell(environ: Mapping[str, str]) -> bool:
    """Whether these variables are set for the sandbox, as ``ezazml sandbox env`` does it."""
    return environ.get("EZAZML_TARGET") == Target.SANDBOX


def choose_target(name: str, file: YamlFile, environ: Mapping[str, str]) -> Target:
    """The target that the file and the variables agree on.

    Raises :class:`InputError` when a shell that is set for the sandbox meets an environment of Azure that it was
    not opened for, and the other way round: neither happens by accident.
    """
    declared = _declared(file)
    wanted = environ.get("EZAZML_TARGET", "")
    if not wanted:
        return declared
    if wanted not in set(Target):
        raise InputError(f"Variable EZAZML_TARGET: {wanted!r} is not {_FORMS}.", hint="Unset it.")
    if wanted == Target.AZURE and declared is Target.SANDBOX:
        raise InputError(
            f"Environment {name!r} belongs to the sandbox ({file.label}: target: sandbox), but EZAZML_TARGET is azure.",
            hint="Unset EZAZML_TARGET, or use an environment of Azure.",
        )
    allowed = environ.get("EZAZML_SANDBOX_ENVIRONMENTS", "").split(",")
    if wanted == Target.SANDBOX and declared is Target.AZURE and name not in allowed:
        raise InputError(
            f"Environment {name!r} is one of Azure, but this shell is set for the sandbox (EZAZML_TARGET).",
            hint=f'Open a new shell to work on Azure, or run `eval "$(ezazml sandbox env {name})"` to rehearse '
            f"{name!r} in the sandbox.",
        )
    return Target(wanted)


def fixed_settings(name: str, root: Path, environ: Mapping[str, str]) -> dict[tuple[str | int, ...], Any]:
    """What the sandbox fixes, whatever files and variables say."""
    home = Path(environ.get("EZAZML_SANDBOX_HOME") or root / ".sandbox")
    return {
        ("target",): Target.SANDBOX.value,
        ("subscription_id",): SANDBOX_SUBSCRIPTION_ID,
        ("tenant_id",): SANDBOX_TENANT_ID,
        ("identities", "deployer"): {},
        ("backend",): {"type": "local", "path": str(home / "state" / f"{name}.tfstate")},
    }


def _declared(file: YamlFile) -> Target:
    value = file.data.get("target", Target.AZURE.value)
    if not isinstance(value, str) or value not in set(Target):
        where = f"{file.label}:{file.lines.get(('target',), 1)}"
        raise ConfigurationError([Problem(where, "target", f"{value!r} is not {_FORMS}.", "Choose one.")])
    return Target(value)
