"""How is an environment destroyed? Rules, plan, confirmation, mail, waiting, obstacles, Terraform; all recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ezazml.azure.arm import AzureApis
from ezazml.config.operating import NotifyPolicy
from ezazml.errors import EzazmlError, InputError
from ezazml.operations.destroying.audit import AuditLog, audit_file
from ezazml.operations.destroying.guard import Finding, Request, check, check_confirmation
from ezazml.operations.destroying.messages import mail_after, mail_before
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
from ezazml.operations.mail import MailError, send
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
    """How a run meets people: ``confirm`` sees the preview and returns what was typed, ``wait`` takes its time."""

    confirm: Callable[[Preview], str | None]
    wait: Callable[[float], None]
    show: Progress
    warn: Callable[[str], None]


_NONE = Obstacles((), ())


class Destruction:
    """One run. Whatever becomes of it, the audit log says so."""

    def __init__(self, bench: Workbench, request: Request, azure: AzureApis) -> None:
        self._bench = bench
        self._request = request
        self._azure = azure
        environment = bench.environment
        self._settings = environment.settings.destroy
        facts = {
            "environment": environment.name,
            "where": bench.where,
            "actor": request.actor.name,
            "machine": request.actor.machine,
            "reason": request.reason,
            "ticket": request.ticket,
        }
        self.audit = AuditLog(audit_file(environment), facts)

    def preview(self) -> Preview:
        """What a destroy would do; changes nothing, and asks Azure and Terraform. Recorded as a dry run."""
        self.audit.require_writable()
        findings = check(self._request)
        if any(not finding.ok for finding in findings):
            # Terraform would not even plan the removal of a protected environment.
            preview = Preview(findings, summarise({}), _NONE, self._steps(_NONE))
        else:
            with self._bench.plan_file("destroy") as file:
                document = self._plan(file)
                preview = self._preview(findings, document)
        self._know(preview)
        self.audit.write("dry-run")
        return preview

    def run(self, conduct: Conduct) -> PlanSummary:
        """Destroy, and return what was removed (empty: nothing was deployed).

        Raises :class:`InputError` for what the rules refuse, :class:`EzazmlError` when it fails, and
        :class:`KeyboardInterrupt` when interrupted. Before the waiting time is over, nothing is changed.
        """
        self.audit.require_writable()
        try:
            return self._run(conduct)
        except InputError as error:
            self._record("refused", error)
            raise
        except KeyboardInterrupt as error:
            self._record("interrupted", error)
            raise
        except BaseException as error:
            self._record("failed", error)
            raise

    def _run(self, conduct: Conduct) -> PlanSummary:
        findings = check(self._request)
        self.audit.know(rules=[asdict(finding) for finding in findings])
        _refuse([finding for finding in findings if not finding.ok])
        before = self._bench.terraform.state_version()
        self.audit.know(state_before=asdict(before))
        with self._bench.plan_file("destroy") as file:
            document = self._plan(file)
            preview = self._preview(findings, document)
            self._know(preview)
            _refuse(preview.refused)
            _refuse_if_wrong(check_confirmation(self._request, conduct.confirm(preview)))
            if preview.summary.is_empty:
                self.audit.write("nothing-deployed")
                return preview.summary
            self._tell_before(preview, conduct)
            if self._settings.waiting_minutes:
                conduct.wait(self._settings.waiting_minutes)
            self.audit.write("started")
            self._destroy(preview, file, conduct)
        self._record("destroyed", None)
        self._tell_after("destroyed", None, conduct)
        if self._tells:
            self.audit.write("told")
        return preview.summary

    @property
    def _tells(self) -> bool:
        mail = self._bench.environment.settings.notifications
        return self._settings.notify is not NotifyPolicy.OFF and bool(mail.smtp_server and mail.recipients)

    def _plan(self, file: Any) -> dict[str, Any]:
        if not self._bench.terraform.plan(file, destroy=True):
            return {}
        return self._bench.terraform.show_plan(file)

    def _preview(self, findings: tuple[Finding, ...], document: dict[str, Any]) -> Preview:
        obstacles = obstacles_of(document, self._azure)
        own = ids_of(document, LOCK)
        foreign = tuple(lock for lock in obstacles.locks if lock.id.lower() not in {one.lower() for one in own})
        more = []
        if own:
            text = f"it was deployed as protected: its own locks are still there ({len(own)})."
            fix = f"Deploy protected: false first; that removes them: ezazml deploy {self._bench.environment.name}"
            more.append(Finding("deployed", False, text, fix))
        if foreign and not self._settings.lift_locks:
            text = f"locks made outside are in the way, and destroy.lift_locks is false: {', '.join(map(str, foreign))}"
            more.append(Finding("locks", False, text, "Have their owners remove them."))
        obstacles = Obstacles(foreign, obstacles.endpoints)
        return Preview((*findings, *more), summarise(document), obstacles, self._steps(obstacles))

    def _steps(self, obstacles: Obstacles) -> tuple[str, ...]:
        guard, mail = self._settings, self._bench.environment.settings.notifications
        to = f"mail to {', '.join(mail.recipients)}"
        return (
            "ask for the confirmation",
            *([f"{to} ({guard.notify})"] if self._tells else []),
            *([f"wait {guard.waiting_minutes:g} minutes; Ctrl-C stops it"] if guard.waiting_minutes else []),
            *(f"delete endpoint {one.rsplit('/', 1)[-1]} with its deployments" for one in obstacles.endpoints),
            *(f"lift lock {lock}; put it back if the rest fails" for lock in obstacles.locks),
            "terraform apply of the plan that was shown",
            *([f"{to} about the result"] if self._tells else []),
            f"record it in {self.audit.file}",
        )

    def _destroy(self, preview: Preview, file: Any, conduct: Conduct) -> None:
        lifted: list[Lock] = []
        try:
            delete_endpoints(preview.obstacles.endpoints, self._azure, show=conduct.show)
            self.audit.know(endpoints_deleted=list(preview.obstacles.endpoints))
            if preview.obstacles.locks:
                # Written first: whoever finds a killed run knows what to put back.
                self.audit.know(locks_lifted=[asdict(lock) for lock in preview.obstacles.locks])
                self.audit.write("lifting-locks")
                lift(preview.obstacles.locks, self._azure, lifted=lifted, show=conduct.show)
            self._bench.terraform.apply(file)
        except BaseException as error:
            lost = restore(lifted, self._azure, show=conduct.show)
            if lifted:
                self.audit.know(locks_not_restored=[asdict(lock) for lock in lost])
            for lock in lost:
                conduct.warn(f"The lock {lock} could not be put back; put it back by hand.")
            self._tell_after("interrupted" if isinstance(error, KeyboardInterrupt) else "failed", error, conduct)
            raise

    def _tell_before(self, preview: Preview, conduct: Conduct) -> None:
        self._tell("mail_before", *mail_before(self._request, self._bench.where, preview.summary), conduct)

    def _tell_after(self, result: str, error: BaseException | None, conduct: Conduct) -> None:
        try:
            self._tell("mail_after", *mail_after(self._request, self._bench.where, result, error), conduct)
        except MailError as failure:
            conduct.warn(str(failure))  # what is done is done; nothing is left to refuse

    def _tell(self, fact: str, subject: str, text: str, conduct: Conduct) -> None:
        policy, mail = self._settings.notify, self._bench.environment.settings.notifications
        if not self._tells:
            self.audit.know(**{fact: "not sent: off" if policy is NotifyPolicy.OFF else "not sent: not configured"})
            return
        conduct.show(f"mail to {', '.join(mail.recipients)}")
        try:
            send(mail, subject=subject, text=text)
        except MailError as error:
            self.audit.know(**{fact: f"failed: {error}"})
            if policy is NotifyPolicy.FAIL_CLOSED:
                raise MailError(
                    f"{error.message} Nothing was destroyed: destroy.notify is fail_closed.", hint=error.hint
                ) from error
            conduct.warn(f"{error} Going on without: destroy.notify is warn.")
        else:
            self.audit.know(**{fact: "sent"})

    def _know(self, preview: Preview) -> None:
        self.audit.know(
            rules=[asdict(finding) for finding in preview.findings],
            plan={
                "headline": preview.summary.headline(),
                "resources": [change.address for change in preview.summary.changes],
            },
            endpoints=list(preview.obstacles.endpoints),
            locks=[asdict(lock) for lock in preview.obstacles.locks],
        )

    def _record(self, event: str, error: BaseException | None) -> None:
        self.audit.know(state_after=self._state_after())
        self.audit.write(event, error=error)

    def _state_after(self) -> dict[str, Any] | None:
        try:
            state: StateVersion = self._bench.terraform.state_version()
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


def _refuse_if_wrong(confirmation: Finding) -> None:
    if not confirmation.ok:
        text = confirmation.text[0].upper() + confirmation.text[1:].rstrip(".")
        raise InputError(f"{text}; nothing was changed.", hint=confirmation.fix)
