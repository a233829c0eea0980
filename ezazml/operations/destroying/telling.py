"""Who is told about a destroy, and what if the mail cannot be sent? As ``destroy.notify`` says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ezazml.config.operating import NotifyPolicy
from ezazml.operations.destroying.audit import AuditLog
from ezazml.operations.destroying.guard import Request
from ezazml.operations.destroying.messages import Outcome, mail_after, mail_before
from ezazml.operations.mail import MailError, send
from ezazml.report.plan_summary import PlanSummary
from ezazml.terraform.runner import Progress


@dataclass(frozen=True)
class Telling:
    """The mails of one run. What became of each is in the audit record."""

    request: Request
    where: str
    audit: AuditLog

    @property
    def happens(self) -> bool:
        """Whether there is anybody to tell, and a way to do it."""
        mail = self.request.environment.settings.notifications
        return self._policy is not NotifyPolicy.OFF and bool(mail.smtp_server and mail.recipients)

    @property
    def recipients(self) -> str:
        """Who gets the mails."""
        return ", ".join(self.request.environment.settings.notifications.recipients)

    def before(self, summary: PlanSummary, *, show: Progress, warn: Callable[[str], None]) -> None:
        """Tell what is about to happen. Raises :class:`MailError` where nothing may happen without."""
        try:
            self._tell("mail_before", *mail_before(self.request, self.where, summary), show=show)
        except MailError as error:
            if self._policy is NotifyPolicy.FAIL_CLOSED:
                raise MailError(
                    f"{error.message} Nothing was destroyed: destroy.notify is fail_closed.", hint=error.hint
                ) from error
            warn(f"{error} Going on without: destroy.notify is {self._policy}.")

    def after(
        self, outcome: Outcome, error: BaseException | None, *, show: Progress, warn: Callable[[str], None]
    ) -> None:
        """Tell what came of it. What is done is done: a mail that cannot be sent is a warning."""
        try:
            self._tell("mail_after", *mail_after(self.request, self.where, outcome, error), show=show)
        except MailError as failure:
            warn(str(failure))

    @property
    def _policy(self) -> NotifyPolicy:
        return self.request.environment.settings.destroy.notify

    def _tell(self, fact: str, subject: str, text: str, *, show: Progress) -> None:
        if not self.happens:
            why = "off" if self._policy is NotifyPolicy.OFF else "not configured"
            self.audit.know(**{fact: f"not sent: {why}"})
            return
        show(f"mail to {self.recipients}")
        try:
            send(self.request.environment.settings.notifications, subject=subject, text=text)
        except MailError as error:
            self.audit.know(**{fact: f"failed: {error}"})
            raise
        self.audit.know(**{fact: "sent"})
