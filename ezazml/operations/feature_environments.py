"""Which environments do branches have, and which have expired? Made from a branch, found again in Azure, removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ezazml.azure.arm import apis_of
from ezazml.config.environment import Environment
from ezazml.config.feature_file import (
    BRANCH_TAG,
    EXPIRE_TAG,
    SOURCE_TAG,
    feature_file,
    renewed,
    require_valid,
)
from ezazml.config.feature_names import feature_environment_name
from ezazml.config.loading import FOLDER, available_environments
from ezazml.config.periods import parse_time
from ezazml.config.yaml_file import read_yaml
from ezazml.errors import ConfigurationError, EzazmlError, InputError
from ezazml.operations.resource_groups import ResourceGroup, tagged_groups

_IGNORE_HEADER = (
    "# Written by `ezazml env create`: feature environments are made again from their branch.\n/.gitignore\n"
)


@dataclass(frozen=True)
class FeatureEnvironment:
    """The environment of one branch. ``deployed`` is ``None`` where nobody asked Azure."""

    name: str
    branch: str
    source: str
    expire_on: str
    deployed: bool | None
    has_file: bool

    def expired(self, now: datetime) -> bool:
        """Whether it has reached its end. A time that nobody can read counts as reached: it would never end else."""
        end = parse_time(self.expire_on)
        return end is None or end <= now


def create(
    branch: str, *, source: str, expire_on: datetime, root: Path, environ: Mapping[str, str]
) -> tuple[Path, bool]:
    """Write the file of the branch's environment; returns its path, and whether it is new.

    One that is there already gets the new end and stays as it is otherwise. Raises :class:`InputError` when the file
    belongs to something else, and when the environment would not be valid.
    """
    name, text = feature_file(branch, source=source, expire_on=expire_on, root=root)
    path = root / FOLDER / f"{name}.yaml"
    if path.exists():
        found = feature_of(path)
        if found is None or found.branch != branch.removeprefix("refs/heads/"):
            owner = f"the branch {found.branch!r}" if found else "no feature environment"
            raise InputError(f"{FOLDER}/{name}.yaml belongs to {owner}.", hint="Rename the branch.")
        text = renewed(path, expire_on=expire_on)
    require_valid(name, text, source=source, environ=environ)
    is_new = not path.exists()
    path.write_text(text, encoding="utf-8")
    _ignore(root / FOLDER, name)
    return path, is_new


def feature_of(path: Path) -> FeatureEnvironment | None:
    """The feature environment that a file describes; ``None`` for another file, and for one that cannot be read."""
    try:
        feature = read_yaml(path, label=path.name).data.get("feature")
    except ConfigurationError:
        return None
    if not isinstance(feature, dict) or not {"branch", "source", "expire_on"} <= set(feature):
        return None
    return FeatureEnvironment(
        path.stem, str(feature["branch"]), str(feature["source"]), str(feature["expire_on"]), None, has_file=True
    )


def in_files(root: Path) -> list[FeatureEnvironment]:
    """Feature environments that have a file here."""
    found = (feature_of(root / FOLDER / f"{name}.yaml") for name in available_environments(root))
    return [one for one in found if one is not None]


def everywhere(environment: Environment, *, environ: Mapping[str, str]) -> list[FeatureEnvironment]:
    """Feature environments with a file here or a resource group in the subscription of ``environment``, by name.

    The tags in Azure win over a file, which may be older. Raises :class:`EzazmlError` when Azure cannot be asked.
    """
    settings = environment.settings
    if settings.subscription_id is None:
        raise InputError(
            f"{FOLDER}/{environment.name}.yaml: subscription_id is not set, so Azure cannot be asked.",
            hint="Set it (or ARM_SUBSCRIPTION_ID), or pass --local to look at files only.",
        )
    azure = apis_of(settings.subscription_id, tenant_id=settings.tenant_id, environ=environ)
    return _joined(in_files(environment.root), tagged_groups(azure, EXPIRE_TAG))


def restore_file(feature: FeatureEnvironment, *, root: Path, environ: Mapping[str, str]) -> Path:
    """Make the file of a feature environment again that was found in Azure, where it was made on another machine.

    Raises :class:`EzazmlError` when its branch does not lead to its name: then its settings are not known.
    """
    end = parse_time(feature.expire_on)
    prefix = str(
        read_yaml(root / FOLDER / f"{feature.source}.yaml", label=feature.source).data.get("prefix") or "ezazml"
    )
    if end is None or feature_environment_name(feature.branch, prefix=prefix) != feature.name:
        raise EzazmlError(
            f"{feature.name}: its tags {BRANCH_TAG}: {feature.branch!r} and {EXPIRE_TAG}: {feature.expire_on!r} were "
            f"changed, or the prefix of {feature.source!r} was; its file cannot be made again.",
            hint="Correct the tags of its resource group, or delete the group by hand.",
        )
    path, _ = create(feature.branch, source=feature.source, expire_on=end, root=root, environ=environ)
    return path


def require_feature(name: str, found: Iterable[FeatureEnvironment], root: Path) -> FeatureEnvironment:
    """The feature environment of that name. Raises :class:`InputError` when there is none, and for other ones."""
    known = {one.name: one for one in found}
    if name in known:
        return known[name]
    if name in available_environments(root):
        raise InputError(
            f"{name!r} is not a feature environment: {FOLDER}/{name}.yaml has no `feature`; nothing was changed.",
            hint=f"To remove it: ezazml destroy {name}",
        )
    raise InputError(
        f"There is no feature environment {name!r}. Known ones: {', '.join(sorted(known)) or 'none'}.",
        hint="List them: ezazml env list",
    )


def require_gone(environment: Environment, *, environ: Mapping[str, str]) -> None:
    """Raise :class:`EzazmlError` when Azure still has the environment, although its state was emptied."""
    group = environment.names.resource_group
    if any(one.name == environment.name and one.deployed for one in everywhere(environment, environ=environ)):
        raise EzazmlError(
            f"{environment.name}: its state holds nothing any more, but its resource group {group!r} exists: it was "
            "deployed with another state, such as one on another machine.",
            hint="Remove it there, or delete the group by hand. A backend of type azurerm in "
            f"{FOLDER}/{environment.settings.feature.source if environment.settings.feature else 'dev'}.yaml keeps "
            "the state where all find it.",
        )


def forget(name: str, *, root: Path) -> None:
    """Remove the file of a feature environment that is no more."""
    (root / FOLDER / f"{name}.yaml").unlink(missing_ok=True)
    ignored = root / FOLDER / ".gitignore"
    if ignored.is_file():
        lines = ignored.read_text(encoding="utf-8").splitlines(keepends=True)
        ignored.write_text("".join(line for line in lines if line != f"/{name}.yaml\n"), encoding="utf-8")


def _joined(files: Iterable[FeatureEnvironment], groups: Iterable[ResourceGroup]) -> list[FeatureEnvironment]:
    tagged = {
        group.tags["environment"]: FeatureEnvironment(
            group.tags["environment"],
            group.tags[BRANCH_TAG],
            group.tags[SOURCE_TAG],
            group.tags[EXPIRE_TAG],
            deployed=True,
            has_file=False,
        )
        for group in groups
        # Others may use a tag ExpireOn too.
        if {BRANCH_TAG, SOURCE_TAG, "environment"} <= set(group.tags) and group.tags.get("managed_by") == "ezazml"
    }
    joined = dict(tagged)
    for file in files:
        azure = tagged.get(file.name)
        expire_on = azure.expire_on if azure else file.expire_on
        joined[file.name] = FeatureEnvironment(
            file.name, file.branch, file.source, expire_on, deployed=azure is not None, has_file=True
        )
    return [joined[name] for name in sorted(joined)]


def _ignore(folder: Path, name: str) -> None:
    """Git shall not see the file. A list of its own does that, as no pattern tells such names from others."""
    ignored = folder / ".gitignore"
    text = ignored.read_text(encoding="utf-8") if ignored.is_file() else _IGNORE_HEADER
    line = f"/{name}.yaml\n"
    if line not in text.splitlines(keepends=True):
        ignored.write_text(text + ("" if text.endswith("\n") else "\n") + line, encoding="utf-8")
