"""What stands in the file of a feature environment? Its source's settings, isolated, cheaper and with an end."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ezazml.config.feature_names import branch_of, feature_environment_name, feature_prefix
from ezazml.config.loading import FOLDER, environ_to_look, load_environment
from ezazml.config.models import EnvironmentModel
from ezazml.config.periods import format_time
from ezazml.config.yaml_file import read_yaml
from ezazml.errors import ConfigurationError, InputError

#: Tags by which a feature environment is found in Azure, also where its file is not.
EXPIRE_TAG, BRANCH_TAG, SOURCE_TAG = "ExpireOn", "FeatureBranch", "FeatureOf"
DEFAULT_PREFIX = str(EnvironmentModel.model_fields["prefix"].default)
#: The guard of `ezazml destroy` for what one branch tries out: its name is enough, at any time. Who may stays as it is.
_LIGHT_GUARD = {
    "confirmation": "name",
    "require_reason": False,
    "require_ticket": False,
    "require_committed": False,
    "business_hours": None,
    "waiting_minutes": 0,
    "notify": "off",
}
#: Two cores: the smallest size that Azure Machine Learning recommends for jobs of that family.
_CHEAP_SIZE = "Standard_DS2_v2"
_HEADER = """\
# yaml-language-server: $schema=environment.schema.json
# Environment of the branch {branch}, made from {source} by `ezazml env create`. Git ignores this file: the same branch
# always gets the same one. Compute instances are left out, since they cost while nobody works.
"""


def feature_file(branch: str, *, source: str, expire_on: datetime, root: Path) -> tuple[str, str]:
    """Name and YAML text of the environment of ``branch``, made from the file of ``source``.

    Variables do not count, so that everyone gets the same file. Raises :class:`InputError` for a source that is a
    feature environment itself, and for what is wrong in its file.
    """
    branch = branch_of(branch)
    settings = read_yaml(root / FOLDER / f"{source}.yaml", label=f"{FOLDER}/{source}.yaml").data
    if settings.get("feature") is not None:
        raise InputError(
            f"--from {source}: is a feature environment itself.",
            hint=f"Use what it was made from: {settings['feature'].get('source')}.",
        )
    prefix = str(settings.get("prefix") or DEFAULT_PREFIX)
    name = feature_environment_name(branch, prefix=prefix)
    changed = {
        **_isolated(settings, name, feature_prefix(prefix), branch),
        **_cheaper(settings),
        "tags": {**_group(settings, "tags"), **_tags(branch, source, expire_on)},
        "feature": {"branch": branch, "source": source, "expire_on": format_time(expire_on)},
    }
    return name, _text(changed, branch, source)


def renewed(path: Path, *, expire_on: datetime) -> str:
    """The text of a feature environment's file with another end; what else was changed in it stays."""
    settings = read_yaml(path, label=f"{FOLDER}/{path.name}").data
    feature = settings["feature"]
    settings["tags"] = {**_group(settings, "tags"), EXPIRE_TAG: format_time(expire_on)}
    settings["feature"] = {**feature, "expire_on": format_time(expire_on)}
    return _text(settings, feature["branch"], feature["source"])


def require_valid(name: str, text: str, *, source: str, environ: Mapping[str, str]) -> None:
    """Raise :class:`InputError` when Azure would not take the environment, such as a name in it that is too long."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FOLDER / f"{name}.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        try:
            load_environment(name, root=Path(folder), environ=environ_to_look(name, environ))
        except ConfigurationError as error:
            raise InputError(
                f"The environment {name!r}, made from {source!r}, would not be valid:\n{error}",
                hint=f"Correct {FOLDER}/{source}.yaml; the names of its computes may be too long.",
            ) from error


def _isolated(settings: Mapping[str, Any], name: str, prefix: str, branch: str) -> dict[str, Any]:
    """Names and a state of its own, nothing protected, and nothing kept after the end."""
    letters = f"{prefix}{name.replace('-', '')}"
    application = _group(_group(settings, "identities"), "application")
    identities = {**_group(settings, "identities"), "application": {**application, "name_prefix": prefix}}
    github = application.get("github")
    if isinstance(github, dict):
        identities["application"]["github"] = {"repository": github.get("repository"), "branch": branch}
    guard = {key: value for key, value in _group(settings, "destroy").items() if key != "audit_file"}
    vault = {**_group(settings, "key_vault"), "soft_delete_days": 7, "purge_protection_enabled": False}
    return {
        **settings,
        "prefix": prefix,
        "unique_suffix": False,
        "protected": False,
        "on_destroy": "purge",
        "backend": _backend(settings, name),
        "names": {"storage_account": f"{letters}asa01", "container_registry": f"{letters}acr01"},
        "identities": identities,
        "user": {"enabled": False},
        "key_vault": vault,
        "destroy": {**guard, **_LIGHT_GUARD},
    }


def _backend(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The same storage account with a key of its own; on this machine the default, which the name is part of."""
    backend = {key: value for key, value in _group(settings, "backend").items() if key not in ("key", "path")}
    if backend.get("type") == "azurerm":
        backend["key"] = f"features/{name}.tfstate"
    return backend or {"type": "local"}


def _cheaper(settings: Mapping[str, Any]) -> dict[str, Any]:
    clusters = _group(settings, "compute").get("clusters") or []
    return {
        "storage": {**_group(settings, "storage"), "replication": "LRS"},
        "container_registry": {**_group(settings, "container_registry"), "sku": "Basic"},
        "monitoring": {"retention_days": 30, "daily_quota_gb": 1},
        "compute": {
            "instances": [],
            "clusters": [_cheaper_cluster(one) if isinstance(one, dict) else one for one in clusters],
        },
    }


def _cheaper_cluster(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """One node that can be taken away, and none while there is no work. A GPU stays one: jobs need it."""
    gpu = str(cluster.get("size", "")).startswith("Standard_N")
    size = {} if gpu else {"size": _CHEAP_SIZE}
    return {
        **cluster,
        **size,
        "count": 1,
        "priority": "LowPriority",
        "min_nodes": 0,
        "max_nodes": 1,
        "idle_seconds": 600,
    }


def _tags(branch: str, source: str, expire_on: datetime) -> dict[str, str]:
    return {EXPIRE_TAG: format_time(expire_on), BRANCH_TAG: branch, SOURCE_TAG: source}


def _group(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A group of settings that may be missing, or empty, or (in a wrong file) something else."""
    value = settings.get(name)
    return dict(value) if isinstance(value, dict) else {}


def _text(settings: Mapping[str, Any], branch: str, source: str) -> str:
    body = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, width=120)
    return _HEADER.format(branch=branch, source=source) + "\n" + body
