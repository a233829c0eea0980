"""Feature environments in files and in Azure."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from ezazml.config.loading import load_environment
from ezazml.errors import ConfigurationError, EzazmlError, InputError
from ezazml.operations import feature_environments as features
from ezazml.operations.resource_groups import ResourceGroup

BRANCH = "feature/ABC-123-some-feature"
NAME = "abc-123-g5mmn"
END = datetime(2030, 1, 31, 12, tzinfo=UTC)
LATER = datetime(2030, 2, 28, 12, tzinfo=UTC)


def create(project: Path, branch: str = BRANCH, expire_on: datetime = END, source: str = "dev") -> tuple[Path, bool]:
    return features.create(branch, source=source, expire_on=expire_on, root=project, environ={})


def group(name: str = NAME, **tags: str) -> ResourceGroup:
    own = {
        "environment": name,
        "managed_by": "ezazml",
        "FeatureBranch": BRANCH,
        "FeatureOf": "dev",
        "ExpireOn": "2030-01-31T12:00:00Z",
    }
    return ResourceGroup(f"e-{name}-rg", {key: value for key, value in {**own, **tags}.items() if value})


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> list[ResourceGroup]:
    """What Azure answers."""
    groups: list[ResourceGroup] = []
    monkeypatch.setattr(features, "apis_of", lambda *_arguments, **_options: None)
    monkeypatch.setattr(features, "tagged_groups", lambda *_arguments, **_options: groups)
    return groups


def everywhere(project: Path) -> list[features.FeatureEnvironment]:
    environ = {"ARM_SUBSCRIPTION_ID": "11111111-2222-4333-8444-555555555555"}
    return features.everywhere(load_environment("dev", root=project, environ=environ), environ=environ)


def test_the_file_of_a_branch_is_the_same_whenever_it_is_made_again(project: Path) -> None:
    path, is_new = create(project)
    first = path.read_text()
    path.unlink()
    assert create(project)[0].read_text() == first
    assert (path.stem, is_new) == (NAME, True)


def test_git_does_not_see_the_files(project: Path) -> None:
    create(project)
    create(project, "feature/XYZ-1")
    create(project)
    ignored = (project / "environments" / ".gitignore").read_text().splitlines()
    assert ignored.count(f"/{NAME}.yaml") == 1
    assert "/.gitignore" in ignored
    features.forget(NAME, root=project)
    assert f"/{NAME}.yaml" not in (project / "environments" / ".gitignore").read_text()
    assert [one.branch for one in features.in_files(project)] == ["feature/XYZ-1"]


def test_a_list_of_ones_own_is_kept(project: Path) -> None:
    ignored = project / "environments" / ".gitignore"
    ignored.write_text("*.bak")
    create(project)
    assert ignored.read_text() == f"*.bak\n/{NAME}.yaml\n"


def test_creating_it_again_gives_a_new_end_and_keeps_what_was_changed(project: Path) -> None:
    path, _ = create(project)
    path.write_text(path.read_text().replace("size: Standard_DS2_v2", "size: Standard_DS12_v2"))
    _, is_new = create(project, expire_on=LATER)
    settings = load_environment(NAME, root=project, environ={}).settings
    assert not is_new
    assert settings.feature is not None
    assert settings.feature.expire_on == settings.tags["ExpireOn"] == "2030-02-28T12:00:00Z"
    assert settings.compute.clusters[0].size == "Standard_DS12_v2"


def test_two_branches_with_the_same_name_are_told_apart(project: Path) -> None:
    path, _ = create(project)
    path.write_text(path.read_text().replace(BRANCH, "feature/other"))
    before = path.read_text()
    with pytest.raises(InputError, match=r"belongs to the branch 'feature/other'. Rename the branch"):
        create(project)
    assert path.read_text() == before


def test_another_environment_is_never_overwritten(project: Path) -> None:
    path = project / "environments" / f"{NAME}.yaml"
    path.write_text("prefix: mine\n")
    with pytest.raises(InputError, match=r"belongs to no feature environment"):
        create(project)
    assert path.read_text() == "prefix: mine\n"


def test_a_feature_of_a_feature_is_refused(project: Path) -> None:
    create(project)
    with pytest.raises(InputError, match=r"is a feature environment itself. Use what it was made from: dev"):
        create(project, "feature/XYZ-1", source=NAME)


def test_names_that_azure_would_refuse_leave_no_file(project: Path) -> None:
    dev = project / "environments" / "dev.yaml"
    dev.write_text(dev.read_text().replace("name: cpu-cluster", "name: a-cluster-for-everything"))
    with pytest.raises(InputError, match=r"would not be valid[\s\S]*compute.clusters\[0\].name"):
        create(project)
    assert not (project / "environments" / f"{NAME}.yaml").exists()


def test_a_missing_source_is_one_message(project: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"environments/nope.yaml: cannot be read"):
        create(project, source="nope")


@pytest.mark.parametrize(
    ("expire_on", "expired"),
    [
        ("2030-01-31T12:00:00Z", True),
        ("2030-01-31T12:00:01Z", False),
        ("1999-01-01T00:00:00Z", True),
        # it would never end else
        ("next week", True),
    ],
)
def test_when_it_has_expired(expire_on: str, expired: bool) -> None:
    one = features.FeatureEnvironment(NAME, BRANCH, "dev", expire_on, deployed=True, has_file=True)
    assert one.expired(END) is expired


def test_files_and_azure_are_one_list(project: Path, azure: list[ResourceGroup]) -> None:
    create(project)
    create(project, "feature/XYZ-1")
    # deployed with a later end; from another machine; no feature environments
    azure += [group(ExpireOn="2031-01-01T00:00:00Z"), group("old-1-abcde"), group("x", managed_by="terraform")]
    azure += [group("y", FeatureBranch="")]
    found = {one.name: one for one in everywhere(project)}
    assert list(found) == sorted(found)
    assert (found[NAME].deployed, found[NAME].has_file, found[NAME].expire_on) == (True, True, "2031-01-01T00:00:00Z")
    assert (found["old-1-abcde"].deployed, found["old-1-abcde"].has_file) == (True, False)
    assert {one.deployed for name, one in found.items() if name.startswith("xyz")} == {False}
    assert len(found) == 3


def test_without_a_subscription_azure_cannot_be_asked(project: Path) -> None:
    with pytest.raises(InputError, match=r"dev.yaml: subscription_id is not set.*--local"):
        features.everywhere(load_environment("dev", root=project, environ={}), environ={})


def test_a_file_is_made_again_from_the_tags_in_azure(project: Path, azure: list[ResourceGroup]) -> None:
    before = create(project)[0].read_text()
    features.forget(NAME, root=project)
    azure.append(group())
    (found,) = everywhere(project)
    assert features.restore_file(found, root=project, environ={}).read_text() == before


@pytest.mark.parametrize("tag", [{"FeatureBranch": "feature/other"}, {"ExpireOn": "soon"}])
def test_changed_tags_lead_nowhere(project: Path, azure: list[ResourceGroup], tag: dict[str, str]) -> None:
    azure.append(group(**tag))
    (found,) = everywhere(project)
    with pytest.raises(EzazmlError, match=r"were changed"):
        features.restore_file(found, root=project, environ={})
    assert features.in_files(project) == []


def test_only_feature_environments_are_found(project: Path) -> None:
    create(project)
    assert features.require_feature(NAME, features.in_files(project), project).branch == BRANCH
    other = r"'prd' is not a feature environment.*nothing was changed.*ezazml destroy prd"
    with pytest.raises(InputError, match=other):
        features.require_feature("prd", features.in_files(project), project)
    with pytest.raises(InputError, match=rf"no feature environment 'x'. Known ones: {NAME}"):
        features.require_feature("x", features.in_files(project), project)


@pytest.mark.parametrize("feature", ["yes", {"branch": "x"}, [1], {"branch": "x", "source": "dev"}])
def test_a_broken_mark_is_no_feature_environment(tmp_path: Path, feature: object) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(yaml.safe_dump({"feature": feature}))
    assert features.feature_of(path) is None
    path.write_text("a: [")
    assert features.feature_of(path) is None


def test_what_is_still_there_is_not_called_removed(project: Path, azure: list[ResourceGroup]) -> None:
    create(project)
    environ = {"ARM_SUBSCRIPTION_ID": "11111111-2222-4333-8444-555555555555"}
    environment = load_environment(NAME, root=project, environ=environ)
    features.require_gone(environment, environ=environ)
    azure.append(group())
    with pytest.raises(EzazmlError, match=r"deployed with another state, such as one on another machine"):
        features.require_gone(environment, environ=environ)
