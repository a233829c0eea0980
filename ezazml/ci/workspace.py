"""Does what was deployed answer? The workspace and its online endpoints, asked of Azure, with their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ezazml.azure.arm import AzureApis
from ezazml.ci.comment import text_of
from ezazml.errors import EzazmlError
from ezazml.operations.inspection import Inventory


@dataclass(frozen=True)
class Endpoint:
    """An online endpoint. ``uri`` is where it is asked."""

    name: str
    state: str
    uri: str


def endpoints_of(inventory: Inventory, azure: AzureApis) -> list[Endpoint]:
    """The workspace's online endpoints. Raises :class:`EzazmlError` when there is no workspace or it is not ready."""
    identifier = inventory.outputs.get("workspace_id")
    if not identifier:
        raise EzazmlError("Nothing is deployed: the state has no workspace.", hint="Deploy first: ezazml deploy ENV")
    workspace = azure.resource(str(identifier))
    if workspace is None:
        raise EzazmlError(f"The workspace {identifier} does not exist in Azure.", hint="Deploy again.")
    state = str((workspace.get("properties") or {}).get("provisioningState", ""))
    if state != "Succeeded":
        raise EzazmlError(f"The workspace {identifier} is {state or 'in no state'!r}, not 'Succeeded'.")
    found = azure.list(f"{identifier}/onlineEndpoints")
    return [
        Endpoint(
            str(one["name"]),
            str((one.get("properties") or {}).get("provisioningState", "")),
            str((one.get("properties") or {}).get("scoringUri") or ""),
        )
        for one in found
    ]


def require_ready(endpoints: Sequence[Endpoint]) -> None:
    """Raise :class:`EzazmlError` for endpoints that do not serve."""
    broken = [f"{one.name} ({one.state or 'unknown'})" for one in endpoints if one.state != "Succeeded"]
    if broken:
        raise EzazmlError(f"Endpoints that are not ready: {', '.join(broken)}.", hint="Look at their logs.")


def to_markdown(environment: str, inventory: Inventory, endpoints: Sequence[Endpoint]) -> str:
    """What a person looks for after a deployment."""
    lines = [
        f"### {text_of(environment)} ({text_of(inventory.where)})",
        "",
        f"{len(inventory.resources)} resources.",
        "",
    ]
    lines += [f"- [{text_of(page)}]({address.replace(')', '%29')})" for page, address in inventory.links.items()]
    if endpoints:
        lines += ["", "| endpoint | state | address |", "|---|---|---|"]
        lines += [f"| {text_of(one.name)} | {text_of(one.state)} | `{one.uri.replace('`', '')}` |" for one in endpoints]
    else:
        lines += ["", "No online endpoint."]
    return "\n".join([*lines, ""])
