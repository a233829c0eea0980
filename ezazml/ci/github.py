"""How is GitHub told? One comment per pull request, one issue per subject, and the result of a check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ezazml.errors import EzazmlError, InputError

_PAGE = 100
_TIMEOUT_SECONDS = 30
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
Json = dict[str, Any]


@dataclass(frozen=True)
class GitHub:
    """The REST API for one repository ("GitHub REST API documentation", issues and checks)."""

    repository: str
    token: str
    api: str = "https://api.github.com"

    def upsert_comment(self, number: int, marker: str, body: str) -> str:
        """Write the comment that starts with ``marker``, or update it in place. Returns its address."""
        for comment in self._list(f"issues/{number}/comments"):
            if _is_ours(comment, marker):
                return str(self._send("PATCH", f"issues/comments/{comment['id']}", {"body": body})["html_url"])
        return str(self._send("POST", f"issues/{number}/comments", {"body": body})["html_url"])

    def upsert_issue(self, marker: str, *, title: str, body: str, label: str) -> str:
        """Open the issue whose text starts with ``marker``, or update the open one. Returns its address."""
        found = self._open_issue(marker, label)
        if found is not None:
            return str(self._send("PATCH", f"issues/{found['number']}", {"title": title, "body": body})["html_url"])
        return str(self._send("POST", "issues", {"title": title, "body": body, "labels": [label]})["html_url"])

    def close_issue(self, marker: str, *, label: str) -> str | None:
        """Close the open issue whose text starts with ``marker``. Returns its address, ``None`` if there is none."""
        found = self._open_issue(marker, label)
        if found is None:
            return None
        return str(self._send("PATCH", f"issues/{found['number']}", {"state": "closed"})["html_url"])

    def head_of(self, branch: str) -> str | None:
        """The commit at the end of a branch; ``None`` when the branch is gone."""
        answer = self._send("GET", f"git/ref/heads/{quote(branch)}", missing=True)
        return str(answer["object"]["sha"]) if answer else None

    def pass_check(self, name: str, commit: str, *, text: str) -> None:
        """Give a commit a check that has passed; the last one of a name counts."""
        output = {"title": name, "summary": text}
        body = {"name": name, "head_sha": commit, "status": "completed", "conclusion": "success", "output": output}
        self._send("POST", "check-runs", body)

    def protection_rules(self, environment: str) -> list[str] | None:
        """Types of the rules that protect a GitHub environment (``required_reviewers``, ...); ``None``: there is none.

        Needs the permission ``actions: read``.
        """
        answer = self._send("GET", f"environments/{quote(environment, safe='')}", missing=True)
        return [str(rule.get("type")) for rule in answer.get("protection_rules") or []] if answer else None

    def _open_issue(self, marker: str, label: str) -> Json | None:
        issues = self._list("issues", state="open", labels=label)
        return next((one for one in issues if "pull_request" not in one and _is_ours(one, marker)), None)

    def _list(self, path: str, **query: str) -> Iterator[Json]:
        page = 1
        while True:
            found = self._request("GET", path, None, {**query, "per_page": str(_PAGE), "page": str(page)})
            yield from found
            if len(found) < _PAGE:
                return
            page += 1

    def _send(self, method: str, path: str, body: Json | None = None, *, missing: bool = False) -> Json:
        answer: Json = self._request(method, path, body, {}, missing=missing)
        return answer

    def _request(
        self, method: str, path: str, body: Json | None, query: Mapping[str, str], *, missing: bool = False
    ) -> Any:
        import requests  # noqa: PLC0415 - part of azure-core; commands that only read files do without

        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        address = f"{self.api}/repos/{self.repository}/{path}"
        try:
            answer = requests.request(
                method, address, json=body, params=query, headers=headers, timeout=_TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise EzazmlError(f"GitHub cannot be reached ({type(error).__name__}).", hint="Run it again.") from error
        if missing and answer.status_code == 404:
            return None
        if answer.status_code >= 400:
            text = f"{method} {path}: GitHub answers {answer.status_code}: {_message(answer)}."
            raise EzazmlError(text, hint="Has the job the permission (docs/ci.md), and the token not expired?")
        return answer.json()


def github_of(environ: Mapping[str, str]) -> GitHub:
    """GitHub as the step's variables say. Raises :class:`InputError` for one that is missing."""
    repository, token = environ.get("GITHUB_REPOSITORY", ""), environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN")
    if not _REPOSITORY.fullmatch(repository):
        raise InputError(f"GITHUB_REPOSITORY: {repository!r} is not owner/name.", hint="GitHub Actions sets it.")
    if not token:
        raise InputError("GITHUB_TOKEN is not set.", hint="In a workflow: env: {GITHUB_TOKEN: ${{ github.token }}}")
    return GitHub(repository, token, environ.get("GITHUB_API_URL") or "https://api.github.com")


def _is_ours(item: Json, marker: str) -> bool:
    """Only what a workflow wrote: a person's text that begins with the marker is not overwritten."""
    return str(item.get("body") or "").startswith(marker) and (item.get("user") or {}).get("type") == "Bot"


def _message(answer: Any) -> str:
    try:
        return str(answer.json().get("message"))
    except (ValueError, AttributeError):
        return str(answer.reason)
