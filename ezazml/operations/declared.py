"""Does the project declare assets for an environment, and can they be put there from here? Told without Azure."""

from __future__ import annotations

from ezazml.config.environment import Environment

_FOLDER = "assets"


def declares_assets(environment: Environment) -> bool:
    """Whether there is a folder of declared assets for it, or a datastore that the variables switch on."""
    folders = (environment.root / _FOLDER, environment.root / "environments" / environment.name / _FOLDER)
    return any(folder.is_dir() for folder in folders) or environment.settings.datastore.enabled


def left_out_because(environment: Environment) -> str | None:
    """Why a deployment leaves the declared assets out; ``None`` if it does not.

    Their files go to the storage account, which a private environment lets nobody reach from outside.
    """
    network = environment.settings.network
    if not network.is_private or network.deployer_inside:
        return None
    return (
        f"The declared assets are left out: {environment.name} is private, and network.deployer_inside is false. "
        f"Run inside its network: ezazml assets apply {environment.name}"
    )
