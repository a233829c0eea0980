"""Names of feature environments: the same for one branch, never the same for two, and always ones that Azure takes."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ezazml.config.environment import Environment
from ezazml.config.feature_file import feature_file
from ezazml.config.feature_names import NAME_LENGTH, branch_of, feature_environment_name, feature_prefix
from ezazml.config.loading import load_environment
from ezazml.config.periods import parse_time
from ezazml.errors import InputError
from tests.conftest import ROOT

END = parse_time("2030-01-31T12:00:00Z")
PARTS = st.text(string.ascii_letters + string.digits + "-_äé日#+", min_size=1, max_size=40).filter(
    lambda text: text[0] != "-"
)
TICKETS = st.from_regex(r"(feature|bugfix)/[A-Z]{1,10}-[0-9]{1,8}(-[a-z]{1,20}){0,3}", fullmatch=True)
BRANCHES = st.one_of(TICKETS, st.lists(PARTS, min_size=1, max_size=4).map("/".join))


def made(branch: str, source: str, folder: Path) -> Environment:
    """The branch's environment, loaded as Azure would get it."""
    assert END is not None
    name, text = feature_file(branch, source=source, expire_on=END, root=ROOT)
    (folder / "environments").mkdir(exist_ok=True)
    (folder / "environments" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_environment(name, root=folder, environ={})


@pytest.mark.parametrize(
    ("branch", "ticket"),
    [
        ("feature/ABC-123-some-feature", "abc-123"),
        ("refs/heads/feature/ABC-123-some-feature", "abc-123"),
        ("PROJECT-4567", "pr-4567"),
        ("feature/A-123456789", "a-12345"),
        ("spike/try-things", "try-thi"),
        ("user/fix-", "fix"),
        ("feature/123", "f123"),
        ("日本", "f"),
    ],
)
def test_a_name_begins_with_the_ticket_that_people_know(branch: str, ticket: str) -> None:
    name = feature_environment_name(branch, prefix="ezazml")
    assert name.rsplit("-", 1)[0] == ticket
    assert len(name) <= NAME_LENGTH


def test_a_name_stays_the_same_over_releases() -> None:
    # Another name would leave what is deployed behind: do not change these.
    assert feature_environment_name("feature/ABC-123-some-feature", prefix="ezazml") == "abc-123-g5mmn"
    assert feature_environment_name("refs/heads/feature/ABC-123-some-feature", prefix="ezazml") == "abc-123-g5mmn"
    assert feature_environment_name("feature/ABC-123-some-feature", prefix="contoso") != "abc-123-g5mmn"


@given(first=BRANCHES, second=BRANCHES)
@example(first="feature/ABC-123-a", second="feature/ABC-123-b")
@example(first="feature/abc-123", second="feature/ABC-123")
@example(first="a/b-c", second="a-b/c")
@example(first="feature/ABCDEFGH-1", second="feature/ABCDEFGI-1")
def test_two_branches_never_have_the_same_name(first: str, second: str) -> None:
    try:
        different = branch_of(first) != branch_of(second)
    except InputError:
        assume(False)
    names = [feature_environment_name(branch, prefix="ezazml") for branch in (first, second)]
    # Without hyphens too, as storage accounts and registries take none.
    assert (len({name.replace("-", "") for name in names}) == 2) is different


@given(branch=BRANCHES, source=st.sampled_from(["dev", "uat", "preprod", "prd", "sandbox"]))
def test_azure_takes_every_name_in_the_environment_of_every_branch(
    tmp_path_factory: pytest.TempPathFactory, branch: str, source: str
) -> None:
    try:
        branch_of(branch)
    except InputError:
        assume(False)
    environment = made(branch, source, tmp_path_factory.mktemp("project"))
    assert environment.settings.feature is not None
    assert environment.settings.feature.source == source


@pytest.mark.parametrize(
    "branch",
    ["", " ", "-x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "x@{1}", "@", "a//b", "/a", "a/",
     "a.lock", "a/.b", "a.", "refs/heads/", "x" * 201, "a\nb"],
)  # fmt: skip
def test_what_git_takes_for_no_branch_is_refused(branch: str) -> None:
    with pytest.raises(InputError, match="--branch"):
        feature_environment_name(branch, prefix="ezazml")


@pytest.mark.parametrize(("prefix", "short"), [("ezazml", "e"), ("1ab", "a"), ("-9", "e"), ("Über", "b"), ("", "e")])
def test_the_prefix_is_one_letter(prefix: str, short: str) -> None:
    assert feature_prefix(prefix) == short


def test_a_feature_environment_is_isolated_cheaper_and_has_an_end(tmp_path: Path) -> None:
    source = load_environment("prd", root=ROOT, environ={})
    feature = made("feature/ABC-123-x", "prd", tmp_path)
    ours, theirs = feature.settings, source.settings
    names = [name for name in vars(feature.names).values() if isinstance(name, str)]
    assert not set(names) & {name for name in vars(source.names).values() if isinstance(name, str)}
    assert ours.backend.model_dump()["key"] == f"features/{feature.name}.tfstate"
    assert ours.backend.model_dump()["storage_account_name"] == theirs.backend.model_dump()["storage_account_name"]
    assert (ours.protected, ours.on_destroy, ours.key_vault.purge_protection_enabled) == (False, "purge", False)
    assert (ours.storage.replication, ours.container_registry.sku) == ("LRS", "Basic")
    assert {(one.priority, one.min_nodes, one.max_nodes) for one in ours.compute.clusters} == {("LowPriority", 0, 1)}
    # the CPU cluster got smaller, the GPU cluster can still train on a GPU
    assert [one.size for one in ours.compute.clusters] == ["Standard_DS2_v2", theirs.compute.clusters[1].size]
    assert ours.tags == {
        **theirs.tags,
        "ExpireOn": "2030-01-31T12:00:00Z",
        "FeatureBranch": "feature/ABC-123-x",
        "FeatureOf": "prd",
    }
    # who may destroy is the source's choice, how it is confirmed is not
    assert (ours.destroy.confirmation, ours.destroy.waiting_minutes, ours.destroy.business_hours) == ("name", 0, None)
    assert ours.destroy.allowed_actors == theirs.destroy.allowed_actors


def test_github_may_log_in_from_the_branch_only(tmp_path: Path) -> None:
    feature = made("feature/ABC-123-x", "sandbox", tmp_path)
    github = feature.settings.identities.application.github
    assert github is not None
    assert (github.repository, github.branch, github.environment) == ("contoso/ezazml", "feature/ABC-123-x", None)


def test_names_that_the_source_sets_itself_are_not_taken_over(tmp_path: Path) -> None:
    assert END is not None
    (tmp_path / "environments").mkdir()
    settings = {"names": {"key_vault": "my-vault", "workspace": "mine"}, "backend": {"type": "local", "path": "x"}}
    (tmp_path / "environments" / "dev.yaml").write_text(yaml.safe_dump(settings))
    _, text = feature_file("ABC-1", source="dev", expire_on=END, root=tmp_path)
    assert "my-vault" not in text
    assert "mine" not in text
    assert yaml.safe_load(text)["backend"] == {"type": "local"}
