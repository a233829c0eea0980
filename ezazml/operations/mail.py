"""How are people told? A mail through the configured server, over TLS."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from ezazml.config.operating import Notifications
from ezazml.errors import EzazmlError

_TIMEOUT_SECONDS = 30.0
_TLS_PORT = 465


class MailError(EzazmlError):
    """The mail could not be sent."""


def send(settings: Notifications, *, subject: str, text: str) -> None:
    """Send ``text`` to all recipients. Raises :class:`MailError` when the server does not take it for all of them."""
    message = EmailMessage()
    message["Subject"] = " ".join(subject.split())
    message["From"] = _sender(settings)
    message["To"] = ", ".join(settings.recipients)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=message["From"].rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    with connected(settings) as server:
        try:
            refused = server.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            raise MailError(f"{_where(settings)} did not take the mail: {_short(error)}") from error
    if refused:
        raise MailError(f"{_where(settings)} did not take the mail for {', '.join(sorted(refused))}.")


@contextmanager
def connected(settings: Notifications) -> Iterator[smtplib.SMTP]:
    """A session with the configured server, encrypted and logged in as configured.

    Raises :class:`MailError`; its text never holds the password.
    """
    if not settings.smtp_server:
        raise MailError("notifications.smtp_server is not set.", hint="Set SMTP_SERVER.")
    security = settings.smtp_security or ("tls" if settings.smtp_port == _TLS_PORT else "starttls")
    try:
        server = _open(settings, security)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:  # UnicodeError: of a host's name
        hint = "Check SMTP_SERVER, SMTP_PORT and notifications.smtp_security."
        raise MailError(f"{_where(settings)} cannot be reached: {_short(error)}", hint=hint) from error
    try:
        _log_in(server, settings, security)
        yield server
    finally:
        try:
            server.quit()
        except (smtplib.SMTPException, OSError):
            server.close()


def _open(settings: Notifications, security: str) -> smtplib.SMTP:
    host, port = settings.smtp_server or "", settings.smtp_port
    context = ssl.create_default_context()
    if security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=_TIMEOUT_SECONDS)
    if security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _log_in(server: smtplib.SMTP, settings: Notifications, security: str) -> None:
    if settings.smtp_username is None or settings.smtp_password is None:
        return
    if security == "none":
        raise MailError(
            "notifications.smtp_security is none: the password is not sent in clear.",
            hint="Use starttls or tls, or unset SMTP_USERNAME and SMTP_PASSWORD.",
        )
    try:
        server.login(settings.smtp_username, settings.smtp_password.get_secret_value())
    except UnicodeError:
        # Without its cause, which holds the password.
        text = f"{_where(settings)}: the login of SMTP has only ASCII, and SMTP_USERNAME or SMTP_PASSWORD has more."
        raise MailError(text, hint="Set a password of ASCII characters.") from None
    except (smtplib.SMTPException, OSError) as error:
        hint = "Check SMTP_USERNAME and SMTP_PASSWORD."
        raise MailError(f"{_where(settings)} refused the login: {_short(error)}", hint=hint) from error


def _sender(settings: Notifications) -> str:
    if settings.sender:
        return settings.sender
    if settings.smtp_username and "@" in settings.smtp_username:
        return settings.smtp_username
    return f"ezazml@{socket.gethostname()}"


def _where(settings: Notifications) -> str:
    return f"The mail server {settings.smtp_server}:{settings.smtp_port}"


def _short(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"{error.smtp_code} {' '.join(text.split())}"[:300]
    return " ".join(str(error).split())[:300] or type(error).__name__
