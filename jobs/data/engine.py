"""How do we use the mltable library? Without its telemetry, and with errors that a person can read.

The library's engine is native: it reports to a public host even when it reads local files, and its errors are
nested dumps of Rust values.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ezazml.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

#: What the engine's message holds -> what it means. The first that fits counts.
_MEANINGS: tuple[tuple[str, str], ...] = (
    (r"unconsumed: \"(?P<rest>.*?)\", expression", "the filter cannot be understood from {rest!r} on."),
    (r"InvalidPythonExpression", "the filter cannot be understood."),
    (r"StreamError\(NotFound\)", "a file that the table names does not exist."),
    (r"StreamError\(PermissionDenied", "the login may not read a file that the table names."),
    (r"Invalid Parquet file", "a file is not Parquet."),
    (r"EncodingError", "a file is no text in the encoding given (or no CSV at all)."),
    (r"ParseJsonFailure", "a file is not JSON lines: every line must be one JSON object."),
    (r"Unable to find any delta table metadata", "the folder is no Delta table: it has no _delta_log."),
    (r"DataMaterializationError\(NoColumns", "no column is left."),
    (r"Not able to find MLTable file", "the folder holds no file named MLTable."),
    (r"Error Message: (?P<rest>[^|]*)", "{rest}"),
)


def mltable_library() -> ModuleType:
    """The ``mltable`` module, silent and ready. Take it from here only: the first use decides about the telemetry."""
    from azureml.dataprep.api import _loggerfactory, _rslex_executor  # noqa: PLC0415 - 0.2 s, and few commands need it

    # The engine's switch for data that must not be reported about ("high business impact").
    _rslex_executor.HBI_MODE = True
    # It logs every error that it also raises; without a handler Python would print that.
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(_loggerfactory.__name__):
            logging.getLogger(name).addHandler(logging.NullHandler())
    with _without_ipv6_in_no_proxy():
        _rslex_executor.ensure_rslex_environment()
    import mltable  # noqa: PLC0415

    library: ModuleType = mltable
    return library


@contextmanager
def _without_ipv6_in_no_proxy() -> Iterator[None]:
    """The engine takes what follows the first colon of ``::1`` for a port, and does not start."""
    kept = {name: os.environ[name] for name in ("NO_PROXY", "no_proxy") if name in os.environ}
    try:
        for name, value in kept.items():
            os.environ[name] = ",".join(host for host in value.split(",") if host.count(":") < 2)
        yield
    finally:
        os.environ.update(kept)


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn errors of the engine inside the block into an :class:`InputError` that begins with ``what``."""
    try:
        yield
    except Exception as error:
        if not _is_the_engines(error):
            raise
        raise InputError(f"{what}: {meaning_of(str(error))}") from error


def meaning_of(message: str) -> str:
    """What a message of the engine means, as one sentence."""
    for pattern, meaning in _MEANINGS:
        match = re.search(pattern, message, re.DOTALL)
        if match:
            rest = (match.groupdict().get("rest") or "").strip()
            text = meaning.format(rest=rest)
            return text if text.endswith(".") else f"{text}."
    first = next((line.strip() for line in message.splitlines() if line.strip()), "the engine gives no reason")
    return first if first.endswith(".") else f"{first}."


def first_rows(table: Any, rows: int | None, *, what: str) -> pd.DataFrame:
    """The first rows of a table (all without ``rows``). Raises :class:`InputError`, beginning with ``what``."""
    with readable(what), warnings.catch_warnings():
        # It warns when files differ in their columns, which is what some header modes are for.
        warnings.simplefilter("ignore")
        limited = table if rows is None else table.take(rows)
        frame: pd.DataFrame = limited.to_pandas_dataframe()
        return frame


def _is_the_engines(error: BaseException) -> bool:
    return any(kind.__module__.startswith("azureml.") or kind.__name__ == "PyErr" for kind in type(error).__mro__)
