"""Which resource groups are there in Azure, and with which tags?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ezazml.azure.arm import AzureApis
from ezazml.errors import EzazmlError


@dataclass(frozen=True)
class ResourceGroup:
    """A resource group and its tags."""

    name: str
    tags: Mapping[str, str]


def tagged_groups(azure: AzureApis, tag: str) -> list[ResourceGroup]:
    """Resource groups of a subscription that carry ``tag`` (Azure, "Resource Groups - List").

    Raises :class:`EzazmlError` when Azure cannot be asked, or does not know the subscription.
    """
    bodies = azure.list(f"{azure.subscription}/resourcegroups", **{"$filter": f"tagName eq '{tag}'"})
    # Nothing in a subscription that the login does not see is not the same as nothing.
    if not bodies and azure.resource(azure.subscription) is None:
        raise EzazmlError(
            f"The login does not see the subscription {azure.subscription_id}.",
            hint="Check subscription_id, and that the login has a role in it.",
        )
    groups = ((str(body["name"]), body.get("tags") or {}) for body in bodies)
    return [ResourceGroup(name, tags) for name, tags in groups if tag in tags]
