"""The documentation says what the code does."""

from __future__ import annotations

import re

import pytest

from ezazml.cli.main import COMMANDS
from tools.docs import PARTS, ROOT, with_parts


@pytest.mark.parametrize("file", sorted({file for file, _ in PARTS}))
def test_generated_parts_are_current(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert with_parts(file, text) == text, "run: python -m tools.docs"


def test_links_between_documents_lead_somewhere() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`ezazml {name}" not in text] == []
