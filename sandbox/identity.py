"""Who is the sandbox to Azure's programs? Its subscription and its tenant, and the made-up login of one sandbox."""

from __future__ import annotations

from dataclasses import dataclass

#: Ids that Azure never issues: its own are random (version 4) UUIDs, these have version 0.
SANDBOX_SUBSCRIPTION_ID = "00000000-0000-0000-0000-5a4db0c50001"
SANDBOX_TENANT_ID = "00000000-0000-0000-0000-5a4db0c5aaad"
#: Where the hash of an application's secret is kept among the store's secrets.
SECRET_HASH = "sha256"  # noqa: S105 - the name of a hash


@dataclass(frozen=True)
class Credentials:
    """The sandbox's own made-up login, and the first password of its user."""

    client_id: str
    client_secret: str
    object_id: str
    user_password: str
