"""What will an environment cost in a month, roughly? Terraform's plan, priced from a small table of list prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ezazml.errors import InputError

_DAYS_PER_MONTH = 365 / 12
#: A table of the project's own, beside cdktf.json.
FILE = "prices.yaml"


class Source(BaseModel):
    """Where some of the prices come from, and of when they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prices: str
    date: date
    page: str


class Fixed(BaseModel):
    """What one resource of a type costs as long as it exists: by the hour or by the month, not both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hour: float = Field(0, ge=0)
    month: float = Field(0, ge=0)
    note: str = ""


class PriceTable(BaseModel):
    """List prices; see ``ezazml/report/prices.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str
    region: str
    hours_per_month: float = Field(730, gt=0, le=744)
    sources: tuple[Source, ...] = Field(min_length=1)
    virtual_machines: dict[str, float] = {}
    low_priority_discount_up_to: float = Field(0, ge=0, lt=1)
    container_registry: dict[str, float] = {}
    fixed: dict[str, Fixed] = {}
    by_use: dict[str, str] = {}
    unknown: dict[str, str] = {}
    free: frozenset[str] = frozenset()

    @cached_property
    def sizes(self) -> dict[str, float]:
        """Prices of VM sizes by their name in lower case: Azure ignores it."""
        return {size.lower(): price for size, price in self.virtual_machines.items()}


@dataclass(frozen=True)
class Span:
    """From ... to, in the table's currency a month."""

    low: float
    high: float

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Span) -> Span:
        """How much each end moves."""
        return Span(self.low - other.low, self.high - other.high)

    def rounded(self) -> Span:
        """In whole hundredths."""
        return Span(round(self.low, 2) + 0.0, round(self.high, 2) + 0.0)

    def text(self, *, signed: bool = False) -> str:
        """``20.29``, ``0.00 to 397.12``; with a sign for differences."""
        form = "{:+,.2f}" if signed else "{:,.2f}"
        low, high = form.format(self.low), form.format(self.high)
        return low if low == high else f"{low} to {high}"


NOTHING = Span(0.0, 0.0)


@dataclass(frozen=True)
class CostLine:
    """One resource with a price, before and after the plan; ``None`` where it does not exist."""

    address: str
    before: Span | None
    after: Span | None
    note: str


@dataclass(frozen=True)
class Unpriced:
    """A resource that costs something which is not in the sums, and why."""

    address: str
    why: str


@dataclass(frozen=True)
class Estimate:
    """Monthly cost before and after a plan, without what is ``unknown`` or depends on use."""

    currency: str
    region: str
    sources: tuple[str, ...]
    lines: tuple[CostLine, ...]
    before: Span
    after: Span
    change: Span
    by_use: tuple[Unpriced, ...]
    unknown: tuple[Unpriced, ...]
    remark: str | None


#: The price of one resource with a note, ``None`` where it costs nothing, or why its price is unknown.
_Priced = tuple[Span, str] | None | str


def load_prices(root: Path) -> PriceTable:
    """The project's own table, if it has one, else the one of this package.

    Raises :class:`InputError` for a file that has not the form of a price table.
    """
    own = root / FILE
    text = own.read_text(encoding="utf-8") if own.is_file() else files(__package__).joinpath(FILE).read_text("utf-8")
    try:
        return PriceTable.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise InputError(f"{own}: is not valid YAML.", hint="Correct or remove it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{own}: {place}: {first['msg']}.", hint="Correct it, or remove the file.") from error


def estimate(plan: Mapping[str, Any], prices: PriceTable, *, location: str) -> Estimate:
    """Price ``terraform show -json`` of a saved plan for an environment in ``location``."""
    before, after = _resources(plan.get("prior_state", {}).get("values")), _resources(plan.get("planned_values"))
    lines: list[CostLine] = []
    by_use: list[Unpriced] = []
    unknown: list[Unpriced] = []
    for address in sorted({*before, *after}):
        kind = (after.get(address) or before[address])["type"]
        if kind in prices.by_use:
            by_use.append(Unpriced(address, prices.by_use[kind]))
            continue
        was, will = (_price(resources.get(address), prices) for resources in (before, after))
        for price in (was, will):
            if isinstance(price, str):
                unknown.append(Unpriced(address, price))
                break
        else:
            if was is not None or will is not None:
                lines.append(CostLine(address, _span(was), _span(will), _note(will) or _note(was)))
    sum_before = sum((line.before or NOTHING for line in lines), NOTHING).rounded()
    sum_after = sum((line.after or NOTHING for line in lines), NOTHING).rounded()
    return Estimate(
        currency=prices.currency,
        region=prices.region,
        sources=tuple(f"{source.prices}: {source.date:%Y-%m-%d}, {source.page}" for source in prices.sources),
        lines=tuple(lines),
        before=sum_before,
        after=sum_after,
        change=(sum_after - sum_before).rounded(),
        by_use=tuple(by_use),
        unknown=tuple(unknown),
        remark=None
        if location == prices.region
        else f"The environment is in {location}; the prices are those of {prices.region}.",
    )


def _resources(values: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    return {one["address"]: one for one in _managed((values or {}).get("root_module", {}))}


def _managed(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in module.get("resources", []) if one.get("mode") == "managed")
    for child in module.get("child_modules", []):
        yield from _managed(child)


def _price(resource: Mapping[str, Any] | None, prices: PriceTable) -> _Priced:
    kind = None if resource is None else resource["type"]
    if resource is None or kind is None:
        return None
    if kind in _PRICING:
        return _PRICING[kind](resource.get("values") or {}, prices)
    if kind in prices.free:
        return None
    if kind in prices.fixed:
        fixed = prices.fixed[kind]
        monthly = fixed.hour * prices.hours_per_month + fixed.month
        return Span(monthly, monthly).rounded(), fixed.note
    return prices.unknown.get(kind, "its type is not in the price table")


def _workspace(values: Mapping[str, Any], prices: PriceTable) -> _Priced:  # noqa: ARG001
    """A workspace is free. Its managed network is not: Azure makes private endpoints in it, which no plan shows."""
    network = (values.get("managed_network") or [{}])[0]
    if str(network.get("isolation_mode") or "Disabled") == "Disabled":
        return None
    return "Azure makes private endpoints for its managed network, and bills them"


def _instance(values: Mapping[str, Any], prices: PriceTable) -> _Priced:
    size = str(values.get("virtual_machine_size"))
    hourly = prices.sizes.get(size.lower())
    if hourly is None:
        return f"{size} is not in the price table"
    monthly = hourly * prices.hours_per_month
    return Span(monthly, monthly).rounded(), f"{size}, running all month"


def _cluster(values: Mapping[str, Any], prices: PriceTable) -> _Priced:
    size = str(values.get("vm_size"))
    hourly = prices.sizes.get(size.lower())
    scale = (values.get("scale_settings") or [{}])[0]
    low, high = scale.get("min_node_count"), scale.get("max_node_count")
    if low is None or high is None:
        return "its numbers of nodes are known only after apply"
    if high == 0:
        return NOTHING, "no nodes"
    if hourly is None:
        return f"{size} is not in the price table"
    monthly, note = hourly * prices.hours_per_month, f"{size}, {low} to {high} nodes all month"
    if str(values.get("vm_priority")).lower() != "lowpriority":
        return Span(low * monthly, high * monthly).rounded(), note
    share = prices.low_priority_discount_up_to
    note += f"; low priority costs up to {share:.0%} less, counted as such at the low end only"
    return Span(low * monthly * (1 - share), high * monthly).rounded(), note


def _registry(values: Mapping[str, Any], prices: PriceTable) -> _Priced:
    sku = str(values.get("sku"))
    daily = prices.container_registry.get(sku)
    if daily is None:
        return f"tier {sku} is not in the price table"
    if values.get("georeplications"):
        return "each replica costs as much again, and the table has one region only"
    monthly = daily * _DAYS_PER_MONTH
    return Span(monthly, monthly).rounded(), f"{sku} tier"


#: Types whose price depends on their settings.
_PRICING: dict[str, Callable[[Mapping[str, Any], PriceTable], _Priced]] = {
    "azurerm_machine_learning_compute_instance": _instance,
    "azurerm_machine_learning_compute_cluster": _cluster,
    "azurerm_container_registry": _registry,
    "azurerm_machine_learning_workspace": _workspace,
}


def _span(price: _Priced) -> Span | None:
    return price[0] if isinstance(price, tuple) else None


def _note(price: _Priced) -> str:
    return price[1] if isinstance(price, tuple) else ""
