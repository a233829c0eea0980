"""How fast are uploads? Ours and azure-storage-blob's own loop, side by side, to one Azurite.

One large file, many small ones, and the same small ones with the round trip of a network: a pause before every
answer, which is what a service that is not on this machine has.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Case, Result, measure
from tests.azurite import Azurite, azurite

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Size:
    """How much is uploaded: bytes of the large file, number of small files and of those over the slow line."""

    large: int
    small: int
    distant: int

    @property
    def large_text(self) -> str:
        return f"{self.large / 2**20:.0f} MiB in one file"


FULL = Size(large=2**30, small=10_000, distant=500)
SMALL = Size(large=32 * 2**20, small=50, distant=10)
#: Pause before every answer on the slow line, seconds: a region away.
ROUND_TRIP = 0.02
_SMALL_FILE = 4096


def uploads(size: Size, rounds: int, environ: Mapping[str, str]) -> dict[str, list[Result]]:
    """Title -> the SDK's own ways first, then ours. Every run goes to a container of its own."""
    with tempfile.TemporaryDirectory(prefix="ezazml-uploads-") as name:
        folder = Path(name)
        large, small, distant = _files(folder, size)
        with azurite(folder / "azurite") as storage:
            variables = {**environ, "UPLOAD_URL": storage.url, "UPLOAD_ACCOUNT": storage.account}
            variables |= {"UPLOAD_KEY": storage.key, "UPLOAD_PAUSE": "0"}
            slow = {**variables, "UPLOAD_PAUSE": str(ROUND_TRIP)}
            return {
                f"Upload of {size.large_text}": _sides(large, variables, rounds, storage, ("sdk", "sdk8", "ours")),
                f"Upload of {size.small} files of 4 KiB": _sides(small, variables, rounds, storage, ("sdk", "ours")),
                f"Upload of {size.distant} files of 4 KiB, {ROUND_TRIP * 1000:.0f} ms round trip": _sides(
                    distant, slow, rounds, storage, ("sdk", "ours")
                ),
                f"Upload of {size.small} files that are there": _again(small, variables, rounds),
            }


_NAMES = {
    "sdk": "azure-storage-blob: upload_blob",
    "sdk8": "azure-storage-blob: upload_blob, max_concurrency=8",
    "ours": "ours",
    "again": "ours, all there",
}


def _sides(
    source: Path, environ: Mapping[str, str], rounds: int, storage: Azurite, sides: tuple[str, ...]
) -> list[Result]:
    results = [Result(_NAMES[side]) for side in sides]
    for _ in range(rounds):
        for side, result in zip(sides, results, strict=True):
            (once,) = measure([_case(side, source, environ)], rounds=1, warm=False)
            result.seconds += once.seconds
            result.mebibytes += once.mebibytes
            # The disk stays small, and every run finds an empty server.
            for container in storage.service.list_containers():
                if not container.name.startswith("kept"):
                    storage.service.delete_container(container.name)
    return results


def _again(source: Path, environ: Mapping[str, str], rounds: int) -> list[Result]:
    """The first run fills a container; only the others count."""
    kept = {**environ, "UPLOAD_CONTAINER": "kept"}
    (first,) = measure([_case("ours", source, kept)], rounds=1, warm=False)
    return [first, *measure([_case("again", source, kept)], rounds=rounds, warm=False)]


def _case(side: str, source: Path, environ: Mapping[str, str]) -> Case:
    program = "upload_ours" if side in {"ours", "again"} else "upload_sdk"
    concurrency = "8" if side == "sdk8" else "1"
    command = [sys.executable, "-m", "benchmarks.programs", program, str(source), concurrency]
    return Case(_NAMES[side], command, ROOT, environ)


def _files(folder: Path, size: Size) -> tuple[Path, Path, Path]:
    large = folder / "large.bin"
    piece = os.urandom(2**20)
    with large.open("wb") as file:
        for number in range(size.large // len(piece)):
            file.write(number.to_bytes(8) + piece[8:])
    folders = []
    for name, count in (("small", size.small), ("distant", size.distant)):
        target = folder / name
        target.mkdir()
        for number in range(count):
            (target / f"{number:05}.bin").write_bytes(os.urandom(_SMALL_FILE))
        folders.append(target)
    return large, folders[0], folders[1]


@contextlib.contextmanager
def paused(seconds: float) -> Iterator[None]:
    """Every request of azure-core's transport waits so long: for both sides alike."""
    if not seconds:
        yield
        return
    import time
    from typing import Any

    from azure.core.pipeline.transport import RequestsTransport

    original = RequestsTransport.send

    def send(self: RequestsTransport, *arguments: Any, **options: Any) -> Any:
        time.sleep(seconds)
        return original(self, *arguments, **options)

    RequestsTransport.send = send
    try:
        yield
    finally:
        RequestsTransport.send = original


def main() -> None:
    """Only this part, printed as JSON: ``python -m benchmarks.uploads [--small] [--rounds N]``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uploads", description=__doc__)
    parser.add_argument("--small", action="store_true", help="A few files, to see that it works.")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    groups = uploads(SMALL if arguments.small else FULL, arguments.rounds, dict(os.environ))
    print(
        json.dumps(
            {title: {one.name: round(one.median_seconds, 2) for one in group} for title, group in groups.items()},
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
