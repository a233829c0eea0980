"""What is a branch's environment called? Always the same for one branch, and never the same for two."""

from __future__ import annotations

import base64
import hashlib
import re

from ezazml.errors import InputError

#: Letters and digits of the branch's hash at the end of the name: 32^5 = 33 million endings for one ticket.
HASH_LENGTH = 5
#: Ticket and hash together. With one letter as prefix it fits every kind of name: the tightest are a key vault's (24
#: characters: `e-abc-123-k3x9q-akv-01`) and a cluster's (32, which leaves twelve: `e-abc-123-k3x9q-spot-cluster-w01`).
NAME_LENGTH = 13
#: Tags take 256 characters, and the branch is one.
BRANCH_LENGTH = 200

_TICKET_LENGTH = NAME_LENGTH - HASH_LENGTH - 1
_TICKET = re.compile(r"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9]*)-(\d+)(?![A-Za-z0-9])")
#: What git refuses in the name of a branch (git, "git-check-ref-format").
_REFUSED = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|^[-/.]|[/.]$|^@$")


def feature_environment_name(branch: str, *, prefix: str) -> str:
    """``abc-123-k3x9q`` for the branch ``feature/ABC-123-some-feature``: its ticket, and five characters of its hash.

    ``prefix`` is that of the environment it is made from. It is part of the hash, so that two teams with the same
    tickets do not want the same names in Azure. Raises :class:`InputError` for what git takes for no branch.
    """
    branch = branch_of(branch)
    digest = hashlib.sha256(f"{prefix}/{branch}".encode()).digest()
    return f"{_ticket(branch)}-{base64.b32encode(digest).decode().lower()[:HASH_LENGTH]}"


def feature_prefix(prefix: str) -> str:
    """The prefix of every name in a feature environment: the first letter of the team's own."""
    return next((letter for letter in prefix.lower() if "a" <= letter <= "z"), "e")


def branch_of(reference: str) -> str:
    """The branch that ``reference`` names, which may begin with ``refs/heads/`` as in ``GITHUB_REF``.

    Raises :class:`InputError` for what git takes for no branch, and for one that is too long for a tag.
    """
    branch = reference.removeprefix("refs/heads/")
    if not branch or _REFUSED.search(branch):
        raise InputError(
            f"--branch: {reference!r} is not the name of a branch (git's rules: git check-ref-format).",
            hint="Give one such as feature/ABC-123-some-feature.",
        )
    if len(branch) > BRANCH_LENGTH:
        raise InputError(
            f"--branch: the name has {len(branch)} characters, at most {BRANCH_LENGTH} fit into a tag.",
            hint="Use a shorter name.",
        )
    return branch


def _ticket(branch: str) -> str:
    """At most seven characters that a person recognises: the ticket, else the beginning of the branch's last part."""
    last = branch.rsplit("/", 1)[-1]
    found = _TICKET.search(branch)
    if found is not None:
        letters, digits = found[1].lower(), found[2]
        # The number says more than the project.
        text = f"{letters[: max(1, _TICKET_LENGTH - 1 - len(digits))]}-{digits}"
    else:
        text = re.sub(r"[^a-z0-9]+", "-", last.lower()).strip("-")
    if not text[:1].isalpha():
        text = f"f{text}"  # names start with a letter
    return text[:_TICKET_LENGTH].rstrip("-")
