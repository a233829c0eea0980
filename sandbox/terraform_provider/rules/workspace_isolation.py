"""How is a workspace kept apart: its managed network, the subnet of serverless jobs, its own key?"""

from __future__ import annotations

from typing import Any

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.base import Azure, AzureError, Values
from sandbox.terraform_provider.rules.key_vault_keys import require_customer_key
from sandbox.terraform_provider.rules.managed_network import managed_network


def is_isolated(workspace: ArmObject) -> bool:
    """Whether a workspace has a managed network."""
    mode = workspace.get("properties", {}).get("managedNetwork", {}).get("isolationMode", "Disabled")
    return bool(mode != "Disabled")


def fill_isolation(azure: Azure, values: Values, body: ArmObject) -> None:
    """What the blocks ``managed_network``, ``serverless_compute`` and ``encryption`` are in ARM."""
    properties: dict[str, Any] = body["properties"]
    blocks = values.get("managed_network") or []
    network = managed_network(blocks, properties.get("managedNetwork"))
    if network is not None:
        properties["managedNetwork"] = network
        properties["provisionNetworkNow"] = bool(blocks and blocks[0].get("provision_on_creation_enabled"))
    properties.pop("serverlessComputeSettings", None)
    for block in values.get("serverless_compute") or []:
        properties["serverlessComputeSettings"] = _serverless(azure, block, properties)
    properties.pop("encryption", None)
    for block in values.get("encryption") or []:
        properties["encryption"] = _encryption(azure, block, values)
    properties["enableServiceSideCMKEncryption"] = bool(values.get("service_side_encryption_enabled"))


def isolation_values(properties: dict[str, Any]) -> Values:
    """The blocks again. A workspace without a managed network has no such block, as configured."""
    values: Values = {
        "service_side_encryption_enabled": bool(properties.get("enableServiceSideCMKEncryption")),
        "serverless_compute": [],
        "encryption": [],
    }
    if "managedNetwork" in properties:
        values["managed_network"] = [
            {
                "isolation_mode": properties["managedNetwork"]["isolationMode"],
                "provision_on_creation_enabled": bool(properties.get("provisionNetworkNow")),
            }
        ]
    serverless = properties.get("serverlessComputeSettings")
    if serverless is not None:
        subnet, hidden = serverless["serverlessComputeCustomSubnet"], serverless["serverlessComputeNoPublicIP"]
        values["serverless_compute"] = [{"subnet_id": subnet, "public_ip_enabled": not hidden}]
    encryption = properties.get("encryption")
    if encryption is not None:
        key = encryption["keyVaultProperties"]
        values["encryption"] = [
            {
                "key_vault_id": key["keyVaultArmId"],
                "key_id": key["keyIdentifier"],
                "user_assigned_identity_id": encryption["identity"]["userAssignedIdentity"],
            }
        ]
    return values


def _serverless(azure: Azure, block: Values, properties: dict[str, Any]) -> dict[str, Any]:
    subnet, public = block.get("subnet_id"), bool(block.get("public_ip_enabled"))
    if subnet is None and not public and properties["publicNetworkAccess"] == "Disabled":
        text = "`public_ip_enabled` must be set to  `true` if `subnet_id` is not set and "
        text += "`public_network_access_enabled` is `false`"
        raise AzureError("InvalidConfiguration", text, attribute="serverless_compute")
    if subnet is not None and azure.store.get(subnet) is None:
        text = f"Subnet '{subnet}' does not exist."
        raise AzureError("ParentResourceNotFound", text, attribute="serverless_compute")
    return {"serverlessComputeCustomSubnet": subnet, "serverlessComputeNoPublicIP": not public}


def _encryption(azure: Azure, block: Values, values: Values) -> dict[str, Any]:
    identity_id = block.get("user_assigned_identity_id") or ""
    identities = [one for own in values.get("identity") or [] for one in own.get("identity_ids") or []]
    if identity_id not in identities:
        text = "The identity that reads the customer-managed key must be an identity of the workspace."
        raise AzureError("BadRequest", text, attribute="encryption")
    require_customer_key(azure, key_id=block["key_id"], identity_id=identity_id, attribute="encryption")
    return {
        "status": "Enabled",
        "identity": {"userAssignedIdentity": identity_id},
        "keyVaultProperties": {"keyVaultArmId": block["key_vault_id"], "keyIdentifier": block["key_id"]},
    }
