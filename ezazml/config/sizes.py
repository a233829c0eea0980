"""Which names are VM sizes, and which of them can no longer be had? Azure's naming, and the families it retired."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class RetiredFamily:
    """A family of VM sizes, when it ended and a size to use instead."""

    family: str
    sizes: re.Pattern[str]
    retired_on: str
    instead: str


def _family(family: str, sizes: str, retired_on: str, instead: str) -> RetiredFamily:
    return RetiredFamily(family, re.compile(sizes, re.IGNORECASE), retired_on, instead)


#: Source: Microsoft Learn, "Retired Azure VM size series"
#: (learn.microsoft.com/azure/virtual-machines/sizes/retirement/retired-sizes-list) as of January 2024 and April 2026,
#: and "Migrate your H and H-series Promo virtual machines". Families retired later than November 2026 are not here:
#: they can still be had (Dv2 and DSv2 until May 2028, for example).
RETIRED_FAMILIES = (
    _family("Av1", r"(Standard|Basic)_A\d+", "31 August 2024", "Standard_D2s_v3"),
    _family("H", r"Standard_H\d+m?r?(_Promo)?", "31 August 2022", "Standard_HB120rs_v3"),
    _family("HB", r"Standard_HB60(-\d+)?rs", "31 August 2024", "Standard_HB120rs_v3"),
    _family("NC", r"Standard_NC\d+r?(_Promo)?", "6 September 2023", "Standard_NC4as_T4_v3"),
    _family("NCv2", r"Standard_NC\d+r?s_v2", "6 September 2023", "Standard_NC4as_T4_v3"),
    _family("NCv3", r"Standard_NC\d+r?s_v3", "30 September 2025", "Standard_NC4as_T4_v3"),
    _family("ND", r"Standard_ND\d+r?s", "6 September 2023", "Standard_NC24ads_A100_v4"),
    _family("NV", r"Standard_NV\d+(_Promo)?", "6 September 2023", "Standard_NV6ads_A10_v5"),
    _family("NVv3", r"Standard_NV\d+s_v3", "30 September 2026", "Standard_NV6ads_A10_v5"),
    _family("NVv4", r"Standard_NV\d+as_v4", "30 September 2026", "Standard_NV6ads_A10_v5"),
)


#: Microsoft Learn, "Sizes for virtual machines in Azure", as of April 2026.
FAMILIES = (
    "A", "B", "D", "DC", "E", "EC", "F", "FX", "G", "H", "HB", "HC", "HX", "L", "M",
    "NC", "NCC", "ND", "NG", "NM", "NP", "NV", "PB",
)  # fmt: skip
#: Microsoft Learn, "Azure virtual machine sizes naming conventions": family, number of cores, constrained cores,
#: features in lower case, then accelerator and version, each after a "_". The older families have an S of their own.
_SIZE = re.compile(rf"(Standard|Basic)_({'|'.join(FAMILIES)})S?\d+(-\d+)?[a-z]*(_[A-Za-z0-9]+)*")
_VERSION_RUN_ON = re.compile(r"(?<=[A-Za-z0-9])v(\d+)$")


def is_size(name: str) -> bool:
    """Whether ``name`` is formed as Azure forms those of VM sizes, of a family that Azure has."""
    return _SIZE.fullmatch(name) is not None


def likely_size(name: str) -> str | None:
    """What ``name``, which is no size, was probably meant to be; ``None`` where that cannot be told."""
    text = _VERSION_RUN_ON.sub(r"_v\1", name.strip().replace(" ", "_").replace("-", "_"))
    kind, found, rest = text.partition("_")
    if not found or kind.lower() not in {"standard", "basic"}:
        kind, rest = "Standard", text
    for candidate in (rest, re.sub(r"^[a-z]+", lambda match: match[0].upper(), rest.lower())):
        if is_size(f"{kind.capitalize()}_{candidate}"):
            return f"{kind.capitalize()}_{candidate}"
    return None


def retired_family(size: str) -> RetiredFamily | None:
    """The retired family that ``size`` belongs to, or ``None``."""
    return next((family for family in RETIRED_FAMILIES if family.sizes.fullmatch(size)), None)
