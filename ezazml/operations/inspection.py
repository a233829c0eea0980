"""What exists in an environment? Resources, outputs and links of what is deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ezazml.config.show import MASK
from ezazml.operations.workbench import Workbench


@dataclass(frozen=True)
class Resource:
    """One deployed resource."""

    address: str
    type: str
    name: str
    id: str


@dataclass(frozen=True)
class Inventory:
    """What is deployed. Sensitive outputs are masked."""

    where: str
    resources: tuple[Resource, ...]
    outputs: dict[str, Any]
    links: dict[str, str]


def inspect(bench: Workbench) -> Inventory:
    """Resources, outputs and links, from the environment's state."""
    root = bench.terraform.state().get("values", {}).get("root_module", {})
    resources = tuple(sorted(_resources(root), key=lambda resource: resource.address))
    outputs = {
        name: MASK if output["sensitive"] else output["value"] for name, output in bench.terraform.outputs().items()
    }
    return Inventory(bench.where, resources, outputs, _links(outputs))


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            values = resource["values"]
            name = values.get("name") or values.get("display_name") or resource["name"]
            yield Resource(resource["address"], resource["type"], str(name), str(values.get("id", "")))


def _links(outputs: Mapping[str, Any]) -> dict[str, str]:
    """Pages of the Azure portal and of Azure ML Studio."""
    if "workspace_id" not in outputs:
        return {}
    tenant = outputs.get("tenant_id")
    portal = f"https://portal.azure.com/#@{tenant}/resource"
    group = f"/subscriptions/{outputs['subscription_id']}/resourceGroups/{outputs['resource_group_name']}"
    return {
        "Azure ML Studio": f"https://ml.azure.com/?wsid={outputs['workspace_id']}&tid={tenant}",
        "Resource group": f"{portal}{group}",
        "Storage": f"{portal}{outputs['storage_account_id']}",
        "Key vault": f"{portal}{outputs['key_vault_id']}",
    }
