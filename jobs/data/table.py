"""How is an MLTable made from paths and options? Through the mltable library, checked on the first rows."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ezazml.errors import InputError
from jobs.data.engine import first_rows, mltable_library, readable
from jobs.data.sources import Source, SourceKind, files_in, matches

if TYPE_CHECKING:
    import pandas as pd

#: Functions of the filter's language; every other name in it is a column.
_FUNCTIONS = frozenset({"col", "datetime"})


@dataclass(frozen=True)
class TableOptions:
    """How the files are read and what is kept of them, in the terms of MLTable.

    ``infer_column_types`` off leaves every column of a CSV text. ``filter`` is an expression of MLTable such as
    ``col('age') > 30``. ``delta_version`` and ``delta_timestamp`` (RFC 3339) choose a state of a Delta table.
    """

    extension: str = "csv"
    headers: str = "all_files_same_headers"
    infer_column_types: bool = True
    include_path_column: bool = False
    keep_columns: tuple[str, ...] = ()
    drop_columns: tuple[str, ...] = ()
    filter: str | None = None
    delimiter: str = ","
    encoding: str = "utf8"
    delta_version: int | None = None
    delta_timestamp: str | None = None


def read_only(sources: Sequence[Source], options: TableOptions) -> Any:
    """The table of the sources as they are: no column left out, no row filtered."""
    library = mltable_library()
    paths = [source.entry() for source in sources]
    with_path = options.include_path_column
    with readable("MLTable"):
        if options.extension == "csv":
            return library.from_delimited_files(
                paths,
                header=options.headers,
                delimiter=options.delimiter,
                encoding=options.encoding,
                include_path_column=with_path,
                infer_column_types=options.infer_column_types,
            )
        if options.extension == "parquet":
            return library.from_parquet_files(paths, include_path_column=with_path)
        if options.extension == "json":
            return library.from_json_lines_files(paths, encoding=options.encoding, include_path_column=with_path)
        return library.from_delta_lake(
            sources[0].uri,
            timestamp_as_of=options.delta_timestamp,
            version_as_of=options.delta_version,
            include_path_column=with_path,
        )


def narrowed(table: Any, options: TableOptions) -> Any:
    """The table with the filter, and then the columns, that the options ask for."""
    with readable("MLTable"):
        # The filter first: it may use columns that are not kept.
        if options.filter:
            table = table.filter(options.filter)
        if options.keep_columns:
            table = table.keep_columns(list(options.keep_columns))
        if options.drop_columns:
            table = table.drop_columns(list(options.drop_columns))
    return table


def check_options(options: TableOptions) -> None:
    """Raise :class:`InputError` for options that contradict each other or that the engine does not understand."""
    both = sorted(set(options.keep_columns) & set(options.drop_columns))
    if both:
        raise InputError(f"Columns are both kept and dropped: {', '.join(both)}.", hint="Name each in one list only.")
    if options.extension != "delta" and (options.delta_version is not None or options.delta_timestamp):
        raise InputError("A version or time of a Delta table is given, but the extension is not delta.")
    if options.delta_version is not None and options.delta_timestamp:
        raise InputError("Both a version and a time of the Delta table are given.", hint="Leave one.")
    if options.extension == "csv" and len(options.delimiter) != 1:
        raise InputError(
            f"The delimiter {options.delimiter!r} is not one character.", hint=r"Use , or ; or | or \t (a tab)."
        )
    if options.filter:
        _check_filter(options.filter)
        if options.extension == "csv" and not options.infer_column_types:
            _check_text_filter(options.filter)


def check_rows(sources: Sequence[Source], options: TableOptions, rows: int) -> pd.DataFrame:
    """The first rows of the finished table; all sources must be local.

    Raises :class:`InputError` for files that cannot be read as the options say, and for unknown columns.
    """
    label = ", ".join(source.uri for source in sources[:3]) + (", ..." if len(sources) > 3 else "")
    plain = read_only(sources, options)
    sample = first_rows(plain, max(rows, 1), what=label)
    columns = [str(name) for name in sample.columns]
    if not columns:
        raise InputError(f"{label}: no columns are found.", hint="Check the extension, delimiter and headers.")
    _check_columns(options, columns, label)
    return first_rows(narrowed(plain, options), rows, what=label)


def local_files(sources: Iterable[Source]) -> list[Path]:
    """Every file that local sources mean."""
    files: list[Path] = []
    for source in sources:
        if source.kind is SourceKind.PATTERN:
            files += [Path(path) for path in matches(source.uri)]
        elif source.kind is SourceKind.FOLDER:
            files += files_in(Path(source.uri))
        else:
            files.append(Path(source.uri))
    return files


def _check_columns(options: TableOptions, columns: Sequence[str], label: str) -> None:
    for what, names in (
        ("keep", options.keep_columns),
        ("drop", options.drop_columns),
        ("filter", _columns_in(options.filter)),
    ):
        # The engine ignores unknown columns, and a filter on one silently leaves no row.
        unknown = [name for name in names if name not in columns]
        if unknown:
            raise InputError(
                f"{label}: {what}: there is no column {', '.join(map(repr, unknown))}.",
                hint=f"The columns are {', '.join(columns)}.",
            )


def _columns_in(expression: str | None) -> list[str]:
    """The columns that a filter names, as ``col('x')`` or plainly. The engine's language is a part of Python's."""
    try:
        tree = ast.parse(expression or "None", mode="eval")
    except SyntaxError:
        return []  # The engine takes a little more than Python, and has accepted it.
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in _FUNCTIONS:
            names.append(node.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "col":
            names += [str(one.value) for one in node.args if isinstance(one, ast.Constant)]
    return list(dict.fromkeys(names))


def _check_text_filter(expression: str) -> None:
    """Compared with a number or a date, text is silently kept or left out as the engine likes."""
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        return
    for node in ast.walk(tree):
        for operand in [node.left, *node.comparators] if isinstance(node, ast.Compare) else ():
            inner = operand.operand if isinstance(operand, ast.UnaryOp) else operand
            is_number = isinstance(inner, ast.Constant) and not isinstance(inner.value, str)
            is_date = isinstance(inner, ast.Call) and getattr(inner.func, "id", "") == "datetime"
            if is_number or is_date:
                raise InputError(
                    f"Filter {expression!r}: without inferred column types every column is text, and cannot be "
                    f"compared with {ast.unparse(operand)}.",
                    hint=f"Compare with text, such as '{ast.unparse(operand)}', or leave --no-infer-column-types out.",
                )


def _check_filter(expression: str) -> None:
    """Let the engine itself read the filter, on a table of its own: the data may be far away."""
    with tempfile.TemporaryDirectory(prefix="ezazml-") as folder:
        file = Path(folder) / "one.csv"
        file.write_text("x\n1\n", encoding="utf-8")
        table = read_only([Source(SourceKind.FILE, str(file))], TableOptions()).filter(expression)
        first_rows(table, 1, what=f"Filter {expression!r}")
