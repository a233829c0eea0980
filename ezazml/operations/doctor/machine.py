"""Has this machine what is needed? Python, Node.js, cdktf, Terraform."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from ezazml.errors import InputError
from ezazml.operations.doctor.finding import Finding, Machine, ok, problem, warning
from ezazml.terraform.engine import find_engine, require_cdktf, require_node

#: As ``requires-python`` in pyproject.toml says.
_PYTHON = ((3, 11), (3, 14))


def check_python(_machine: Machine) -> Iterator[Finding]:
    """The version that the packages are locked for, in a virtual environment."""
    version = ".".join(map(str, sys.version_info[:3]))
    if not _PYTHON[0] <= sys.version_info[:2] < _PYTHON[1]:
        yield problem("Python", f"{version}; the packages are locked for 3.11 to 3.13.", "Install one of them.")
    elif sys.prefix == sys.base_prefix:
        text = f"{version}, but not in a virtual environment."
        yield warning("Python", text, "Run `make setup`, then `. .venv/bin/activate`.")
    else:
        yield ok("Python", f"{version} ({sys.prefix})")


def check_node(machine: Machine) -> Iterator[Finding]:
    """Node.js runs the synthesis."""
    yield _required("Node.js", lambda: require_node(machine.environ))


def check_cdktf(machine: Machine) -> Iterator[Finding]:
    """cdktf is for those who type it; ezazml does without."""
    try:
        yield ok("cdktf", require_cdktf(machine.root, machine.environ))
    except InputError as error:
        yield warning("cdktf", f"{error.message} Only plain `cdktf` commands need it.", error.hint or "npm ci")


def check_terraform(machine: Machine) -> Iterator[Finding]:
    """Terraform or OpenTofu."""
    yield _required("Terraform", lambda: str(find_engine(machine.environ)))


CHECKS = (check_python, check_node, check_cdktf, check_terraform)


def _required(name: str, find: Callable[[], object]) -> Finding:
    try:
        found = find()
    except InputError as error:
        return problem(name, error.message, error.hint or "Run: make setup")
    return ok(name, str(found or "found"))
