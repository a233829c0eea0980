"""What does an Azure resource id say? Its form by kind of resource, and its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_GROUP = rf"/subscriptions/(?P<subscription_id>{_GUID})/resourceGroups/(?P<resource_group>[\w().-]*[\w()-])"


@dataclass(frozen=True)
class ResourceKind:
    """A kind of resource: what people call it, with its article, and its type in Azure Resource Manager ("" for a
    resource group)."""

    label: str
    provider: str = ""
    parts: tuple[str, ...] = ()
    #: What the resource's own name looks like; see the rules of names.py.
    name_pattern: str = r"[^/\s]+"

    @property
    def form(self) -> str:
        """The form that its ids have, for messages."""
        names = "".join(f"/{part}/<{'name' if part == self.parts[-1] else part}>" for part in self.parts)
        return (
            f"/subscriptions/<id>/resourceGroups/<group>{f'/providers/{self.provider}' if self.provider else ''}{names}"
        )

    def parse(self, identifier: str) -> ResourceId | None:
        """The parts of an id, or ``None``. The provider compares with upper and lower case, so this does too."""
        patterns = [r"[^/\s]+"] * (len(self.parts) - 1) + [self.name_pattern]
        names = "".join(
            rf"/{part}/(?P<name{index}>{pattern})"
            for index, (part, pattern) in enumerate(zip(self.parts, patterns, strict=False))
        )
        provider = rf"/providers/{re.escape(self.provider)}" if self.provider else ""
        match = re.fullmatch(_GROUP + provider + names, identifier)
        if match is None:
            return None
        found = match.groupdict()
        own = tuple(found[f"name{index}"] for index in range(len(self.parts)))
        return ResourceId(identifier, found["subscription_id"].lower(), found["resource_group"], own)


@dataclass(frozen=True)
class ResourceId:
    """A resource id and its parts; ``names`` are those of the parents and, last, of the resource."""

    text: str
    subscription_id: str
    resource_group: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """The resource's own name; of a resource group, the group's."""
        return self.names[-1] if self.names else self.resource_group


RESOURCE_GROUP = ResourceKind("a resource group")
STORAGE_ACCOUNT = ResourceKind("a storage account", "Microsoft.Storage", ("storageAccounts",), r"[a-z0-9]{3,24}")
KEY_VAULT = ResourceKind("a key vault", "Microsoft.KeyVault", ("vaults",), r"[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]")
CONTAINER_REGISTRY = ResourceKind(
    "a container registry", "Microsoft.ContainerRegistry", ("registries",), r"[A-Za-z0-9]{5,50}"
)
APPLICATION_INSIGHTS = ResourceKind("Application Insights", "Microsoft.Insights", ("components",))
USER_ASSIGNED_IDENTITY = ResourceKind(
    "a user-assigned identity", "Microsoft.ManagedIdentity", ("userAssignedIdentities",), r"[A-Za-z0-9][\w-]{2,127}"
)
ACTION_GROUP = ResourceKind("an action group", "Microsoft.Insights", ("actionGroups",))
VIRTUAL_NETWORK = ResourceKind("a virtual network", "Microsoft.Network", ("virtualNetworks",))
SUBNET = ResourceKind("a subnet", "Microsoft.Network", ("virtualNetworks", "subnets"))


def parse_id(kind: ResourceKind, identifier: str) -> ResourceId:
    """The parts of an id that was checked when the configuration was loaded. Raises ``ValueError`` for another."""
    found = kind.parse(identifier)
    if found is None:
        raise ValueError(f"{identifier!r} is not the id of {kind.label}: {kind.form}")
    return found
