"""How do files get from the blobs to a job's folder, and back? Whole blobs, listed, downloaded and uploaded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

import httpx

from sandbox.blob import BlobError, BlobService
from sandbox.compute.errors import ComputeError

_CHUNK = 2**20
_TRIES = 4


@dataclass(frozen=True)
class Place:
    """A blob, or a folder of blobs: account, container, and the path in it."""

    account: str
    container: str
    path: str

    def below(self, path: str) -> Place:
        """A place in this folder."""
        return Place(self.account, self.container, "/".join(part for part in (self.path.rstrip("/"), path) if part))

    def __str__(self) -> str:
        return f"{self.account}/{self.container}/{self.path}"


class BlobFiles:
    """The blobs, as files."""

    def __init__(self, blobs: BlobService) -> None:
        self._blobs = blobs

    def names(self, place: Place) -> list[str]:
        """The blob at the place, or those in the folder: their whole names. Empty when there is none."""
        path = place.path.strip("/")
        found = list(self._list(place, path))
        if path in found and not place.path.endswith("/"):
            return [path]
        return [name for name in found if not path or name.startswith(path + "/")]

    def download(self, place: Place, folder: Path) -> Path:
        """Bring a blob into ``folder``, or the content of a folder. Returns the file, or ``folder``.

        Raises :class:`ComputeError` when nothing is there.
        """
        names = self.names(place)
        path = place.path.strip("/")
        if not names:
            raise ComputeError(f"There is nothing at {place}.")
        folder.mkdir(parents=True, exist_ok=True)
        if names == [path]:
            target = folder / PurePosixPath(path).name
            self._get(place, path, target)
            return target
        for name in names:
            relative = name[len(path) + 1 :] if path else name
            target = (folder / relative).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise ComputeError(f"The blob '{name}' of {place} would be written outside of the job's folder.")
            if not relative.endswith("/"):
                self._get(place, name, target)
        return folder

    def upload(self, local: Path, place: Place) -> int:
        """Write a file to the place, or every file of a folder below it. Returns how many."""
        if local.is_file():
            self._put(place, local)
            return 1
        files = [file for file in sorted(local.rglob("*")) if file.is_file()]
        for file in files:
            self._put(place.below(file.relative_to(local).as_posix()), file)
        return len(files)

    def _list(self, place: Place, prefix: str) -> Iterator[str]:
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix, "marker": marker}
            answer = self._again("GET", place, "", params=query)
            if answer.status_code == 404:
                raise ComputeError(f"There is no container '{place.container}' in the account '{place.account}'.")
            tree = ET.fromstring(answer.content)  # noqa: S314 - Azurite's own answer
            yield from (str(name.text) for name in tree.iter("Name"))
            marker = tree.findtext("NextMarker") or ""
            if not marker:
                return

    def _get(self, place: Place, name: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        answer = self._again("GET", place, name)
        if answer.status_code == 404:
            raise ComputeError(f"There is no blob '{name}' in {place.account}/{place.container}.")
        target.write_bytes(answer.content)

    def _put(self, place: Place, file: Path) -> None:
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Length": str(file.stat().st_size)}
        self._again("PUT", place, place.path.strip("/"), headers=headers, file=file)

    def _again(
        self,
        method: str,
        place: Place,
        name: str,
        *,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        file: Path | None = None,
    ) -> httpx.Response:
        """Ask; again when Azurite is just being started anew, as it is after an account was made."""
        for left in reversed(range(_TRIES)):
            try:
                answer = self._blobs.ask(
                    method,
                    place.account,
                    f"{place.container}/{name}".rstrip("/"),
                    params=params,
                    headers=headers,
                    content=None if file is None else _chunks(file),
                )
            except (httpx.HTTPError, BlobError, RuntimeError) as error:
                if not left:
                    raise ComputeError(f"The blobs cannot be reached: {error}") from error
                time.sleep(0.5)
                continue
            if answer.is_error and answer.status_code != 404:
                raise ComputeError(f"{method} {place.account}/{place.container}/{name}: {answer.status_code}")
            if answer.is_error and method == "PUT":
                raise ComputeError(f"There is no container '{place.container}' in the account '{place.account}'.")
            return answer
        raise AssertionError("unreachable")


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            yield chunk
