"""How does a dataframe come out of plain files, and get into one? CSV, Parquet, JSON; no MLTable needed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ezazml.errors import InputError
from jobs.data.sources import ENDINGS, ending_of

if TYPE_CHECKING:
    import pandas as pd

#: Endings that :func:`write_frame` knows.
WRITABLE = (".csv", ".parquet", ".json", ".jsonl")


def read_files(files: Iterable[Path], rows: int | None) -> pd.DataFrame:
    """The first rows (all without ``rows``) of the files one after the other; stops as soon as there are enough.

    Raises :class:`InputError` for a file that is not what its ending says.
    """
    import pandas as pd  # noqa: PLC0415 - takes half a second

    frames: list[pd.DataFrame] = []
    left = rows
    for file in files:
        frame = _read(file, left)
        frames.append(frame)
        if left is not None:
            left -= len(frame)
            if left <= 0:
                break
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write the dataframe as the ending of ``path`` says; JSON is one array, .jsonl one object a line.

    Raises :class:`InputError` for another ending and for a place that cannot be written to.
    """
    suffix = require_writable(path)
    try:
        if suffix == ".csv":
            frame.to_csv(path, index=False)
        elif suffix == ".parquet":
            frame.to_parquet(path, index=False)
        else:
            frame.to_json(path, orient="records", date_format="iso", lines=suffix == ".jsonl")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}.", hint="Check the folder.") from error


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON has them: dates as text, missing values as ``None``."""
    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", date_format="iso"))
    return rows


def require_writable(path: Path) -> str:
    """The ending of a file to write. Raises :class:`InputError` for one that is none of :data:`WRITABLE`."""
    suffix = path.suffix.lower()
    if suffix not in WRITABLE:
        raise InputError(f"{path}: a dataframe cannot be written so.", hint=f"Use one of {', '.join(WRITABLE)}.")
    return suffix


def _read(file: Path, rows: int | None) -> pd.DataFrame:
    """One file. Raises :class:`InputError` with the parser's reason."""
    extension = ending_of(file.name)
    if extension is None:
        endings = ", ".join(sorted(ending for known in ENDINGS.values() for ending in known))
        raise InputError(f"{file}: its ending does not tell what it is.", hint=f"Known: {endings}.")
    if file.stat().st_size == 0:
        raise InputError(f"{file}: the file is empty (0 bytes).", hint="Put the data into it.")
    try:
        if extension == "csv":
            return _read_csv(file, rows)
        return _read_parquet(file, rows) if extension == "parquet" else _read_json(file, rows)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror or error}.") from error
    except ValueError as error:  # pandas and pyarrow derive their errors from it
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(
            f"{file}: this is not {extension}: {reason}.", hint="Check the file and its ending."
        ) from error


def _read_csv(file: Path, rows: int | None) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415

    return pd.read_csv(file, sep="\t" if file.suffix.lower() == ".tsv" else ",", nrows=rows)


def _read_parquet(file: Path, rows: int | None) -> pd.DataFrame:
    """Only as many row groups as the rows need."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(file) as parquet:
        if rows is None:
            frame: pd.DataFrame = parquet.read().to_pandas()
            return frame
        batches: list[pa.RecordBatch] = []
        for batch in parquet.iter_batches(batch_size=max(rows, 1)):
            batches.append(batch)
            if sum(one.num_rows for one in batches) >= rows:
                break
        first: pd.DataFrame = pa.Table.from_batches(batches, schema=parquet.schema_arrow).slice(0, rows).to_pandas()
        return first


def _read_json(file: Path, rows: int | None) -> pd.DataFrame:
    """One array, or one object a line."""
    import pandas as pd  # noqa: PLC0415

    with file.open("rb") as stream:
        is_array = stream.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    if is_array:
        frame = pd.read_json(file, orient="records")
        return frame if rows is None else frame.head(rows)
    lines = pd.read_json(file, lines=True, nrows=rows)
    return lines if rows is None else lines.head(rows)  # it takes 0 rows for all of them
