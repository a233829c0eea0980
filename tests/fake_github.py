"""GitHub's REST API for tests: comments, issues and checks of one repository, on the loopback address."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "a-token-of-the-test"


class FakeGitHub:
    """What was written, and the address."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.branches: dict[str, str] = {}
        self.environments: dict[str, list[str]] = {}
        self.requests: list[str] = []
        self.url = ""

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, Any]:
        self.requests.append(f"{method} {path}")
        bot = {"user": {"type": "Bot", "login": "github-actions[bot]"}}
        if method == "GET" and (path.endswith("/comments") or path.endswith("/issues")):
            everything = self.comments if path.endswith("/comments") else self.issues
            page, size = int(query["page"][0]), int(query["per_page"][0])
            listed = [one for one in everything if one.get("state", "open") == "open"]
            return 200, listed[(page - 1) * size : page * size]
        if method == "POST" and path.endswith(("/comments", "/issues")):
            target = self.comments if path.endswith("/comments") else self.issues
            number = len(target) + 1
            target.append({"id": number, "number": number, "html_url": f"https://github.test/{number}", **bot, **body})
            return 201, target[-1]
        if method == "PATCH" and (found := re.search(r"/(issues/comments|issues)/(\d+)$", path)):
            target = self.comments if found[1].endswith("comments") else self.issues
            target[int(found[2]) - 1].update(body)
            return 200, target[int(found[2]) - 1]
        if method == "POST" and path.endswith("/check-runs"):
            self.checks.append(body)
            return 201, body
        if method == "GET" and (asked := re.search(r"/environments/([^/]+)$", path)):
            rules = self.environments.get(unquote(asked[1]))
            found_rules = {"protection_rules": [{"id": 1, "type": rule} for rule in rules or []]}
            return (404, {"message": "Not Found"}) if rules is None else (200, found_rules)
        if "/git/ref/heads/" in path:
            commit = self.branches.get(unquote(path.split("/git/ref/heads/")[1]))
            return (200, {"object": {"sha": commit}}) if commit else (404, {"message": "Not Found"})
        return 404, {"message": f"unknown: {method} {path}"}


@contextmanager
def fake_github() -> Iterator[FakeGitHub]:
    github = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            address = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, answer = 401, {"message": "Bad credentials"}
            else:
                status, answer = github.answer(
                    self.command, address.path, parse_qs(address.query), json.loads(text or b"{}")
                )
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _do

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    github.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()
