"""May the deployer reach the workspace's data yet? A new role counts after seconds to minutes; this asks until it does.

A step after a deployment that uploads something calls it first (see ``after`` of ``deployment.deploy``).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ezazml.errors import EzazmlError
from ezazml.terraform.runner import Progress
from jobs.azure_errors import readable_errors
from jobs.connection import Connection

_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 15.0
_FORBIDDEN = 403
#: What storage answers where its network refuses, whatever the roles (Microsoft Learn, "Common REST API error codes");
#: new network rules count after half a minute.
_NETWORK_REFUSES, _NETWORK_SECONDS = "AuthorizationFailure", 60.0


def wait_for_data_access(
    connection: Connection,
    *,
    show: Progress,
    timeout_seconds: float = 600.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return as soon as the login reads a container of the workspace's storage account.

    Raises :class:`EzazmlError` when it is still refused after ``timeout_seconds``, by the network after a minute, and
    :class:`AzureError` for everything else, at once.
    """
    from azure.core.exceptions import HttpResponseError  # noqa: PLC0415 - only what talks to Azure needs it

    account = connection.deployment.storage_account
    container = connection.deployment.output("storage_container_names")[0]
    client = connection.blobs(account).get_container_client(container)
    waited, pause = 0.0, _FIRST_PAUSE_SECONDS
    while True:
        with readable_errors(f"Reading container {container!r} of storage account {account}"):
            try:
                client.get_container_properties()
                return
            except HttpResponseError as error:
                if error.status_code != _FORBIDDEN:
                    raise
                refused = error
        by_network = getattr(refused, "error_code", None) == _NETWORK_REFUSES
        if by_network and waited >= _NETWORK_SECONDS:
            raise EzazmlError(
                f"The network of storage account {account} refuses this machine ({_NETWORK_REFUSES}).",
                hint="A private environment is worked in from inside its network; otherwise add this machine's public "
                "address to network.allowed_ips and deploy.",
            ) from refused
        if waited >= timeout_seconds:
            raise EzazmlError(
                f"The login may not read storage account {account} after {waited:.0f} seconds: {refused.reason}.",
                hint="It needs Storage Blob Data Contributor there, which the deployment gives to the deployer.",
            ) from refused
        what = "network rules of" if by_network else "role on"
        show(f"waiting for the {what} {account} to count ({waited:.0f} s)")
        sleep(pause)
        waited, pause = waited + pause, min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
