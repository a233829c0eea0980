"""How does a program get into a container that is not its own? With a shared access signature."""

from __future__ import annotations

from datetime import datetime


def signature(account: str, container: str, key: str, *, end: datetime) -> str:
    """A signature for everything in one container, until ``end``."""
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas  # noqa: PLC0415 - slow to import

    rights = ContainerSasPermissions(read=True, add=True, create=True, write=True, delete=True, list=True)
    return str(generate_container_sas(account, container, account_key=key, permission=rights, expiry=end))
