"""Is a file there on the web, and how does it get here? Plain http(s) URLs."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests

from ezazml.errors import EzazmlError, InputError

_TIMEOUT = (10, 60)
_CHUNK = 2**20


def require_reachable(url: str) -> None:
    """Raise :class:`InputError` when the server has no such file, :class:`EzazmlError` when it cannot be reached."""
    with _get(url):
        pass


def download(url: str, folder: Path) -> Path:
    """Download ``url`` into ``folder`` under its own name. Raises as :func:`require_reachable` does."""
    target = folder / (Path(unquote(urlsplit(url).path)).name or "download")
    with _get(url) as answer, target.open("wb") as file:
        for chunk in answer.iter_content(_CHUNK):
            file.write(chunk)
    return target


def _get(url: str) -> requests.Response:
    shown = url.partition("?")[0]
    try:
        # The body is read only where it is asked for; HEAD is refused by many servers.
        answer = requests.get(url, stream=True, timeout=_TIMEOUT)
    except requests.RequestException as error:
        raise EzazmlError(
            f"{shown}: the server cannot be reached ({type(error).__name__}).", hint="Check the URL and the network."
        ) from error
    if answer.ok:
        return answer
    answer.close()
    raise InputError(f"{shown}: the server answers {answer.status_code} {answer.reason}.", hint="Check the URL.")
