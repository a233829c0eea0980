"""Can the state and the mail server be reached?"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

from ezazml.azure.rest import Json
from ezazml.config.models import AzurermBackend
from ezazml.operations.doctor.finding import Case, Finding, not_checked, ok, problem, warning
from jobs.azure_errors import AzureError, readable_errors

_SMTP_SECONDS = 10.0
#: Port on which mail servers speak TLS from the first byte (RFC 8314).
_IMPLICIT_TLS = 465


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
    """The mail server answers, speaks TLS and takes the login. Sends nothing."""
    mail = case.environment.settings.notifications
    if mail.smtp_server is None:
        yield not_checked("mail", "No mail server is set (notifications.smtp_server).")
        return
    where = f"{mail.smtp_server}:{mail.smtp_port}"
    password = mail.smtp_password.get_secret_value() if mail.smtp_password else None
    try:
        _say_hello(mail.smtp_server, mail.smtp_port, mail.smtp_username, password)
    except smtplib.SMTPAuthenticationError as error:
        text = f"{where}: the server refuses the login of {mail.smtp_username} ({error.smtp_code})."
        yield problem("mail", text, "Check SMTP_USERNAME and SMTP_PASSWORD.")
    except smtplib.SMTPNotSupportedError as error:
        yield problem("mail", f"{where}: {error}", "Use a server that offers STARTTLS, or port 465.")
    except (OSError, smtplib.SMTPException) as error:
        reason = str(error) or type(error).__name__
        yield problem("mail", f"{where}: {reason}", "Check SMTP_SERVER, SMTP_PORT and the network.")
    else:
        if mail.recipients:
            yield ok("mail", f"{where}: answers, with TLS; {len(mail.recipients)} recipients.")
        else:
            text = f"{where}: answers, with TLS, but nobody gets mail."
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


def _say_hello(server: str, port: int, username: str | None, password: str | None) -> None:
    context = ssl.create_default_context()
    if port == _IMPLICIT_TLS:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server, port, timeout=_SMTP_SECONDS, context=context)
    else:
        connection = smtplib.SMTP(server, port, timeout=_SMTP_SECONDS)
    with connection:
        if port != _IMPLICIT_TLS:
            connection.starttls(context=context)
        if username is not None and password is not None:
            connection.login(username, password)
        connection.noop()


def summary_of(findings: list[Finding]) -> Json:
    """How many checks ended in which way."""
    verdicts = [finding.verdict for finding in findings]
    return {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
