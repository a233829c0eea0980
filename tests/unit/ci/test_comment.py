"""The comment of a pull request: complete, short enough, without secrets, and nothing in it is markup by accident."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ezazml.ci.comment import MARKER, MAX_CHARS, render, text_of
from ezazml.ci.plan_report import AssetChange, PlanReport, assets_in, read_report, write_report
from ezazml.ci.redaction import redacted
from ezazml.errors import InputError
from ezazml.report.plan_summary import Change, FieldChange, PlanSummary

NASTY = '"; rm -rf / # $(id) `id` <img src=x> @everyone |\n## a heading ```'


def change(index: int, action: str = "create", *, kind: str = "azurerm_resource_group", name: str = "") -> Change:
    values = (FieldChange("location", "westeurope", "northeurope"), FieldChange("tags.CostCenter", "y" * 70, "x" * 70))
    return Change(action, name or f"{kind}.number_{index}", kind, ("location", "tags"), (), values)


def report(*changes: Change, environment: str = "dev", note: str = "") -> PlanReport:
    return PlanReport(environment, "Azure subscription 1", PlanSummary(changes, ()), assets=(), note=note)


def test_a_table_names_every_environment_with_its_counts() -> None:
    assets = (AssetChange("data/a", "new version", ("path",)), AssetChange("model/b", "create"))
    reports = [
        PlanReport("dev", "here", PlanSummary((change(1), change(2, "update")), ()), "+3.50 USD", assets),
        PlanReport("uat", error="Error: no login"),
        PlanReport("preprod", note="Its GitHub environment has no AZURE_CLIENT_ID."),
    ]
    body = render(reports, left_out=["prd"])
    assert body.startswith(MARKER)
    assert "| dev | 1 | 1 | 0 | 0 | 1 create, 1 new version | +3.50 USD |" in body
    assert "| uat | **failed** |" in body
    assert "Error: no login" in body
    assert "| preprod | not planned |" in body
    assert "Not planned here: prd." in body
    assert '  create_ --> n0["azurerm_resource_group.number_1"]:::create_' in body


def test_what_loses_data_is_marked_in_the_table() -> None:
    body = render([report(change(1, "replace", kind="azurerm_storage_account"))])
    assert "| dev :warning: | 0 | 0 | 1 | 0 |" in body
    assert "This loses data" in body


def test_without_environments_the_comment_says_so() -> None:
    assert "No environment is affected." in render([])


@pytest.mark.parametrize("environments", [1, 4, 40])
def test_three_hundred_changes_stay_below_githubs_limit_and_it_says_what_is_cut(environments: int) -> None:
    names = [f"e{number}" for number in range(environments)]
    body = render([report(*(change(n) for n in range(300)), environment=name) for name in names])
    assert len(body) <= MAX_CHARS < 65_536
    assert len(body.encode("utf-16-le")) // 2 < 65_536
    assert "of 300 changes" in body
    assert "`ezazml plan ENV` shows all" in body
    assert all(f"| {name} | 300 | 0 | 0 | 0 |" in body for name in names)


def test_the_weightiest_changes_stay_when_others_are_cut() -> None:
    lost = change(0, "delete", kind="azurerm_key_vault", name="azurerm_key_vault.the_vault")
    body = render([report(lost, *(change(n) for n in range(1, 900)))])
    assert "**delete** `azurerm_key_vault.the_vault`" in body


def test_nothing_of_a_plan_becomes_markup() -> None:
    reports = [
        report(change(1, name=NASTY), environment=NASTY, note=NASTY),
        PlanReport("uat", error=NASTY),
        PlanReport("x", "y", PlanSummary((), ()), NASTY, (AssetChange(NASTY, NASTY, (NASTY,)),)),
    ]
    body = render(reports)
    outside = re.sub(r"(?<!\\)`[^`\n]*(?<!\\)`", "", "".join(body.split("```")[::2]))  # without code
    assert not re.search(r"(?<!\\)<img", outside)
    assert "@everyone" not in outside
    assert not [line for line in outside.splitlines() if line.startswith("## ") and "pull request" not in line]
    assert body.count("```") % 2 == 0


def test_text_stays_the_text_that_it_is() -> None:
    assert text_of("a <b>*c*</b>\n@d") == "a &lt;b&gt;\\*c\\*&lt;/b&gt; @\u200bd"


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    one = PlanReport("dev", "here", PlanSummary((change(1),), ("a",)), "+1", (AssetChange("data/a", "create"),), "n")
    write_report(one, tmp_path / "new" / "dev.json", environ={})
    assert read_report(tmp_path / "new" / "dev.json") == one


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": 2}', "null", '{"form": 1, "summary": null, "assets": 3}'])
def test_another_file_is_no_report(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dev.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"dev.json: is no report of a plan"):
        read_report(path)


def test_no_secret_gets_into_a_report(tmp_path: Path) -> None:
    secrets = {"TF_VAR_user_password": 'pass"w\nord', "ARM_CLIENT_SECRET": "s3cr3t-value", "SMTP_PASSWORD": "mail-pass"}
    leaky = Change("update", "a.b", "a", ("x",), (), (FieldChange("x", "s3cr3t-value", 'is pass"w\nord'),))
    write_report(
        PlanReport("dev", "mail-pass", PlanSummary((leaky,), ()), error="AccountKey=abcDEF== s3cr3t-value"),
        tmp_path / "dev.json",
        environ=secrets,
    )
    text = (tmp_path / "dev.json").read_text() + render([read_report(tmp_path / "dev.json")])
    for secret in ("s3cr3t-value", "mail-pass", "abcDEF", json.dumps('pass"w\nord')[1:-1]):
        assert secret not in text
    assert "********" in text


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
        "ghp_" + "a1B2" * 9,
        "abc8Q~" + "x" * 34,
    ],
)
def test_what_has_the_form_of_a_secret_is_masked(secret: str) -> None:
    assert redacted(f"before {secret} after", {}) == "before ******** after"


def test_words_stay_that_are_no_secrets() -> None:
    text = "azurerm_key_vault.vault location: westeurope true https://a.blob.core.windows.net/c?x=1"
    assert redacted(text, {"ARM_USE_OIDC": "true", "A_TOKEN": "", "SOME_KEY": "west"}) == text


def test_only_what_an_apply_writes_is_reported_of_assets() -> None:
    changes = [
        {"kind": "data", "name": "a", "action": "unchanged", "differences": []},
        {
            "kind": "data",
            "name": "b",
            "action": "new version",
            "differences": [{"field": "path", "old": "s", "new": "t"}],
        },
    ]
    assert assets_in({"changes": changes}) == (AssetChange("data/b", "new version", ("path",)),)
