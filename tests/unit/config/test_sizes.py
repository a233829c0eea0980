"""Sizes of retired families are told apart from those that resemble them."""

from __future__ import annotations

import pytest

from ezazml.config.sizes import RETIRED_FAMILIES, retired_family


@pytest.mark.parametrize(
    ("size", "family"),
    [
        ("Standard_A4", "Av1"),
        ("Basic_A0", "Av1"),
        ("Standard_H16mr", "H"),
        ("Standard_HB60rs", "HB"),
        ("Standard_HB60-15rs", "HB"),
        ("Standard_NC24r_Promo", "NC"),
        ("Standard_NC6s_v2", "NCv2"),
        ("Standard_NC6s_v3", "NCv3"),
        ("standard_nc24rs_v3", "NCv3"),
        ("Standard_ND24rs", "ND"),
        ("Standard_NV12", "NV"),
        ("Standard_NV12s_v3", "NVv3"),
        ("Standard_NV4as_v4", "NVv4"),
        ("Standard_A2_v2", None),
        ("Standard_DS3_v2", None),
        ("Standard_HB120rs_v3", None),
        ("Standard_HC44rs", None),
        ("Standard_NC4as_T4_v3", None),
        ("Standard_NC24ads_A100_v4", None),
        ("Standard_ND40rs_v2", None),
        ("Standard_NV6ads_A10_v5", None),
    ],
)
def test_a_retired_family_is_recognised(size: str, family: str | None) -> None:
    found = retired_family(size)
    assert (found and found.family) == family


@pytest.mark.parametrize("family", RETIRED_FAMILIES)
def test_what_to_use_instead_is_not_retired(family: object) -> None:
    assert retired_family(getattr(family, "instead", "")) is None
