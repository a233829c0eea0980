"""How do local files get into a container? In parallel, with MD5, without sending again what is already there.

A run that was interrupted goes on where it stopped: it is run again, and finished files are skipped.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum
from os.path import commonprefix
from pathlib import Path
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError, ResourceModifiedError
from azure.storage.blob import ContentSettings

from ezazml.errors import InputError
from jobs.azure_errors import readable_errors
from jobs.data.blocks import BLOCK_SIZE, upload_in_blocks
from jobs.data.local_files import LocalFile, changed, find_files, listed, refused_name

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


class UploadMode(StrEnum):
    """What happens to names that exist: replaced, left alone, or nothing is sent at all."""

    OVERWRITE = "overwrite"
    APPEND = "append"
    FAIL = "fail_on_file_conflict"


@dataclass(frozen=True)
class UploadResult:
    """What an upload did, by blob name.

    ``skipped`` were there with the same size and MD5; ``kept`` were there with another content and left alone
    (append only). ``bytes`` counts what was sent.
    """

    prefix: str
    uploaded: tuple[str, ...]
    skipped: tuple[str, ...]
    kept: tuple[str, ...]
    bytes: int


def upload(
    source: Path,
    *,
    container: ContainerClient,
    prefix: str,
    mode: UploadMode,
    workers: int = 8,
    on_progress: Callable[[int, int], None] | None = None,
    leave_out: frozenset[str] = frozenset(),
) -> UploadResult:
    """Send the file ``source``, or the files in the folder ``source``, to ``prefix`` in the container.

    Every blob gets its content's MD5. ``on_progress(done, total)`` counts bytes; what need not be sent counts as
    done. ``leave_out`` are names of files and folders in it that are not sent. Raises :class:`InputError` before
    anything is sent for a source that cannot be sent, and with ``UploadMode.FAIL`` when any of the names exists;
    :class:`AzureError` when Azure refuses.
    """
    prefix = prefix.strip("/")
    found = [file for file in find_files(source) if leave_out.isdisjoint(file.name.split("/"))]
    files = _named(found, prefix)
    with readable_errors(f"Uploading {source} to {container.url.split('?')[0]}"):
        existing = _existing(container, [file.name for file in files])
        if mode is UploadMode.FAIL and existing:
            raise _conflict(sorted(existing), container)
        run = _Run(container, mode, existing, _Counter(sum(file.size for file in files), on_progress))
        with ThreadPoolExecutor(workers, "upload") as pool:
            try:
                run.send(files, pool, workers)
            except BaseException:
                # What is under way ends, what waits does not start; the next run goes on from there.
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return UploadResult(
        prefix, tuple(sorted(run.uploaded)), tuple(sorted(run.skipped)), tuple(sorted(run.kept)), sum(run.sent)
    )


def _named(files: Iterable[LocalFile], prefix: str) -> list[LocalFile]:
    """The files under their full blob names."""
    named = [LocalFile(file.path, f"{prefix}/{file.name}" if prefix else file.name, file.size) for file in files]
    problems = [f"{file.path}: {problem}" for file in named if (problem := refused_name(file.name))]
    if problems:
        raise InputError(f"Below {prefix!r}: {listed(problems)}", hint="Nothing was sent.")
    return named


@dataclass(frozen=True)
class _Existing:
    """A blob that has one of our names."""

    size: int
    md5: bytes | None


def _existing(container: ContainerClient, names: Sequence[str]) -> dict[str, _Existing]:
    """Which of the names are taken, found with one listing however many names there are."""
    wanted = set(names)
    return {
        blob.name: _Existing(blob.size, bytes(blob.content_settings.content_md5 or b"") or None)
        # Character by character: blob names are no paths.
        for blob in container.list_blobs(name_starts_with=commonprefix(list(names)))  # noqa: RUF071
        if blob.name in wanted
    }


def _conflict(names: Sequence[str], container: ContainerClient) -> InputError:
    verb = "exists" if len(names) == 1 else "exist"
    return InputError(
        f"{listed(names, ', ')} {verb} already in the container {container.container_name}; nothing was sent.",
        hint=f"Use the mode {UploadMode.OVERWRITE} or {UploadMode.APPEND}, or another path.",
    )


class _Counter:
    """Bytes that are done, counted from many threads."""

    def __init__(self, total: int, on_progress: Callable[[int, int], None] | None) -> None:
        self._total, self._done, self._report = total, 0, on_progress
        self._lock = threading.Lock()

    def add(self, size: int) -> None:
        """So many more bytes are done."""
        if self._report is not None:
            with self._lock:
                self._done += size
                self._report(self._done, self._total)


class _Run:
    """One upload under way. Its lists are appended to from many threads, which Python does atomically."""

    def __init__(
        self, container: ContainerClient, mode: UploadMode, existing: dict[str, _Existing], counter: _Counter
    ) -> None:
        self._container, self._mode, self._existing, self._counter = container, mode, existing, counter
        self.uploaded: list[str] = []
        self.skipped: list[str] = []
        self.kept: list[str] = []
        self.sent: list[int] = []

    def send(self, files: Sequence[LocalFile], pool: ThreadPoolExecutor, workers: int) -> None:
        """Small files side by side; then the large ones one after the other, the blocks of each side by side."""
        small = [pool.submit(self._small, file) for file in files if file.size <= BLOCK_SIZE]
        for file in files:
            if file.size > BLOCK_SIZE:
                self._large(file, pool, workers)
        for future in as_completed(small):
            future.result()

    def _small(self, file: LocalFile) -> None:
        data = _read(file)
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        if len(data) != file.size:
            raise changed(file)
        if self._need_not_send(file, lambda: md5):
            return
        try:
            # Without overwrite the request carries the condition: nobody else's blob is ever replaced.
            self._container.get_blob_client(file.name).upload_blob(
                data,
                length=len(data),
                overwrite=self._mode is UploadMode.OVERWRITE,
                content_settings=ContentSettings(content_md5=bytearray(md5)),
            )
        except (ResourceExistsError, ResourceModifiedError):
            self._taken_meanwhile(file)
            return
        self._counter.add(len(data))
        self.sent.append(len(data))
        self.uploaded.append(file.name)

    def _large(self, file: LocalFile, pool: ThreadPoolExecutor, workers: int) -> None:
        if self._need_not_send(file, lambda: _md5_of(file)):
            return
        blob = self._container.get_blob_client(file.name)
        overwrite = self._mode is UploadMode.OVERWRITE
        try:
            sent = upload_in_blocks(
                file, blob, overwrite=overwrite, pool=pool, at_once=workers + 2, on_bytes=self._counter.add
            )
        except (ResourceExistsError, ResourceModifiedError):
            self._taken_meanwhile(file)
            return
        self.sent.append(sent)
        self.uploaded.append(file.name)

    def _need_not_send(self, file: LocalFile, md5: Callable[[], bytes]) -> bool:
        """Whether the name is there with this content, or with another one that stays."""
        existing = self._existing.get(file.name)
        if existing is None:
            return False
        same = existing.size == file.size and existing.md5 is not None and existing.md5 == md5()
        if not same and self._mode is UploadMode.OVERWRITE:
            return False
        (self.skipped if same else self.kept).append(file.name)
        self._counter.add(file.size)
        return True

    def _taken_meanwhile(self, file: LocalFile) -> None:
        """Somebody made a blob of that name after the listing: append leaves it alone, fail says so."""
        if self._mode is UploadMode.FAIL:
            raise InputError(
                f"{file.name} was made by somebody else while this ran; it was left alone.",
                hint=f"Use the mode {UploadMode.OVERWRITE} or {UploadMode.APPEND}, or another path.",
            )
        self.kept.append(file.name)


def _read(file: LocalFile) -> bytes:
    try:
        return file.path.read_bytes()
    except OSError as error:
        raise InputError(f"{file.path}: the file cannot be read: {error.strerror}.") from error


def _md5_of(file: LocalFile) -> bytes:
    with file.path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).digest()
