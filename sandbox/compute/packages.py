"""What must be installed for an environment asset? Its packages, less those that the runtime has already."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from sandbox.compute.errors import ComputeError
from sandbox.compute.runtime import python_of
from sandbox.store import ArmObject, Store

#: What the runtime has under another name, or has an own answer for.
_STAND_INS = {"mlflow": "mlflow-skinny", "azureml-defaults": "azureml-inference-server-http"}
_NEEDLESS = {
    "azureml-mlflow": "the sandbox tracks with MLflow's own files",
    "azureml-core": "jobs of the sandbox use azure-ai-ml",
    "python": "",
    "pip": "",
    "setuptools": "",
    "wheel": "",
}
#: Packages of conda whose names on PyPI are others.
_CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib", "py-xgboost": "xgboost", "pytables": "tables"}
_LIST = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"


@dataclass(frozen=True)
class Wanted:
    """Packages to install, and what the sandbox leaves out or does otherwise."""

    packages: tuple[str, ...]
    remarks: tuple[str, ...]


def wanted(store: Store, identifier: str | None, runtime: Path) -> Wanted:
    """What the environment asset with that id needs beyond the runtime. Raises :class:`ComputeError`."""
    body = store.get(identifier) if identifier else None
    if body is None:
        which = f"the environment {identifier}" if identifier else "no environment"
        return Wanted((), (f"The job has {which}: it runs in the sandbox's runtime.",) if identifier else ())
    remarks = [_about_image(body)]
    installed = _installed(runtime)
    packages: list[str] = []
    for requirement in _requirements(body):
        name = canonicalize_name(requirement.name)
        if name in _NEEDLESS:
            if _NEEDLESS[name]:
                remarks.append(f"{requirement.name} is left out: {_NEEDLESS[name]}.")
            continue
        if name in _STAND_INS and canonicalize_name(_STAND_INS[name]) in installed:
            have = installed[canonicalize_name(_STAND_INS[name])]
            if name == "azureml-defaults" or requirement.specifier.contains(have, prereleases=True):
                continue
        have = installed.get(name, "")
        if not have or not requirement.specifier.contains(have, prereleases=True) or requirement.extras:
            packages.append(str(requirement))
    return Wanted(tuple(packages), tuple(remarks))


def _about_image(body: ArmObject) -> str:
    properties = body["properties"]
    image = properties.get("image") or ("a Dockerfile" if properties.get("build") else "none")
    version = ".".join(str(body["id"]).rsplit("/", 3)[-3::2])
    return f"Environment {version}: the image ({image}) is not run; its packages run on this machine's Python."


def _installed(runtime: Path) -> dict[str, str]:
    answer = subprocess.run([str(python_of(runtime)), "-c", _LIST], capture_output=True, text=True, check=True)
    return {canonicalize_name(name): version for name, version in json.loads(answer.stdout).items()}


def _requirements(body: ArmObject) -> list[Requirement]:
    text = body["properties"].get("condaFile")
    if not text:
        return []
    try:
        parsed: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ComputeError(f"The conda file of the environment '{body['name']}' is no YAML: {error}") from error
    found: list[Requirement] = []
    for item in (parsed or {}).get("dependencies") or []:
        if isinstance(item, dict):
            found += [_pip(str(line)) for line in item.get("pip") or [] if not str(line).startswith("-")]
        else:
            found.append(_conda(str(item)))
    return [one for one in found if one.marker is None or one.marker.evaluate()]


def _pip(line: str) -> Requirement:
    try:
        return Requirement(line.split("#", 1)[0].strip())
    except InvalidRequirement as error:
        raise ComputeError(f"The conda file asks pip for '{line}', which is no requirement: {error}") from error


def _conda(line: str) -> Requirement:
    """A package of conda, by its name on PyPI: ``numpy=1.21`` is any 1.21."""
    match = re.fullmatch(r"(?:[\w.-]+::)?([\w.-]+)\s*(.*)", line.split("#", 1)[0].strip())
    if match is None:
        raise ComputeError(f"The conda file names '{line}', which is no package.")
    name, rest = _CONDA_NAMES.get(match[1], match[1]), match[2].strip()
    single = re.fullmatch(r"=\s*([\w.*]+)(?:=.*)?", rest)
    if single is not None:
        rest = f"=={single[1].rstrip('.*')}.*"
    try:
        return Requirement(f"{name}{SpecifierSet(rest.replace(' ', ''))}")
    except (InvalidRequirement, InvalidSpecifier) as error:
        raise ComputeError(f"The conda file names '{line}', which pip does not understand: {error}") from error
