"""A failed check of the scanner needs a reason, and a reason needs a failed check."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.policy import FOLDER, merged, read_profiles
from tools.policy_report import Failure, Skip, counts_table, judge, read_skips, reasons_table, with_counts

PUBLIC = Failure("CKV_AZURE_59", "resource.storage", "no public access")
TAGGED = Failure("CKV_AZURE_41", "azurerm_key_vault_secret.secret_client_id", "expires")


def skips(folder: Path, text: str) -> list[Skip]:
    path = folder / "skips.yaml"
    path.write_text(text)
    return read_skips(path)


def test_failures_with_a_reason_are_told_from_those_without() -> None:
    reason = Skip("CKV_AZURE_59", "it is public", profiles=("public",))
    outcome = judge("public", "stack", 5, [PUBLIC, TAGGED], [reason])
    assert (outcome.justified, outcome.failed, outcome.used) == ((PUBLIC,), (TAGGED,), frozenset({reason}))
    (line,) = outcome.unjustified()
    assert line.startswith("public (stack): CKV_AZURE_41 azurerm_key_vault_secret.secret_client_id")
    # The reason is about one profile.
    assert judge("private", "stack", 5, [PUBLIC], [reason]).failed == (PUBLIC,)


def test_a_reason_may_be_about_one_resource_however_the_scanner_names_it() -> None:
    reason = Skip("CKV_AZURE_41", "it is no secret", resources=("azurerm_key_vault_secret.secret_client_id",))
    for name, covered in (
        ("azurerm_key_vault_secret.secret_client_id", True),
        ("resource.secret_client_id", True),
        ("resource.client_id", False),
        ("azurerm_key_vault_secret.secret_client_secret", False),
    ):
        assert reason.covers("public", Failure("CKV_AZURE_41", name, "")) is covered


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {check: A}", "entry 1 \\(A\\): has no reason"),
        ("- {check: A, reason: no}", "has no reason"),
        ("- {reason: because of that}", "names no check"),
        ("- just text", "names no check"),
        ("- {check: A, reason: a good one, profile: public}", "profile is not known"),
        ("- {check: A, reason: a good one}\n- {check: A, reason: another one}", "entry 2 \\(A\\): stands twice"),
    ],
)
def test_a_skip_without_a_reason_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        skips(tmp_path, text)


def test_the_shipped_reasons_and_profiles_can_be_read() -> None:
    profiles = {profile.name for profile in read_profiles(FOLDER / "profiles.yaml")}
    assert "public" in profiles
    for skip in read_skips(FOLDER / "skips.yaml"):
        assert set(skip.profiles) <= profiles
        assert len(skip.reason) > 10


def test_the_counts_stand_between_their_lines() -> None:
    table = counts_table([judge("public", "plan", 7, [PUBLIC], [])])
    assert "| public | plan | 7 | 0 | 1 |" in table
    before = "a\n<!-- made by make policy: begin counts -->\nold\n<!-- made by make policy: end counts -->\nb\n"
    after = with_counts(before, table)
    assert "old" not in after
    assert with_counts(after, table) == after
    with pytest.raises(ValueError, match="has no lines"):
        with_counts("nothing", table)


def test_settings_of_a_profile_lie_on_top_of_its_base() -> None:
    base = {"storage": {"replication": "LRS", "containers": ["a"]}, "protected": True}
    over = {"storage": {"containers": ["b"]}, "alerts": {"enabled": True}}
    assert merged(base, over) == {
        "storage": {"replication": "LRS", "containers": ["b"]},
        "protected": True,
        "alerts": {"enabled": True},
    }


def test_every_reason_is_told_with_what_the_check_asks_and_where_it_fails() -> None:
    public = Skip("CKV_AZURE_59", "people reach it | with roles", profiles=("public", "managed"))
    unused = Skip("CKV_AZURE_1", "is not used anywhere")
    outcomes = [judge(name, "stack", 5, [PUBLIC], [public, unused]) for name in ("public", "managed")]
    outcomes.append(judge("public", "plan", 5, [PUBLIC], [public, unused]))
    assert reasons_table(outcomes).splitlines()[2:] == [
        "| CKV_AZURE_59 | no public access | public, managed | people reach it / with roles |"
    ]


def test_the_documented_reasons_are_those_of_the_file() -> None:
    text = (FOLDER.parent / "docs" / "security.md").read_text(encoding="utf-8")
    missing = [one.check for one in read_skips(FOLDER / "skips.yaml") if f"| {one.check} |" not in text]
    assert missing == [], "run: make policy"
