"""How is one group of settings changed in an environment's file? Its block of lines, and nothing around it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ezazml.config.yaml_file import read_yaml
from ezazml.errors import InputError


def block_lines(group: str, settings: Mapping[str, Any]) -> str:
    """A group of settings as YAML lines."""
    return str(yaml.safe_dump({group: dict(settings)}, sort_keys=False, allow_unicode=True, width=120))


def write_block(path: Path, group: str, settings: Mapping[str, Any]) -> bool:
    """Put ``settings`` into the file as the group ``group``, in place of what it has; returns whether it changed.

    Comments around it and everything else stay. Raises :class:`InputError` when the file is written in a way that
    cannot be changed line by line, such as a group in braces over several lines: it is left as it was.
    """
    label = f"environments/{path.name}"
    text = path.read_text(encoding="utf-8")
    before = read_yaml(path, label=label)
    if before.data.get(group) == settings:
        return False
    lines = block_lines(group, settings)
    start = before.lines.get((group,))
    rows = text.splitlines(keepends=True)
    if start is None:
        new = text.rstrip("\n") + "\n\n" + lines
    else:
        end = start
        while end < len(rows) and re.match(r"[ \t]+\S|[ \t]*$", rows[end]):
            end += 1
        while not rows[end - 1].strip():
            end -= 1  # empty lines belong to what follows
        new = "".join([*rows[: start - 1], lines, *rows[end:]])
    if _loaded(new) != {**before.data, group: settings}:
        raise InputError(
            f"{label}: its form is too unusual to change {group!r} in it; it was left as it is.",
            hint=f"Write it yourself:\n{lines}",
        )
    path.write_text(new, encoding="utf-8")
    return True


def _loaded(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None
