"""How does a deleted environment come back? What Azure kept is recovered, what it stands on made again, then imported.

Terraform recovers the vault and the Log Analytics workspace itself when it makes them again
(``recover_soft_deleted_key_vaults``; Log Analytics always does). A workspace it cannot recover: that is asked of Azure
directly, once everything that the workspace refers to is there, and the result is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ezazml.azure.arm import AzureApis
from ezazml.errors import EzazmlError, InputError
from ezazml.operations.importing import (
    ImportBlock,
    existing_creations,
    import_blocks,
    read_stack,
    references_of,
    with_dependencies,
)
from ezazml.operations.soft_deleted import Kind, SoftDeleted, find_soft_deleted, ids_of, is_workspace_kept
from ezazml.operations.takeover import Takeover, import_existing
from ezazml.operations.ways_out import ways_out
from ezazml.operations.workbench import Workbench
from ezazml.report.plan_summary import PlanSummary, summarise

WORKSPACE = "azurerm_machine_learning_workspace.workspace"
#: The version whose workspaces have ``allowRecoverSoftDeletedWorkspace`` ("Allow a soft deleted workspace to be
#: recovered", Azure Resource Manager's template reference).
_RECOVERY_VERSION = "2022-01-01-preview"


@dataclass(frozen=True)
class RecoveryPlan:
    """What Azure keeps, and what is made again (or recovered by Terraform) before the workspace comes back."""

    kept: tuple[SoftDeleted, ...]
    needed: PlanSummary


@dataclass(frozen=True)
class Recovery:
    """What came back: the plan that was carried out, and the import of the workspace (``None``: it was there)."""

    plan: RecoveryPlan
    workspace: Takeover | None


#: Shown the plan, answers whether to go on.
Confirm = Callable[[RecoveryPlan], bool]


def recover(bench: Workbench, azure: AzureApis, *, confirm: Confirm) -> Recovery:
    """Bring back what was deleted of the environment and import it.

    Raises :class:`InputError` when nothing is kept, :class:`EzazmlError` when not confirmed or Azure refuses. What is
    done stays done; running it again does the rest.
    """
    environment = bench.environment
    kept = tuple(find_soft_deleted(environment, azure))
    comes_back = is_workspace_kept(environment)
    if not comes_back:
        kept = tuple(item for item in kept if item.kind is not Kind.WORKSPACE)
    if not kept:
        why = "its workspace exists" if comes_back else "a workspace with an identity of its own is not kept"
        raise InputError(
            f"Azure keeps nothing deleted of {environment.name}: {why}, and neither its vault nor its Log Analytics "
            "workspace is among the deleted ones.",
            hint=f"Deploy it: ezazml deploy {environment.name}",
        )
    plan = _bring_back_what_it_stands_on(bench, azure, kept, confirm)
    if not comes_back or azure.resource(ids_of(environment, azure).workspace) is not None:
        return Recovery(plan, None)
    return Recovery(plan, _bring_back_workspace(bench, azure))


def _bring_back_what_it_stands_on(
    bench: Workbench, azure: AzureApis, kept: Sequence[SoftDeleted], confirm: Confirm
) -> RecoveryPlan:
    """Storage, vault, insights and registry: imported where they exist, else made by Terraform, which recovers too."""
    stack = read_stack(bench.terraform.folder)
    parts = sorted(references_of(stack, WORKSPACE))
    targets = [f"-target={address}" for address in parts]
    with bench.plan_file() as file:
        document = bench.terraform.show_plan(file) if bench.terraform.plan(file, options=targets) else {}
        existing = existing_creations(document, stack, azure, addresses=with_dependencies(stack, parts))
        if existing.blocks:
            with import_blocks(bench.terraform.folder, existing.blocks):
                bench.terraform.plan(file, options=targets)
            document = bench.terraform.show_plan(file)
        plan = RecoveryPlan(tuple(kept), summarise(document))
        _require_no_loss(plan.needed)
        if not confirm(plan):
            raise EzazmlError("Not confirmed; nothing was changed.")
        if document:
            with ways_out(bench.environment.name):
                bench.terraform.apply(file)
    return plan


def _bring_back_workspace(bench: Workbench, azure: AzureApis) -> Takeover:
    """Ask Azure to recover the workspace as it is declared, and import it."""
    with bench.plan_file() as file:
        bench.terraform.plan(file, options=(f"-target={WORKSPACE}",))
        document = bench.terraform.show_plan(file)
    planned = next(one for one in document["resource_changes"] if one["address"] == WORKSPACE)
    identifier = ids_of(bench.environment, azure).workspace
    azure.arm.put(identifier, recovery_body(planned["change"]["after"]), **{"api-version": _RECOVERY_VERSION})
    block = ImportBlock(WORKSPACE, planned["type"], identifier)
    return import_existing(bench, (block,), unimportable={}, confirm=lambda _takeover: True)


def recovery_body(planned: Mapping[str, Any]) -> dict[str, Any]:
    """The request that recovers a workspace: as Terraform would make it, with leave to recover a deleted one."""
    public = planned.get("public_network_access_enabled") is not False
    properties = {
        "allowRecoverSoftDeletedWorkspace": "True",
        "storageAccount": planned["storage_account_id"],
        "keyVault": planned["key_vault_id"],
        "applicationInsights": planned["application_insights_id"],
        "containerRegistry": planned.get("container_registry_id"),
        "friendlyName": planned.get("friendly_name"),
        "description": planned.get("description"),
        "hbiWorkspace": planned.get("high_business_impact"),
        "publicNetworkAccess": "Enabled" if public else "Disabled",
        "imageBuildCompute": planned.get("image_build_compute_name"),
        "primaryUserAssignedIdentity": planned.get("primary_user_assigned_identity"),
        "encryption": _encryption(planned),
    }
    sku = planned.get("sku_name") or "Basic"
    return {
        "location": planned["location"],
        "identity": _identity(planned),
        "sku": {"name": sku, "tier": sku},
        "kind": planned.get("kind") or "Default",
        "tags": planned.get("tags") or {},
        "properties": {name: value for name, value in properties.items() if value is not None},
    }


def _identity(planned: Mapping[str, Any]) -> dict[str, Any]:
    """The identities as they are declared: one of them may be what reads the customer-managed key."""
    declared = (planned.get("identity") or [{}])[0]
    ids = declared.get("identity_ids") or ()
    identity: dict[str, Any] = {"type": str(declared.get("type") or "SystemAssigned").replace(" ", "")}
    return {**identity, "userAssignedIdentities": {one: {} for one in ids}} if ids else identity


def _encryption(planned: Mapping[str, Any]) -> dict[str, Any] | None:
    """The customer-managed key, which a workspace never changes: without it Terraform would replace the workspace."""
    for declared in planned.get("encryption") or ():
        return {
            "status": "Enabled",
            "keyVaultProperties": {
                "keyVaultArmId": declared["key_vault_id"],
                "keyIdentifier": declared["key_id"],
            },
            "identity": {"userAssignedIdentity": declared.get("user_assigned_identity_id")},
        }
    return None


def _require_no_loss(needed: PlanSummary) -> None:
    lost = [change.address for change in needed.changes if change.action in ("replace", "delete")]
    if lost:
        raise InputError(
            f"Recovering would replace or delete {', '.join(lost)}: the configuration has changed since. Nothing was "
            "changed.",
            hint="Undo the change of these settings, recover, then change them again.",
        )
