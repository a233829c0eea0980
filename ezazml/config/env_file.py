"""What does an ``.env`` file say? Its variables, and the line of what is wrong: never its text, which may be secret."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import parse_stream

from ezazml.errors import Problem


def read_env_file(path: Path, label: str, problems: list[Problem]) -> Mapping[str, str]:
    """The variables in the file at ``path``, none if there is no file. Adds what is wrong to ``problems``."""
    if not path.exists():
        return {}
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(_text(path, label, problems))):
        # A name alone, which the shell's `export NAME` allows, sets nothing: whoever wrote it meant something else.
        if binding.error or (binding.key and binding.value is None):
            fix = "Correct it; a value with spaces needs a quote at both ends."
            text = binding.original.string
            # The parser counts the empty lines before it to the line.
            blank = text[: len(text) - len(text.lstrip())].count("\n")
            where = f"{label}:{binding.original.line + blank}"
            problems.append(Problem(where, "", "is not a line of the form NAME=value.", fix))
        elif binding.key and binding.value:
            values[binding.key] = binding.value
    return values


def _text(path: Path, label: str, problems: list[Problem]) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.append(Problem(label, "", f"cannot be read: {error.strerror}.", "Make it a readable file."))
        return ""
    try:
        # Editors on Windows put a byte order mark before UTF-8.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(Problem(f"{label}:{line}", "", "is not UTF-8 text.", "Save the file as UTF-8."))
        return ""
