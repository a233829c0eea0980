"""What does Azure ML put into a new workspace, and into its storage account? Four datastores, and their containers.

How they log in is a setting of the workspace, ``systemDatastoresAuthMode``: by account key unless it says identity
(Microsoft Learn, "Disable shared key access for your workspace's storage account").
"""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.store import ArmObject, Store

CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
DATASTORES = "Microsoft.MachineLearningServices/workspaces/datastores"
DEFAULT = "workspaceblobstore"
_ARTIFACTS, _FILES, _WORK = "workspaceartifactstore", "workspacefilestore", "workspaceworkingdirectory"


def add_container(store: Store, account: ArmObject, name: str) -> None:
    """Make a container in a storage account, unless it is there."""
    identifier = f"{account['id']}/blobServices/default/containers/{name}"
    if store.get(identifier) is None:
        properties = {"publicAccess": "None", "metadata": {}}
        store.put({"id": identifier, "type": CONTAINERS, "name": name, "properties": properties})


def add_system_datastores(store: Store, workspace: ArmObject) -> None:
    """Give a workspace its own datastores, unless it has them."""
    account = store.get(workspace["properties"]["storageAccount"])
    if account is None or store.get(f"{workspace['id']}/datastores/{DEFAULT}") is not None:
        return
    unique = workspace["properties"]["workspaceId"]
    now = datetime.now(UTC).isoformat()
    for name, kind, field, place in (
        (DEFAULT, "AzureBlob", "containerName", f"azureml-blobstore-{unique}"),
        (_ARTIFACTS, "AzureBlob", "containerName", "azureml"),
        (_FILES, "AzureFile", "fileShareName", f"azureml-filestore-{unique}"),
        (_WORK, "AzureFile", "fileShareName", f"code-{unique}"),
    ):
        properties = {
            "datastoreType": kind,
            "accountName": account["name"],
            field: place,
            "endpoint": "core.windows.net",
            "protocol": "https",
            "isDefault": name == DEFAULT,
            **_login(workspace),
            "subscriptionId": account["id"].split("/")[2],
            "resourceGroup": account["id"].split("/")[4],
            "tags": {},
            "properties": {},
            "description": None,
        }
        system_data = {"createdAt": now, "createdBy": "Azure ML", "createdByType": "Application"}
        identifier = f"{workspace['id']}/datastores/{name}"
        store.put(
            {"id": identifier, "name": name, "type": DATASTORES, "properties": properties, "systemData": system_data}
        )
        if kind == "AzureBlob":
            add_container(store, account, place)


def follow_workspace(store: Store, workspace: ArmObject) -> None:
    """The datastores log in as the workspace says now."""
    for name in (DEFAULT, _ARTIFACTS, _FILES, _WORK):
        body = store.get(f"{workspace['id']}/datastores/{name}")
        if body is not None:
            body["properties"] |= _login(workspace)
            store.put(body)


def _login(workspace: ArmObject) -> ArmObject:
    by_identity = str(workspace["properties"].get("systemDatastoresAuthMode", "accessKey")).lower() == "identity"
    return {
        "credentials": {"credentialsType": "None" if by_identity else "AccountKey"},
        "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity" if by_identity else "None",
    }
