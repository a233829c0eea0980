"""Who is calling? Access tokens of the sandbox: unsigned, since nobody else would believe them, and short."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Sequence
from typing import Any

from sandbox.identity import SANDBOX_TENANT_ID

LIFETIME_SECONDS = 3600


def issue(
    *, audience: str, client_id: str, object_id: str = "", roles: Sequence[str] = (), now: float | None = None
) -> str:
    """A token for ``audience``, with the claims that Azure's SDKs and services read.

    ``roles`` are application permissions, such as those of Microsoft Graph.
    """
    start = int(time.time() if now is None else now)
    claims: dict[str, Any] = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{SANDBOX_TENANT_ID}/",
        "iat": start - 60,
        "nbf": start - 60,
        "exp": start + LIFETIME_SECONDS,
        "appid": client_id,
        "appidacr": "1",
        "idtyp": "app",
        "oid": object_id or client_id,
        "sub": object_id or client_id,
        "tid": SANDBOX_TENANT_ID,
        "uti": uuid.uuid4().hex,
        "ver": "1.0",
    }
    if roles:
        claims["roles"] = list(roles)
    return ".".join((_part({"typ": "JWT", "alg": "none"}), _part(claims), _encode(b"unsigned")))


def read(token: str, *, now: float | None = None) -> dict[str, Any] | None:
    """The claims of a token that this tenant issued and that has not ended; ``None`` for any other."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        ended = float(claims["exp"]) < (time.time() if now is None else now)
        return None if ended or claims["tid"] != SANDBOX_TENANT_ID else dict(claims)
    except (ValueError, KeyError, IndexError, TypeError):
        return None


def _part(value: dict[str, Any]) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
