"""Which packages does a conda file ask for, by their names on PyPI, and what in it cannot be had from there?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from sandbox.compute.errors import ComputeError

#: Packages of conda whose names on PyPI are others.
_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib", "py-xgboost": "xgboost", "pytables": "tables"}
#: Packages of conda that are no Python: PyPI has none of them, or something else under their names.
_NO_PYTHON = re.compile(
    r"r|r-.+|cuda|cuda-.+|cudatoolkit|cudnn|nccl|openjdk|(gcc|gxx|clang)(_.+)?|compilers|make|git|curl|nodejs|ffmpeg"
    r"|openmpi|mpich|mkl|lib(gcc|gfortran|gomp|stdcxx|blas|lapack|gl|sndfile|xml2)(-.+)?"
)
#: Options that name files: only the conda file itself reaches Azure ML, and the sandbox.
_FILES = re.compile(r"(-r|-c|-e|--requirement|--constraint|--editable)(?![\w-])")


@dataclass(frozen=True)
class CondaFile:
    """What a conda file says, as far as pip understands it."""

    requirements: tuple[Requirement, ...]
    #: The versions of Python that it allows, if it says so.
    python: SpecifierSet | None
    #: Options for pip, such as ``--extra-index-url``, without their values: those may hold a login.
    options: tuple[str, ...]


def read_conda(text: str, title: str) -> CondaFile:
    """A conda file's content; ``title`` says in errors whose it is. Raises :class:`ComputeError`."""
    try:
        parsed: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ComputeError(f"The conda file of {title} is no YAML: {error}") from error
    items = (parsed or {}).get("dependencies") if isinstance(parsed, dict | None) else None
    lines = [str(item) for item in items or [] if not isinstance(item, dict)]
    pip_lines = [str(line).strip() for item in items or [] if isinstance(item, dict) for line in item.get("pip") or []]
    from_conda = [_conda(line, title) for line in lines]
    python = next((one.specifier for one in from_conda if one.name == "python"), None)
    requirements = [one for one in from_conda if one.name != "python"] + [
        _pip(line, title) for line in pip_lines if not line.startswith(("-", "#")) and line
    ]
    return CondaFile(
        tuple(one for one in requirements if one.marker is None or one.marker.evaluate()),
        python if python is not None and str(python) else None,
        tuple(_options(pip_lines, title)),
    )


def _options(lines: list[str], title: str) -> Iterator[str]:
    for line in lines:
        if _FILES.match(line):
            raise ComputeError(
                f"The conda file of {title} asks pip for '{line}', a file that is not in it. Write its packages into "
                "the conda file."
            )
        if line.startswith("-"):
            yield re.split(r"[\s=]", line, maxsplit=1)[0]


def _pip(line: str, title: str) -> Requirement:
    try:
        # A comment begins after a space: a # may also be a part of an address.
        return Requirement(re.split(r"\s#", line, maxsplit=1)[0].strip())
    except InvalidRequirement as error:
        raise ComputeError(f"The conda file of {title} asks pip for '{line}', which is no requirement.") from error


def _conda(line: str, title: str) -> Requirement:
    """A package of conda, by its name on PyPI: ``numpy=1.21`` is any 1.21."""
    match = re.fullmatch(r"(?:[\w./-]+::)?([\w.-]+)\s*(.*)", line.split("#", 1)[0].strip())
    if match is None:
        raise ComputeError(f"The conda file of {title} names '{line}', which is no package.")
    if _NO_PYTHON.fullmatch(match[1].lower()):
        raise ComputeError(
            f"The conda file of {title} names '{match[1]}', which is no Python package. The sandbox has no conda: it "
            "installs from PyPI only. Take it out to rehearse the rest."
        )
    name, rest = _NAMES.get(match[1].lower(), match[1]), match[2].strip()
    single = re.fullmatch(r"=\s*([\w.*]+)(?:=.*)?", rest)
    if single is not None:
        rest = f"=={single[1].rstrip('.*')}.*"
    try:
        return Requirement(f"{name}{SpecifierSet(rest.replace(' ', ''))}")
    except (InvalidRequirement, InvalidSpecifier) as error:
        raise ComputeError(f"The conda file of {title} names '{line}', which pip does not understand.") from error
