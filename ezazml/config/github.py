"""How is a repository of GitHub named? ``owner/name``, or with the ids that GitHub never gives again.

GitHub's tokens name a repository that was created or renamed since July 15, 2026 as ``owner@id/name@id`` ("Immutable
subject claims for GitHub Actions OIDC tokens"), and older ones when their owner asks for it. Entra compares the whole
text, so the settings must hold the form that the repository has.
"""

from __future__ import annotations

import re

from pydantic import Field

_WORD = r"[A-Za-z0-9._-]+"
REPOSITORY = re.compile(rf"^{_WORD}(/{_WORD}|@[0-9]+/{_WORD}@[0-9]+)$")
FORMS = "owner/name, or owner@id/name@id"
_IDS = r"""'"\(.owner.login)@\(.owner.id)/\(.name)@\(.id)"'"""


def repository_field() -> str:
    """The field of a setting that names a repository in the subjects of GitHub's tokens."""
    text = f"{FORMS}: as the repository's tokens name it, see docs/ci.md"
    field: str = Field(description=text, pattern=REPOSITORY.pattern)
    return field


def repository_name(repository: str) -> str:
    """``owner/name``, as addresses and programs of GitHub want it."""
    return re.sub(r"@[0-9]+", "", repository)


def ids_command(repository: str) -> str:
    """The call of ``gh`` that prints the form with ids; empty for a repository that has it."""
    return "" if "@" in repository else f"gh api repos/{repository} --jq {_IDS}"
