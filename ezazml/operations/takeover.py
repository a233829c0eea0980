"""How does ``ezazml import`` run? Plan, look up what exists, plan the import alone, confirm, apply."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ezazml.azure.arm import AzureApis
from ezazml.errors import EzazmlError, InputError
from ezazml.operations.azure_ids import FINDERS, KINDS, MAIN
from ezazml.operations.importing import (
    Existing,
    ImportBlock,
    addresses_of,
    existing_creations,
    import_blocks,
    read_stack,
    with_dependencies,
)
from ezazml.operations.workbench import Workbench
from ezazml.report.plan_summary import PlanSummary, summarise


@dataclass(frozen=True)
class Selection:
    """What to import: one kind or address (with the id of the one, if given), the main resources, or everything."""

    kind: str | None = None
    id: str | None = None
    everything: bool = False

    def types(self) -> Collection[str]:
        """Terraform types. Raises :class:`InputError` for an unknown kind, or an id without a kind."""
        if self.kind is None:
            if self.id is not None:
                raise InputError("--id needs --resource: which kind of resource is it?")
            return FINDERS if self.everything else MAIN
        if self.everything:
            raise InputError("--resource and --all exclude each other: give one of them.")
        kind, _, name = self.kind.partition(".")
        if name and kind in FINDERS:
            return (kind,)
        if self.kind not in KINDS:
            hint = f"Give an address in the stack, or choose from {', '.join(KINDS)}."
            raise InputError(f"--resource: {self.kind!r} is unknown.", hint=hint)
        return (KINDS[self.kind],)

    def chosen(self, addresses: Collection[str]) -> list[str]:
        """Those of the addresses that it means: all, or the one that it names."""
        return [one for one in addresses if self.kind is None or "." not in self.kind or one == self.kind]


@dataclass(frozen=True)
class Takeover:
    """What an import takes over, what it would change there, and what cannot be imported (address -> why)."""

    blocks: tuple[ImportBlock, ...]
    summary: PlanSummary
    unimportable: Mapping[str, str]


#: Shown the takeover, answers whether to go on.
Confirm = Callable[[Takeover], bool]


def take_over(bench: Workbench, azure: AzureApis, selection: Selection, *, confirm: Confirm) -> Takeover:
    """Import what exists of the environment and is not in its state; ``confirm`` sees it first.

    Returns what was imported (no blocks: there was nothing). Raises :class:`InputError` when a chosen resource does
    not exist or is in the state already, and when the import would replace, delete or create something; nothing is
    changed then.
    """
    types = selection.types()
    stack = read_stack(bench.terraform.folder)
    with bench.plan_file() as file:
        plan = bench.terraform.show_plan(file) if bench.terraform.plan(file) else {}
    chosen = selection.chosen(addresses_of(plan, types))
    ids = _given_id(selection, chosen, bench)
    existing = existing_creations(plan, stack, azure, addresses=with_dependencies(stack, chosen), ids=ids)
    ready, waiting = _ready(existing, chosen, stack, planned=addresses_of(plan))
    unimportable = {**existing.unimportable, **waiting}
    if not ready:
        if selection.kind is not None:
            raise _nothing_of_that_kind(selection.kind, chosen, unimportable, bench)
        return Takeover((), summarise({}), unimportable)
    return import_existing(bench, ready, unimportable=unimportable, confirm=confirm)


def import_existing(
    bench: Workbench, blocks: tuple[ImportBlock, ...], *, unimportable: Mapping[str, str], confirm: Confirm
) -> Takeover:
    """Import exactly these, and nothing else. Raises as :func:`take_over`."""
    targets = [f"-target={block.address}" for block in blocks]
    with bench.plan_file() as file:
        takeover = Takeover(blocks, _planned_import(bench, file, blocks, targets), unimportable)
        _require_harmless(takeover)
        if not confirm(takeover):
            raise EzazmlError("Not confirmed; nothing was changed.")
        bench.terraform.apply(file)
    return takeover


def _planned_import(bench: Workbench, file: Path, blocks: tuple[ImportBlock, ...], targets: list[str]) -> PlanSummary:
    with import_blocks(bench.terraform.folder, blocks):
        bench.terraform.plan(file, options=targets)
    return summarise(bench.terraform.show_plan(file))


def _require_harmless(takeover: Takeover) -> None:
    """An import takes over and may adjust; it never makes, replaces or removes anything."""
    # terraform_data is no resource of Azure: the wait for the roles.
    harmless = ("update", "import")
    harmful = [one for one in takeover.summary.changes if one.action not in harmless and one.type != "terraform_data"]
    replaced = [change for change in harmful if change.action == "replace"]
    if replaced:
        lines = "\n".join(f"  {one.address}: {', '.join(one.replaced_by) or 'unknown'}" for one in replaced)
        raise InputError(
            f"The import would replace what it takes over, because these settings differ from Azure's:\n{lines}\n"
            "Nothing was changed.",
            hint="Set them in the environment's file as they are in Azure, then import again.",
        )
    if harmful:
        names = ", ".join(f"{one.address} ({one.action})" for one in harmful)
        raise InputError(
            f"What shall be imported needs what does not exist yet: {names}. Nothing was changed.",
            hint="Deploy first, or import the resources that it needs too.",
        )


def _given_id(selection: Selection, chosen: list[str], bench: Workbench) -> dict[str, str]:
    if selection.id is None:
        return {}
    if len(chosen) != 1:
        known = ", ".join(chosen) or f"none that {bench.environment.name} does not have already"
        raise InputError(
            f"--id: there is not exactly one {selection.kind} to import, but {known}.",
            hint=f"Name it by its address: --resource {chosen[0]}" if chosen else None,
        )
    return {chosen[0]: selection.id}


def _ready(
    existing: Existing, chosen: Collection[str], stack: Mapping[str, Any], *, planned: Collection[str]
) -> tuple[tuple[ImportBlock, ...], dict[str, str]]:
    """What exists of the chosen ones with all they need, to import together; and why others have to wait.

    Terraform plans what a resource needs together with it, and would make what does not exist.
    """
    present = {block.address for block in existing.blocks}
    together: set[str] = set()
    waiting: dict[str, str] = {}
    for block in existing.at(chosen):
        needed = with_dependencies(stack, [block.address])
        missing = sorted(address for address in needed if address in planned and address not in present)
        if missing:
            waiting[block.address] = f"it needs {', '.join(missing)}, which a deployment has to make first."
        else:
            together |= needed
    return existing.at(together), waiting


def _nothing_of_that_kind(
    kind: str, chosen: list[str], unimportable: Mapping[str, str], bench: Workbench
) -> InputError:
    name = bench.environment.name
    reasons = [reason for address, reason in unimportable.items() if address in chosen]
    if reasons:
        return InputError(f"The {kind} of {name} cannot be imported: {reasons[0]}")
    if not chosen:
        return InputError(f"There is no {kind} to import into {name}: it has none, or its state holds it already.")
    return InputError(
        f"The {kind} of {name} does not exist in Azure under the name that the configuration gives it.",
        hint=f"Give its id with --id, or set its name; look at: ezazml config show {name}",
    )
