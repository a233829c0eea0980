"""How does data get from one datastore to another? Runs in Azure Machine Learning: copies a file or a folder."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path


def main() -> None:
    """Copy every file, and print how many there were. Exit code 1 for a source without files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="File or folder to read.")
    parser.add_argument("--target", type=Path, required=True, help="Folder to write to.")
    parser.add_argument("--overwrite", action="store_true", help="Replace files that exist; else they stay.")
    arguments = parser.parse_args()
    copied = kept = size = 0
    for path in files(arguments.source):
        target = arguments.target / (path.name if arguments.source.is_file() else path.relative_to(arguments.source))
        if target.exists() and not arguments.overwrite:
            kept += 1
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        copied += 1
        size += path.stat().st_size
    print(f"{copied} files copied ({size} bytes), {kept} left as they were.")  # noqa: T201
    if copied + kept == 0:
        sys.exit(f"{arguments.source}: there is no file to copy.")


def files(source: Path) -> Iterator[Path]:
    """The file itself, or every file in the folder."""
    if source.is_file():
        yield source
    else:
        yield from sorted(path for path in source.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
