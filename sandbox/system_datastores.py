"""What does Azure ML put into a new workspace, and into its storage account? Four datastores, and their containers."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.store import ArmObject, Store

CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
DATASTORES = "Microsoft.MachineLearningServices/workspaces/datastores"
DEFAULT = "workspaceblobstore"


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
    # Where the account's keys are off, identities are the only way in.
    by_identity = account["properties"].get("allowSharedKeyAccess") is False
    now = datetime.now(UTC).isoformat()
    for name, kind, field, place in (
        (DEFAULT, "AzureBlob", "containerName", f"azureml-blobstore-{unique}"),
        ("workspaceartifactstore", "AzureBlob", "containerName", "azureml"),
        ("workspacefilestore", "AzureFile", "fileShareName", f"azureml-filestore-{unique}"),
        ("workspaceworkingdirectory", "AzureFile", "fileShareName", f"code-{unique}"),
    ):
        properties = {
            "datastoreType": kind,
            "accountName": account["name"],
            field: place,
            "endpoint": "core.windows.net",
            "protocol": "https",
            "isDefault": name == DEFAULT,
            "credentials": {"credentialsType": "None" if by_identity else "AccountKey"},
            "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity" if by_identity else "None",
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
