"""Names follow Azure's rules, or the configuration is refused with the rule and a name that fits."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ezazml.config.loading import load_environment
from ezazml.config.names import RULES, unique_suffix
from ezazml.errors import ConfigurationError

#: Azure's rules once more, written independently of the table under test.
INDEPENDENT = {
    "resource_group": r"^(?!.*\.$)[-\w._()]{1,90}$",
    "log_analytics_workspace": r"^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$",
    "storage_account": r"^[a-z0-9]{3,24}$",
    "key_vault": r"^(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$",
    "container_registry": r"^[A-Za-z0-9]{5,50}$",
    "workspace": r"^[A-Za-z0-9][A-Za-z0-9_-]{2,32}$",
}
GUID = "11111111-2222-4333-8444-555555555555"


def test_the_default_names_are_the_originals(project: Path) -> None:
    names = load_environment("dev", root=project, environ={}).names
    assert names.resource_group == "ezazml-dev-rg"
    assert names.workspace == "ezazml-dev-aml-w01"
    assert names.storage_account == "ezazmldevasa01"
    assert names.container_registry == "ezazmldevacr01"
    assert names.key_vault == "ezazml-dev-akv-01"
    assert names.application_insights == "ezazml-dev-appi-01"
    assert names.application == "ezazml-dev-01"
    assert [one.full_name for one in names.compute_instances] == ["ezazml-dev-instance-w01"]
    assert [one.full_name for one in names.compute_clusters] == ["ezazml-dev-cpu-cluster-w01"]


def test_copies_get_names_of_their_own(tmp_path: Path) -> None:
    names = _load(tmp_path, {"compute": {"clusters": [{"name": "cpu", "count": 3}]}})
    assert [one.full_name for one in names.compute_clusters] == [f"ezazml-dev-cpu-w0{n}" for n in (1, 2, 3)]


def test_two_environments_never_share_a_name(project: Path) -> None:
    seen: set[str] = set()
    for name in ("dev", "uat", "preprod", "prd", "sandbox"):
        names = load_environment(name, root=project, environ={}).names
        mine = {names.storage_account, names.key_vault, names.user_principal_name_local_part, names.resource_group}
        assert not mine & seen
        seen |= mine


def test_the_suffix_is_stable_and_differs_by_subscription() -> None:
    assert unique_suffix(GUID, "ezazml", "dev") == unique_suffix(GUID.upper(), "ezazml", "dev")
    assert unique_suffix(GUID, "ezazml", "dev") != unique_suffix(GUID.replace("1", "2"), "ezazml", "dev")
    assert re.fullmatch("[a-z2-7]{5}", unique_suffix(GUID, "a", "b"))


def test_the_suffix_goes_into_the_globally_unique_names_only(tmp_path: Path) -> None:
    names = _load(tmp_path, {"unique_suffix": True, "subscription_id": GUID})
    suffix = unique_suffix(GUID, "ezazml", "dev")
    assert suffix in names.storage_account
    assert suffix in names.container_registry
    assert suffix in names.key_vault
    assert names.resource_group == "ezazml-dev-rg"


def test_an_override_is_used_as_it_is(tmp_path: Path) -> None:
    assert _load(tmp_path, {"names": {"storage_account": "existing01"}}).storage_account == "existing01"


@pytest.mark.parametrize(
    ("name", "fits"),
    [("a", False), ("abc-1", False), ("abcd-12", False), ("abcd-w01", True), ("9abc", False), ("a" * 25, False)],
)
def test_compute_instance_names_end_neither_in_a_hyphen_nor_in_a_number_after_one(name: str, fits: bool) -> None:
    assert RULES["compute_instance"].allows(name) is fits


@settings(max_examples=120, deadline=None)
@given(
    prefix=st.text(alphabet=st.sampled_from("abzAZ019-_. äß/"), min_size=0, max_size=30),
    environment=st.from_regex(r"\A[a-z]([a-z0-9]|-(?=[a-z0-9])){1,19}\Z"),
    suffix=st.booleans(),
)
def test_any_prefix_either_fits_everywhere_or_is_refused_with_the_rule(
    prefix: str, environment: str, suffix: bool
) -> None:
    values = {"prefix": prefix, "unique_suffix": suffix, "subscription_id": GUID}
    with tempfile.TemporaryDirectory() as folder:
        try:
            names = _load(Path(folder), values, environment)
        except ConfigurationError as error:
            assert "breaks the rule: " in str(error)
            for problem in error.problems:
                _check_suggestion(problem.message, problem.fix)
            return
    for kind, pattern in INDEPENDENT.items():
        assert re.match(pattern, getattr(names, kind)), kind


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(sorted(RULES)), name=st.text(max_size=120))
def test_every_suggestion_fits(kind: str, name: str) -> None:
    assert RULES[kind].allows(RULES[kind].suggest(name))


def _check_suggestion(message: str, fix: str) -> None:
    kind = re.search(r"makes the (.+) name '", message)
    suggestion = re.search(r"for example, '([^']+)'", fix)
    if kind and suggestion:
        assert RULES[kind.group(1).replace(" ", "_")].allows(suggestion.group(1))


def _load(root: Path, values: dict[str, object], name: str = "dev"):  # type: ignore[no-untyped-def]
    folder = root / "environments"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return load_environment(name, root=root, environ={}).names
