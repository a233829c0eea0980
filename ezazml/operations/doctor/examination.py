"""Which checks are there, and in which order do they run? Each ends in a finding, whatever goes wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from ezazml.config.checks import missing_for_deployment
from ezazml.errors import EzazmlError
from ezazml.operations.doctor import access, aftermath, machine, network, resources, surroundings
from ezazml.operations.doctor.finding import Case, Finding, Machine, Verdict, not_checked, ok, problem

_Subject = TypeVar("_Subject")
Check = Callable[[_Subject], Iterator[Finding]]
Show = Callable[[str], None]


def examine_machine(subject: Machine, show: Show) -> list[Finding]:
    """The checks of this machine."""
    return [finding for check in machine.CHECKS for finding in _run(check, subject, show)]


def examine_environment(case: Case, show: Show) -> list[Finding]:
    """The checks of one environment. Where the login does not work, what asks Azure is not checked."""
    findings = [*_configuration(case), *_run(access.check_login, case, show)]
    logged_in = all(finding.verdict is Verdict.OK for finding in findings if finding.check == "login")
    for check in (*access.CHECKS, *resources.CHECKS, *aftermath.CHECKS):
        if logged_in:
            findings += _run(check, case, show)
        else:
            findings.append(not_checked(_name(check), "The login does not work."))
    for check in (*network.CHECKS, *surroundings.CHECKS):
        findings += _run(check, case, show)
    return findings


def _configuration(case: Case) -> Iterator[Finding]:
    missing = missing_for_deployment(case.environment.settings)
    for setting, how in missing:
        yield problem("configuration", f"{setting} is not set.", how)
    if not missing:
        yield ok("configuration", f"environments/{case.environment.name}.yaml is valid and complete.")


def _run(check: Check[_Subject], subject: _Subject, show: Show) -> list[Finding]:
    show(_name(check))
    try:
        return list(check(subject))
    except EzazmlError as error:
        return [problem(_name(check), error.message, error.hint or "Try again; with --debug it tells more.")]


def _name(check: Check[_Subject]) -> str:
    name: str = getattr(check, "__name__", "check")
    return name.removeprefix("check_").replace("graph", "directory")
