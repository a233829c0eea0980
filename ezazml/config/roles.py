"""Which roles are there, on what, and which go together? Azure's built-in roles and our bundles, as data.

Ids: Microsoft Learn, "Azure built-in roles". They are the same in every tenant.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

BUILT_IN_ROLES: dict[str, str] = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Compute Operator": "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "AzureML Registry User": "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
    "Azure AI Administrator": "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
    "Azure AI Enterprise Network Connection Approver": "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
    "Azure AI Developer": "64702f94-c441-49e6-a78b-ef80e0188fee",
    "Azure Machine Learning Workspace Connection Secrets Reader": "ea01e6af-a1c1-4350-9563-ad00f8c72ec5",
    "Storage Account Contributor": "17d1049b-9a84-46fb-8f53-869881c3d3ab",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Delegator": "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
    "Storage File Data Privileged Reader": "b8eda974-7b85-4f76-af95-65846b26df6d",
    "Storage File Data SMB Share Contributor": "0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Contributor": "f25e0fa2-a7c8-4377-a976-54943a77a395",
    "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Crypto Officer": "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
    "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "AcrDelete": "c2f4ef07-c644-48eb-af81-4b1b4947fb11",
    "Locks Contributor": "28bf596f-4eb7-45ce-b5bc-6cf482fec137",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Managed Identity Contributor": "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
    "Monitoring Reader": "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
    "Monitoring Contributor": "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Log Analytics Reader": "73c42c96-874c-492b-b04d-ab87d138a893",
    "Log Analytics Contributor": "92aaf0da-9dab-42b6-94a3-d43ce8d16293",
    "Cost Management Reader": "72fafb9e-0641-4937-9268-a91bfd8191a3",
    "Cost Management Contributor": "434105ed-43f6-45c7-a02f-909b2ba83430",
}

#: Short name of what a role can be given on -> what it is. The stack knows the id of each.
SCOPES: dict[str, str] = {
    "resource_group": "the resource group",
    "workspace": "the Azure ML workspace",
    "storage": "the workspace's storage account",
    "data_lake": "the data lake",
    "key_vault": "the key vault",
    "container_registry": "the container registry",
    "application_insights": "Application Insights",
    "log_analytics": "the Log Analytics workspace",
}


class RoleBundle(StrEnum):
    """What a principal is for."""

    CONTRIBUTOR = "contributor"
    TRAINER = "trainer"
    INFERENCE = "inference"
    READER = "reader"


@dataclass(frozen=True)
class Grant:
    """One role of a bundle. ``id`` is the end of its address: ``role_<who>_<id>``."""

    id: str
    role: str
    scope: str


@dataclass(frozen=True)
class Bundle:
    """Roles that go together, and what the vault's secrets are to their holder. ``purpose`` is for the docs."""

    purpose: str
    grants: tuple[Grant, ...]
    vault: Literal["none", "read", "read_write"]


_WORK = Grant("workspace", "AzureML Data Scientist", "workspace")
#: Sources: Microsoft Learn, "Manage access to Azure Machine Learning workspaces" (Data Scientist works with everything
#: in a workspace but its computes; Compute Operator with the computes), "Authenticate clients for online endpoints"
#: (scoring with an Entra token needs onlineEndpoints/score/action, which of the built-in roles for a workspace Data
#: Scientist has), "Authorize access to blobs using Microsoft Entra ID" (data roles).
BUNDLES: dict[RoleBundle, Bundle] = {
    RoleBundle.CONTRIBUTOR: Bundle(
        "deploys into the workspace and changes its resources, without giving roles",
        (
            Grant("group", "Contributor", "resource_group"),
            Grant("blobs", "Storage Blob Data Contributor", "storage"),
        ),
        "read_write",
    ),
    RoleBundle.TRAINER: Bundle(
        "runs jobs, registers assets, deploys models, manages computes, reads and writes data",
        (
            _WORK,
            Grant("compute", "AzureML Compute Operator", "workspace"),
            Grant("blobs", "Storage Blob Data Contributor", "storage"),
        ),
        "read",
    ),
    RoleBundle.INFERENCE: Bundle(
        "calls endpoints and reads data; no computes, no writing of data",
        (_WORK, Grant("blobs", "Storage Blob Data Reader", "storage")),
        "none",
    ),
    RoleBundle.READER: Bundle(
        "looks: assets, jobs, metrics and data",
        (
            Grant("workspace", "Reader", "workspace"),
            Grant("blobs", "Storage Blob Data Reader", "storage"),
            Grant("logs", "Log Analytics Reader", "log_analytics"),
        ),
        "none",
    ),
}
