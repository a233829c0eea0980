"""Mail goes out encrypted, and a password never in clear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ezazml.config.operating import Notifications
from ezazml.operations.mail import MailError, send
from sandbox.certificates import Authority
from tests.unit.operations.smtp_server import smtp_server

PASSWORD = "pl4nted-password"


def settings(port: int, **values: Any) -> Notifications:
    return Notifications.model_validate(
        {"smtp_server": "localhost", "smtp_port": port, "recipients": ("a@example.org", "b@example.org"), **values}
    )


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """A certificate authority that this process trusts, as one that a company runs."""
    made = Authority(tmp_path / "certificates")
    made.ensure()
    monkeypatch.setenv("SSL_CERT_FILE", str(made.bundle))
    return made


def test_a_mail_is_sent_encrypted_and_logged_in(authority: Authority) -> None:
    with smtp_server(tls=authority.context("localhost")) as box:
        login = {"smtp_username": "robot@example.org", "smtp_password": SecretStr(PASSWORD)}
        send(settings(box.port, **login), subject="Gone\r\nBcc: evil@example.org", text="It is gone.\n")
    assert box.encrypted == [True]
    assert box.logins == [f"\0robot@example.org\0{PASSWORD}"]
    head, _, body = box.mails[0].partition("\n\n")
    assert "Subject: Gone Bcc: evil@example.org" in head.splitlines()
    assert "From: robot@example.org" in head
    assert "To: a@example.org, b@example.org" in head
    assert body.strip() == "It is gone."


def test_a_server_that_cannot_encrypt_gets_nothing() -> None:
    with smtp_server() as box, pytest.raises(MailError, match="STARTTLS"):
        send(settings(box.port), subject="x", text="y")
    assert box.mails == []


def test_a_server_with_a_strange_certificate_gets_nothing(tmp_path: Path) -> None:
    strange = Authority(tmp_path / "strange")
    strange.ensure()
    with smtp_server(tls=strange.context("localhost")) as box, pytest.raises(MailError, match="certificate"):
        send(settings(box.port), subject="x", text="y")
    assert box.mails == []


def test_the_password_is_not_sent_in_clear() -> None:
    login = {"smtp_username": "robot", "smtp_password": SecretStr(PASSWORD), "smtp_security": "none"}
    with smtp_server() as box, pytest.raises(MailError, match="not sent in clear") as caught:
        send(settings(box.port, **login), subject="x", text="y")
    assert (box.mails, box.logins) == ([], [])
    assert PASSWORD not in str(caught.value)


def test_without_tls_and_login_a_relay_takes_it() -> None:
    with smtp_server() as box:
        send(settings(box.port, smtp_security="none", sender="ops@example.org"), subject="x", text="y")
    assert "From: ops@example.org" in box.mails[0]


def test_a_refused_recipient_is_told() -> None:
    with smtp_server() as box:
        box.refuse = True
        with pytest.raises(MailError, match="did not take the mail"):
            send(settings(box.port, smtp_security="none"), subject="x", text="y")


def test_a_server_that_is_down_is_told_with_what_to_check() -> None:
    with smtp_server() as box:
        port = box.port
    with pytest.raises(MailError, match=rf"localhost:{port} cannot be reached.*Check SMTP_SERVER"):
        send(settings(port), subject="x", text="y")


def test_without_a_server_it_says_so() -> None:
    with pytest.raises(MailError, match="smtp_server is not set"):
        send(Notifications(recipients=("a@example.org",)), subject="x", text="y")


def test_a_password_that_smtp_cannot_carry_is_told_without_it(authority: Authority) -> None:
    with smtp_server(tls=authority.context("localhost")) as box, pytest.raises(MailError, match="only ASCII") as caught:
        login = {"smtp_username": "robot", "smtp_password": SecretStr("pl4nted-ü")}
        send(settings(box.port, **login), subject="x", text="y")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "pl4nted" not in str(caught.value)
    assert box.mails == []


def test_a_host_that_no_name_can_be_is_told() -> None:
    with pytest.raises(MailError, match="cannot be reached"):
        send(settings(25, smtp_server="x" * 300), subject="x", text="y")
