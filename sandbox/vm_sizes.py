"""How many cores does a VM size have, and to which family of Azure ML's quota does it belong?"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Sizes whose number is not that of their cores (Microsoft Learn, "Sizes for virtual machines in Azure").
_CORES = {"1": 1, "2": 2, "3": 4, "4": 8, "5": 16, "11": 2, "12": 4, "13": 8, "14": 16, "15": 20}
_OLD = re.compile(r"Standard_(?P<series>DS|D)(?P<number>\d+)_v2", re.IGNORECASE)
_NAMED = re.compile(r"Standard_(?P<series>[A-Z]+)(?P<cores>\d+)(?P<features>[a-z-]*)(?P<rest>(_\w+)*)", re.IGNORECASE)


#: The family of sizes with GPUs and their like (Microsoft Learn, "Sizes for virtual machines in Azure").
_ACCELERATED = re.compile(r"(standard|basic)_n[a-z]*\d", re.IGNORECASE)


@dataclass(frozen=True)
class VmSize:
    """One size: its name, the family under which Azure ML counts it, and its cores."""

    name: str
    family: str
    cores: int


#: What ``vmSizes`` lists; other sizes exist too, as far as their names can be read.
LISTED = (
    "Standard_DS1_v2",
    "Standard_DS2_v2",
    "Standard_DS3_v2",
    "Standard_DS4_v2",
    "Standard_DS5_v2",
    "Standard_DS11_v2",
    "Standard_DS12_v2",
    "Standard_D2s_v3",
    "Standard_D4s_v3",
    "Standard_D2ds_v4",
    "Standard_D4ds_v4",
    "Standard_D8ds_v4",
    "Standard_D2ds_v5",
    "Standard_D4ds_v5",
    "Standard_D8ds_v5",
    "Standard_E4ds_v4",
    "Standard_E8ds_v4",
    "Standard_F2s_v2",
    "Standard_F4s_v2",
    "Standard_F8s_v2",
    "Standard_NC4as_T4_v3",
    "Standard_NC8as_T4_v3",
    "Standard_NC16as_T4_v3",
    "Standard_NC24ads_A100_v4",
    "Standard_NC40ads_H100_v5",
    "Standard_NV6ads_A10_v5",
)


def vm_size(name: str) -> VmSize | None:
    """The size of that name, read from the name as Azure forms it; ``None`` for a name that says nothing."""
    old = _OLD.fullmatch(name)
    if old is not None and old["number"] in _CORES:
        return VmSize(name, f"Standard{old['series'].upper()}v2Family", _CORES[old["number"]])
    named = _NAMED.fullmatch(name)
    if named is None:
        return None
    family = f"Standard{named['series'].upper()}{named['features'].upper()}{named['rest'].replace('_', '')}Family"
    return VmSize(name, family, int(named["cores"]))


def has_accelerator(name: str) -> bool:
    """Whether machines of that size have GPUs or their like: the names of the N family say so."""
    return _ACCELERATED.match(name) is not None
