"""How is an environment destroyed? Rules, plan, confirmation, mail, waiting, obstacles, Terraform; all recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from ezazml.azure.arm import AzureApis
from ezazml.errors import EzazmlError, InputError
from ezazml.interruption import termination_interrupts, uninterrupted
from ezazml.operations.destroying.audit import AuditLog, event_of
from ezazml.operations.destroying.guard import Finding, Request, check, check_confirmation
from ezazml.operations.destroying.left_behind import missing_locks
from ezazml.operations.destroying.messages import Outcome
from ezazml.operations.destroying.obstacles import (
    LOCK,
    Lock,
    Obstacles,
    delete_endpoints,
    ids_of,
    lift,
    obstacles_of,
    restore,
)
from ezazml.operations.destroying.telling import Telling
from ezazml.operations.soft_deleted import ids_of as ids_of_environment
from ezazml.operations.workbench import Workbench
from ezazml.report.plan_summary import PlanSummary, summarise
from ezazml.terraform.runner import Progress, StateVersion


@dataclass(frozen=True)
class Preview:
    """What a destroy would do: what the rules say, what is removed, what is in the way, and the steps."""

    findings: tuple[Finding, ...]
    summary: PlanSummary
    obstacles: Obstacles
    steps: tuple[str, ...]

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Rules that forbid it."""
        return tuple(finding for finding in self.findings if not finding.ok)


@dataclass(frozen=True)
class Conduct:
    """How a run meets people: ``confirm`` sees the preview and returns what was typed, ``wait`` takes its time.

    ``now`` is asked again once somebody has typed, which may be the next day.
    """

    confirm: Callable[[Preview], str | None]
    wait: Callable[[float], None]
    now: Callable[[], datetime]
    show: Progress
    warn: Callable[[str], None]


class Destruction:
    """One run. Whatever becomes of it, the audit log says so."""

    def __init__(self, bench: Workbench, request: Request, azure: AzureApis, audit: AuditLog) -> None:
        self.bench = bench
        self._request = request
        self._azure = azure
        self._settings = bench.environment.settings.destroy
        self._telling = Telling(request, bench.where, audit)
        self._audit = audit
        audit.know(where=bench.where, actor=request.actor.name, machine=request.actor.machine)

    def preview(self) -> Preview:
        """What a destroy would do; changes nothing, and asks Azure and Terraform. Recorded as a dry run."""
        self._audit.require_writable()
        findings = check(self._request)
        if any(not finding.ok for finding in findings):
            # Terraform would not even plan the removal of a protected environment.
            none = Obstacles((), ())
            preview = Preview(findings, summarise({}), none, self._steps(none))
        else:
            with self.bench.plan_file("destroy") as file:
                document = self._plan(file)
                preview = self._preview(findings, document)
        self._know(preview)
        self._audit.write("dry-run")
        return preview

    def run(self, conduct: Conduct) -> PlanSummary:
        """Destroy, and return what was removed (empty: nothing was deployed).

        Raises :class:`InputError` for what the rules refuse, :class:`EzazmlError` when it fails, and
        :class:`KeyboardInterrupt` when interrupted. Before the waiting time is over, nothing is changed.
        """
        self._audit.require_writable()
        with termination_interrupts():
            try:
                return self._run(conduct)
            except BaseException as error:
                with uninterrupted():
                    self._record(event_of(error), error)
                raise

    def _run(self, conduct: Conduct) -> PlanSummary:
        findings = check(self._request)
        self._audit.know(rules=[asdict(finding) for finding in findings])
        _refuse([finding for finding in findings if not finding.ok])
        before = self.bench.terraform.state_version()
        self._audit.know(state_before=asdict(before))
        with self.bench.plan_file("destroy") as file:
            document = self._plan(file)
            preview = self._preview(findings, document)
            self._know(preview)
            _refuse(preview.refused)
            if preview.summary.is_empty:
                self._warn_of_what_is_there(conduct)
                self._audit.write("nothing-deployed")
                return preview.summary
            self._require_confirmed(conduct.confirm(preview), conduct)
            self._telling.before(preview.summary, show=conduct.show, warn=conduct.warn)
            self._wait(before, document, preview, conduct)
            self._audit.write("started")
            self._destroy(preview, file, conduct)
        self._record("destroyed", None)
        self._telling.after(Outcome.DESTROYED, None, show=conduct.show, warn=conduct.warn)
        if self._telling.happens:
            self._audit.write("told")
        return preview.summary

    def _plan(self, file: Any) -> dict[str, Any]:
        if not self.bench.terraform.plan(file, destroy=True):
            return {}
        return self.bench.terraform.show_plan(file)

    def _preview(self, findings: tuple[Finding, ...], document: dict[str, Any]) -> Preview:
        own = ids_of(document, LOCK)
        obstacles = self._foreign(document)
        more = []
        if own:
            text = f"it was deployed as protected: its own locks are still there ({len(own)})."
            fix = f"Deploy protected: false first; that removes them: ezazml deploy {self.bench.environment.name}"
            more.append(Finding("deployed", False, text, fix))
        if obstacles.locks and not self._settings.lift_locks:
            locks = ", ".join(map(str, obstacles.locks))
            text = f"locks made outside are in the way, and destroy.lift_locks is false: {locks}"
            more.append(Finding("locks", False, text, "Have their owners remove them."))
        return Preview((*findings, *more), summarise(document), obstacles, self._steps(obstacles))

    def _foreign(self, document: dict[str, Any]) -> Obstacles:
        """What is in the way and is not the environment's own."""
        own = {identifier.lower() for identifier in ids_of(document, LOCK)}
        obstacles = obstacles_of(document, self._azure)
        return replace(obstacles, locks=tuple(lock for lock in obstacles.locks if lock.id.lower() not in own))

    def _steps(self, obstacles: Obstacles) -> tuple[str, ...]:
        guard, to = self._settings, f"mail to {self._telling.recipients}"
        tells = self._telling.happens
        return (
            "ask for the confirmation",
            *([f"{to} ({guard.notify})"] if tells else []),
            *([f"wait {guard.waiting_minutes:g} minutes; Ctrl-C stops it"] if guard.waiting_minutes else []),
            *(f"lift lock {lock}; put it back if the rest fails" for lock in obstacles.locks),
            *(f"delete endpoint {one.rsplit('/', 1)[-1]} with its deployments" for one in obstacles.endpoints),
            "terraform apply of the plan that was shown",
            *([f"{to} about the result"] if tells else []),
            f"record it in {self._audit.file}",
        )

    def _require_confirmed(self, typed: str | None, conduct: Conduct) -> None:
        """The rules hold, and the text is right, when it was typed: nobody knows for how long the question stood."""
        request = replace(self._request, now=conduct.now())
        _refuse([finding for finding in check(request) if not finding.ok])
        confirmation = check_confirmation(request, typed)
        if not confirmation.ok:
            text = confirmation.text[0].upper() + confirmation.text[1:].rstrip(".")
            raise InputError(f"{text}; nothing was changed.", hint=confirmation.fix)

    def _wait(self, before: StateVersion, document: dict[str, Any], preview: Preview, conduct: Conduct) -> None:
        """Let people change their minds. Those who were told that it would be destroyed are told when it is not."""
        try:
            if self._settings.waiting_minutes:
                conduct.wait(self._settings.waiting_minutes)
            self._require_unchanged(before, document, preview)
        except BaseException as error:
            self._telling.after(Outcome.STOPPED, error, show=conduct.show, warn=conduct.warn)
            raise

    def _require_unchanged(self, before: StateVersion, document: dict[str, Any], preview: Preview) -> None:
        """What was shown is what is done. Terraform would refuse an old plan after locks and endpoints are gone."""
        again = f"Look at it and run it again: ezazml destroy {self.bench.environment.name} --dry-run"
        if self.bench.terraform.state_version() != before:
            text = "The state has changed since the plan was made: somebody else is at work. Nothing was changed."
            raise InputError(text, hint=again)
        now = self._foreign(document)
        new = [*map(str, set(now.locks) - set(preview.obstacles.locks))]
        new += [one.rsplit("/", 1)[-1] for one in set(now.endpoints) - set(preview.obstacles.endpoints)]
        if new:
            text = f"Since the plan was made there is something new in the way: {', '.join(sorted(new))}."
            raise InputError(f"{text} Nothing was changed.", hint=again)

    def _destroy(self, preview: Preview, file: Any, conduct: Conduct) -> None:
        lifted: list[Lock] = []
        try:
            # Those that a killed run lifted are put back too when this one fails.
            lifted += missing_locks(self.bench.environment, self._azure)
            if lifted or preview.obstacles.locks:
                # Written first: whoever finds a killed run knows what to put back.
                self._audit.know(locks_lifted=[asdict(lock) for lock in (*lifted, *preview.obstacles.locks)])
                self._audit.write("lifting-locks")
                lift(preview.obstacles.locks, self._azure, lifted=lifted, show=conduct.show)
            # After the locks: one on the group keeps endpoints too.
            delete_endpoints(preview.obstacles.endpoints, self._azure, show=conduct.show)
            self._audit.know(endpoints_deleted=list(preview.obstacles.endpoints))
            self.bench.terraform.apply(file)
        except BaseException as error:
            with uninterrupted():
                self._put_back(lifted, conduct)
            outcome = Outcome.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Outcome.FAILED
            self._telling.after(outcome, error, show=conduct.show, warn=conduct.warn)
            raise

    def _put_back(self, lifted: Sequence[Lock], conduct: Conduct) -> None:
        lost = restore(lifted, self._azure, show=conduct.show)
        if lifted:
            self._audit.know(locks_not_restored=[asdict(lock) for lock in lost])
        for lock in lost:
            again = f"ezazml destroy {self.bench.environment.name} --put-back-locks"
            conduct.warn(f"The lock {lock} could not be put back; put it back by hand, or with: {again}")

    def _warn_of_what_is_there(self, conduct: Conduct) -> None:
        """An empty state says little where the environment was deployed with another one."""
        group = ids_of_environment(self.bench.environment, self._azure).group
        if self._azure.resource(group) is not None:
            name = self.bench.environment.name
            conduct.warn(
                f"{name}: its state holds nothing, but its resource group exists: {group}. It was deployed with "
                f"another state, or its state was lost. To take it over: ezazml import {name} --all"
            )

    def _know(self, preview: Preview) -> None:
        self._audit.know(
            rules=[asdict(finding) for finding in preview.findings],
            plan={
                "headline": preview.summary.headline(),
                "resources": [change.address for change in preview.summary.changes],
            },
            endpoints=list(preview.obstacles.endpoints),
            locks=[asdict(lock) for lock in preview.obstacles.locks],
        )

    def _record(self, event: str, error: BaseException | None) -> None:
        self._audit.know(state_after=self._state_after())
        self._audit.write(event, error=error)

    def _state_after(self) -> dict[str, Any] | None:
        try:
            state: StateVersion = self.bench.terraform.state_version()
        except EzazmlError:
            return None  # the record must be written anyway
        return asdict(state)


def _refuse(findings: Sequence[Finding]) -> None:
    if not findings:
        return
    if len(findings) == 1:
        raise InputError(f"{findings[0].text} Nothing was changed.", hint=findings[0].fix)
    lines = "".join(f"\n  {finding.text} {finding.fix}" for finding in findings)
    raise InputError(f"These rules forbid it, and nothing was changed:{lines}")
