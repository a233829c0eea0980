"""Who is acting? The login that Azure will see, and the person behind it in a pipeline."""

from __future__ import annotations

import base64
import getpass
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.azure_errors import readable_errors
from jobs.connection import credential_of

_ARM = "https://management.azure.com/.default"


@dataclass(frozen=True)
class Actor:
    """Who acts. ``identities`` are the names by which ``destroy.allowed_actors`` may list them, in lower case."""

    name: str
    identities: frozenset[str]
    machine: str

    def is_one_of(self, allowed: tuple[str, ...]) -> bool:
        """Whether the list names this actor; an empty list names everybody."""
        return not allowed or any(one.strip().lower() in self.identities for one in allowed)


def current_actor(environ: Mapping[str, str], *, tenant_id: str | None) -> Actor:
    """The owner of the login that Terraform uses, asked of Azure. Raises :class:`AzureError` when there is none."""
    with readable_errors("Asking Azure who is logged in"):
        token = credential_of(environ, tenant_id=tenant_id).get_token(_ARM).token
    return actor_of(claims_in(token), environ)


def claims_in(token: str) -> dict[str, Any]:
    """The claims of an access token. Not verified: Azure does that with every call, and grants nothing to a forgery."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}


def actor_of(claims: Mapping[str, Any], environ: Mapping[str, str]) -> Actor:
    """The actor that the claims of an access token describe.

    A person is who the token says. A pipeline logs in as an application, for whoever started it: there GitHub's
    GITHUB_TRIGGERING_ACTOR (or GITHUB_ACTOR) counts too. It does not count for a person's own login, where anybody
    could set the variable.
    """
    object_id, client_id = str(claims.get("oid") or ""), str(claims.get("appid") or claims.get("azp") or "")
    person = str(claims.get("upn") or claims.get("preferred_username") or claims.get("unique_name") or "")
    names = {object_id}
    if person and claims.get("idtyp") != "app":
        names.add(person)
        shown = person
    else:
        names.add(client_id)
        shown = f"application {client_id or object_id or 'unknown'}"
        github = environ.get("GITHUB_TRIGGERING_ACTOR") or environ.get("GITHUB_ACTOR")
        if github and environ.get("GITHUB_ACTIONS") == "true":
            names.add(f"github:{github}")
            shown = f"github:{github} ({shown})"
    return Actor(shown, frozenset(name.lower() for name in names if name), this_machine())


def this_machine() -> str:
    """User and name of this machine, as its operating system tells them."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for the user
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
