"""Where does an environment go: to Azure, or to the sandbox on this machine?

The product treats both alike. The target only fixes three settings, so that the two can never be mixed up:
for the sandbox the subscription and the tenant are ids that Azure never issues (Azure's are random version 4
UUIDs; these have version 0), and the state is kept on this machine.
"""

from __future__ import annotations

from enum import StrEnum


class Target(StrEnum):
    """Where an environment is deployed."""

    AZURE = "azure"
    SANDBOX = "sandbox"


SANDBOX_SUBSCRIPTION_ID = "00000000-0000-0000-0000-5a4db0c50001"
SANDBOX_TENANT_ID = "00000000-0000-0000-0000-5a4db0c5aaad"
