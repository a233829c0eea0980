"""What does the rest of the product get to see of an environment? The loaded, validated whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ezazml.config.models import EnvironmentModel


@dataclass(frozen=True)
class ComputeName:
    """One compute to create: the full Azure name, the construct's id and the setting that describes it."""

    full_name: str
    construct_id: str
    index: int


@dataclass(frozen=True)
class Names:
    """Validated Azure names of everything in one environment."""

    resource_group: str
    log_analytics_workspace: str
    application_insights: str
    storage_account: str
    key_vault: str
    container_registry: str
    workspace: str
    workspace_identity: str
    application: str
    action_group: str
    budget: str
    data_lake: str
    virtual_network: str
    encryption_identity: str
    user_principal_name_local_part: str
    compute_instances: tuple[ComputeName, ...]
    compute_clusters: tuple[ComputeName, ...]


@dataclass(frozen=True)
class Environment:
    """One environment: its name, settings, names, and where each effective value came from.

    ``origins`` maps each dotted setting (``compute.clusters[0].size``) to a text such as
    ``environments/dev.yaml:12``, ``variable TF_VAR_location`` or ``default``. ``git_commit`` is there if the settings
    ask for it.
    """

    name: str
    root: Path
    path: Path
    settings: EnvironmentModel
    names: Names
    origins: Mapping[str, str]
    git_commit: str | None = None
