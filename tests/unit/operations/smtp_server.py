"""A mail server on this machine that keeps what it gets; with STARTTLS if it is given a certificate."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """What the server got, and how it behaves."""

    port: int = 0
    mails: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    refuse: bool = False


@contextmanager
def smtp_server(*, tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """A server until the end of the block."""
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            session = _Session(self, box, tls)
            session.run()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


class _Session:
    def __init__(self, handler: socketserver.StreamRequestHandler, box: Mailbox, tls: ssl.SSLContext | None) -> None:
        self._read, self._write, self._socket = handler.rfile, handler.wfile, handler.connection
        self._box, self._tls, self._secure = box, tls, False

    def run(self) -> None:
        self._say("220 test")
        while line := self._read.readline().decode().strip():
            word = line.split(" ")[0].upper()
            if word == "EHLO":
                offers = ["STARTTLS"] if self._tls and not self._secure else []
                lines = ["test", *offers, "AUTH PLAIN"]
                for offer in lines[:-1]:
                    self._say(f"250-{offer}")
                self._say(f"250 {lines[-1]}")
            elif word == "STARTTLS" and self._tls:
                self._say("220 go")
                self._socket = self._tls.wrap_socket(self._socket, server_side=True)
                self._read, self._write = self._socket.makefile("rb"), self._socket.makefile("wb")
                self._secure = True
            elif word == "AUTH":
                self._box.logins.append(base64.b64decode(line.split(" ")[2]).decode())
                self._say("235 welcome")
            elif word == "DATA":
                self._say("354 go")
                self._take()
            elif word == "RCPT" and self._box.refuse:
                self._say("550 no such mailbox")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        lines = []
        while (line := self._read.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        self._box.mails.append("\n".join(lines))
        self._box.encrypted.append(self._secure)
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self._write.write(f"{text}\r\n".encode())
        self._write.flush()
