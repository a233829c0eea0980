"""What must be installed for an environment? The packages of its conda file, less those that the runtime has."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sandbox.compute.conda import CondaFile, read_conda
from sandbox.compute.runtime import python_of
from sandbox.store import ArmObject

#: What the runtime has under another name, or has an own answer for.
_STAND_INS = {"mlflow": "mlflow-skinny", "azureml-defaults": "azureml-inference-server-http"}
_NEEDLESS = {
    "azureml-mlflow": "the sandbox tracks with MLflow's own files",
    "azureml-core": "jobs of the sandbox use azure-ai-ml",
    "pip": "",
    "setuptools": "",
    "wheel": "",
}
_LIST = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"


@dataclass(frozen=True)
class Wanted:
    """Packages to install, what the sandbox leaves out or does otherwise, and a reason why it may not work."""

    packages: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    caution: str = ""


def of_environment(body: ArmObject, runtime: Path) -> Wanted:
    """What an environment asset needs beyond the runtime. Raises :class:`ComputeError`."""
    version = ":".join(str(body["id"]).rsplit("/", 3)[-3::2])
    image = body["properties"].get("image") or "none"
    about = f"Environment {version}: the image ({image}) is not run; its packages run on this machine's Python."
    return of_conda(body["properties"].get("condaFile"), f"the environment {version}", runtime, (about,))


def of_conda(text: str | None, title: str, runtime: Path, remarks: tuple[str, ...] = ()) -> Wanted:
    """What a conda file asks for beyond the runtime. Raises :class:`ComputeError`."""
    if not text:
        return Wanted((), remarks)
    conda = read_conda(text, title)
    packages, left_out = _missing(conda, _installed(runtime))
    why = "packages come from where this machine's pip looks"
    said = [*remarks, *left_out, *(f"The conda file's {option} is left out: {why}." for option in conda.options)]
    caution = ""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if conda.python is not None and not conda.python.contains(f"{here}.{sys.version_info[2]}"):
        caution = f"It asks for Python {conda.python}; the sandbox has {here}."
        said.append(f"{title[:1].upper()}{title[1:]} asks for Python {conda.python}; the sandbox runs it with {here}.")
    return Wanted(tuple(packages), tuple(said), caution)


def _missing(conda: CondaFile, installed: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Packages to install, and remarks about those that are not."""
    packages: list[str] = []
    remarks: list[str] = []
    for requirement in conda.requirements:
        name = canonicalize_name(requirement.name)
        if name in _NEEDLESS:
            if _NEEDLESS[name]:
                remarks.append(f"{requirement.name} is left out: {_NEEDLESS[name]}.")
        elif not _is_there(requirement, name, installed):
            packages.append(str(requirement))
    return packages, remarks


def _is_there(requirement: Requirement, name: str, installed: Mapping[str, str]) -> bool:
    have = installed.get(canonicalize_name(_STAND_INS.get(name, name)))
    if have is None or requirement.url:
        return False
    if name == "azureml-defaults":
        return True
    # What an extra adds is not known here; pip knows.
    return requirement.specifier.contains(have, prereleases=True) and not requirement.extras


def _installed(runtime: Path) -> dict[str, str]:
    answer = subprocess.run([str(python_of(runtime)), "-c", _LIST], capture_output=True, text=True, check=True)
    return {canonicalize_name(name): version for name, version in json.loads(answer.stdout).items()}
