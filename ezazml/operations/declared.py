"""Does the project declare assets for an environment? Told without importing anything of Azure."""

from __future__ import annotations

from ezazml.config.environment import Environment

_FOLDER = "assets"


def declares_assets(environment: Environment) -> bool:
    """Whether there is a folder of declared assets for it, or a datastore that the variables switch on."""
    folders = (environment.root / _FOLDER, environment.root / "environments" / environment.name / _FOLDER)
    return any(folder.is_dir() for folder in folders) or environment.settings.datastore.enabled
