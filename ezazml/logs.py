"""Where do the commands log? A file, if the configuration names one; nothing is logged at import."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from ezazml.config.models import Logging
from ezazml.errors import InputError

PLACEHOLDER = "[DATETIME_PLACEHOLDER]"


def log_to_file(settings: Logging, root: Path) -> Path | None:
    """Send the ``ezazml`` loggers to the file that ``settings`` names, relative to ``root``; returns its path.

    ``[DATETIME_PLACEHOLDER]`` in the name becomes the time in ``datetime_format``. Raises :class:`InputError` when
    the file cannot be written or the format is wrong.
    """
    logger = logging.getLogger("ezazml")
    if settings.file is None:
        # Else Python would print what is logged as an error, a second time, on standard error.
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        return None
    # The local time: people look for the file of the hour that their clock shows.
    path = root / settings.file.replace(PLACEHOLDER, datetime.now().strftime(settings.datetime_format))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8", delay=False)
    except OSError as error:
        raise InputError(f"logging.file: {path} cannot be written: {error.strerror}.", hint="Set another.") from error
    try:
        handler.setFormatter(logging.Formatter(settings.format))
    except ValueError as error:
        raise InputError(f"logging.format: {error}.", hint="Use the form of Python's logging.Formatter.") from error
    for known in list(logger.handlers):
        if isinstance(known, logging.FileHandler):
            logger.removeHandler(known)
            known.close()
    logger.addHandler(handler)
    if not logger.isEnabledFor(logging.INFO):  # it may show debug messages already
        logger.setLevel(logging.INFO)
    return path
