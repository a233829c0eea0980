"""Sizes of retired families are told apart from those that resemble them."""

from __future__ import annotations

import pytest

from ezazml.config.sizes import RETIRED_FAMILIES, is_size, likely_size, retired_family


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


@pytest.mark.parametrize(
    "size",
    [
        "Basic_A0",
        "Standard_A2m_v2",
        "Standard_B2ats_v2",
        "Standard_D11_v2_Promo",
        "Standard_DS11-1_v2",
        "Standard_DS3_v2",
        "Standard_D4lds_v6",
        "Standard_DC96ads_cc_v5",
        "Standard_E4-2s_v3",
        "Standard_EC96iads_v5",
        "Standard_F2s_v2",
        "Standard_FX96-48mds_v2",
        "Standard_GS4-8",
        "Standard_HB120-16rs_v3",
        "Standard_HX176-24rs",
        "Standard_L16as_v3",
        "Standard_LS4",
        "Standard_M128-32ms",
        "Standard_M416s_8_v2",
        "Standard_NC24ads_A100_v4",
        "Standard_NCC40ads_H100_v5",
        "Standard_ND96isr_MI300X_v5",
        "Standard_ND128isr_NDR_GB200_v6",
        "Standard_NG32ads_V620_v1",
        "Standard_NP10s",
        "Standard_NV36adms_A10_v5",
        "Standard_PB6s",
    ],
)
def test_a_size_is_recognised_by_its_form(size: str) -> None:
    assert is_size(size)


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("Standard_DS3v2", "Standard_DS3_v2"),
        ("standard_ds3_v2", "Standard_DS3_v2"),
        ("STANDARD_D4S_V3", "Standard_D4s_v3"),
        ("DS3_v2", "Standard_DS3_v2"),
        ("Standard DS3 v2", "Standard_DS3_v2"),
        ("Standard_Banana_v9", None),
        ("Standard_X9_v2", None),
        ("Standard_D", None),
        ("Standard_", None),
        ("big", None),
        ("", None),
    ],
)
def test_what_is_no_size_is_refused_with_what_was_probably_meant(name: str, likely: str | None) -> None:
    assert not is_size(name)
    assert likely_size(name) == likely
