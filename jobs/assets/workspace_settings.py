"""What do the settings of an environment say about its workspace that Terraform's provider cannot set?

A workspace reaches its own datastores by account key unless it is told to use identities. Where the storage account
takes no keys, uploads and jobs through ``workspaceblobstore`` fail otherwise (Microsoft Learn, "Disable shared key
access for your workspace's storage account"). The azurerm provider has the setting from 4.77.0 on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jobs.assets.asset import Definition, Kind
from jobs.deployment import Deployment

AUTH_MODE = "system_datastores_auth_mode"


def workspace_of_settings(deployment: Deployment, root: Path) -> Iterator[Definition]:
    """The workspace of the deployment, if there is something to say about it.

    A workspace that AML_WORKSPACE_NAME names is somebody else's: left as it is.
    """
    settings = deployment.environment.settings
    if settings.storage.shared_access_key_enabled or settings.work_in.workspace_name is not None:
        return
    label = f"environments/{deployment.name}.yaml"
    data = {"name": deployment.workspace, AUTH_MODE: "identity"}
    yield Definition(Kind.WORKSPACE, "", root / label, label, data, {})
