"""Can the state and the mail server be reached?"""

from __future__ import annotations

import os
import smtplib
from collections.abc import Iterator
from pathlib import Path

from ezazml.azure.rest import Json
from ezazml.config.models import AzurermBackend
from ezazml.operations.doctor.finding import Case, Finding, not_checked, ok, problem, warning
from ezazml.operations.mail import MailError, connected
from jobs.azure_errors import AzureError, readable_errors


def check_backend(case: Case) -> Iterator[Finding]:
    """The state's place exists and can be read."""
    backend = case.environment.settings.backend
    if not isinstance(backend, AzurermBackend):
        default = f".ezazml/state/{case.environment.name}.tfstate"
        yield _local(case.environment.root / (backend.path or default))
        return
    container = f"https://{backend.storage_account_name}.blob.core.windows.net/{backend.container_name}"
    try:
        exists = _container_exists(case, backend)
    except AzureError as error:
        fix = "Give the login Storage Blob Data Contributor on the container; check that its network lets you in."
        yield problem("backend", f"{container}: {error.message}", fix)
        return
    if exists:
        yield ok("backend", f"{container}: reachable.")
    else:
        text = f"{container}: there is no such container."
        yield problem("backend", text, f"Make it: ezazml bootstrap {case.environment.name}")


def check_mail(case: Case) -> Iterator[Finding]:
    """The mail server answers, speaks TLS as configured, and takes the login. Sends nothing."""
    mail = case.environment.settings.notifications
    if mail.smtp_server is None:
        yield not_checked("mail", "No mail server is set (notifications.smtp_server).")
        return
    where = f"{mail.smtp_server}:{mail.smtp_port}"
    try:
        with connected(mail) as server:
            server.noop()
    except MailError as error:
        yield problem("mail", error.message, error.hint or "Check SMTP_SERVER, SMTP_PORT and the network.")
    except (OSError, smtplib.SMTPException) as error:
        reason = str(error) or type(error).__name__
        yield problem("mail", f"{where}: {reason}", "Check SMTP_SERVER, SMTP_PORT and the network.")
    else:
        if mail.recipients:
            yield ok("mail", f"{where}: answers; {len(mail.recipients)} recipients.")
        else:
            text = f"{where}: answers, but nobody gets mail."
            yield warning("mail", text, "Set notifications.recipients (EMAIL_NOTIFICATIONS).")


CHECKS = (check_backend, check_mail)


def _local(path: Path) -> Finding:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not os.access(folder, os.W_OK):
        return problem("backend", f"{folder} cannot be written.", "Make it writable, or set backend.path.")
    return ok("backend", f"{path}: a file on this machine.")


def _container_exists(case: Case, backend: AzurermBackend) -> bool:
    from azure.storage.blob import BlobServiceClient  # noqa: PLC0415 - takes time to import

    with readable_errors("Asking for the state's container"):
        service = BlobServiceClient(
            f"https://{backend.storage_account_name}.blob.core.windows.net",
            credential=case.azure.credential,
            retry_total=1,
        )
        with service:
            return service.get_container_client(backend.container_name).exists()


def summary_of(findings: list[Finding]) -> Json:
    """How many checks ended in which way."""
    verdicts = [finding.verdict for finding in findings]
    return {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
