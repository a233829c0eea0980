"""Log files are where the configuration says, with the date in their name."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import pytest

from ezazml.config.models import Logging
from ezazml.errors import InputError
from ezazml.logs import log_to_file


def test_no_file_is_written_unless_one_is_named(tmp_path: Path) -> None:
    assert log_to_file(Logging(), tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_without_a_file_nothing_that_is_logged_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("ezazml")
    before, logger.handlers, logger.propagate = logger.handlers, [], False
    try:
        logging.getLogger("ezazml.test").error("printed")
        log_to_file(Logging(), tmp_path)
        logging.getLogger("ezazml.test").error("not printed")
    finally:
        logger.handlers, logger.propagate = before, True
    assert capfd.readouterr().err == "printed\n"


def test_the_placeholder_becomes_the_date(tmp_path: Path) -> None:
    settings = Logging(file="logs/[DATETIME_PLACEHOLDER]_app.log", datetime_format="%Y", format="%(message)s!")
    path = log_to_file(settings, tmp_path)
    logging.getLogger("ezazml.test").info("hello")
    assert path == tmp_path / "logs" / f"{datetime.now():%Y}_app.log"
    assert path.read_text() == "hello!\n"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Logging(file="/proc/none/x.log"), "logging.file"),
        (Logging(file="x.log", format="%(nonsense"), "logging.format"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, settings: Logging, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        log_to_file(settings, tmp_path)
