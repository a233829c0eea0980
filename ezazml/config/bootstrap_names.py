"""Where does an environment's state go, and who deploys it? Names of what ``ezazml bootstrap`` makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ezazml.config.checks import STATE_ACCOUNT_PLACEHOLDER
from ezazml.config.environment import Environment
from ezazml.config.models import AzurermBackend, LocalBackend
from ezazml.config.names import RULES, unique_suffix
from ezazml.errors import ConfigurationError, InputError, Problem

STATE_CONTAINER = "tfstate"


@dataclass(frozen=True)
class BootstrapNames:
    """Names of the state storage and of the deploying identity, and where the two states are."""

    resource_group: str
    storage_account: str
    container: str
    application: str
    #: Blob of the environment's own state, and of what the bootstrap made.
    state_key: str
    bootstrap_key: str

    def container_id(self, subscription_id: str) -> str:
        """The container as Azure Resource Manager knows it."""
        group = f"/subscriptions/{subscription_id}/resourceGroups/{self.resource_group}"
        account = f"{group}/providers/Microsoft.Storage/storageAccounts/{self.storage_account}"
        return f"{account}/blobServices/default/containers/{self.container}"


def bootstrap_names(environment: Environment) -> BootstrapNames:
    """What ``backend`` in the environment's file names, else defaults of its own.

    Each environment has an account of its own by default: who deploys one of them cannot read the state of another,
    which holds secrets. Raises :class:`InputError` where something is missing, :class:`ConfigurationError` for names
    that Azure would refuse.
    """
    settings, name = environment.settings, environment.name
    subscription = settings.subscription_id
    if subscription is None:
        raise InputError(
            f"environments/{name}.yaml: a bootstrap needs subscription_id.",
            hint="Set it in the file, or the variable ARM_SUBSCRIPTION_ID.",
        )
    backend = settings.backend if isinstance(settings.backend, AzurermBackend) else AzurermBackend()
    if backend.subscription_id not in (None, subscription):
        raise InputError(
            f"environments/{name}.yaml: backend.subscription_id: the bootstrap makes the state account in the "
            f"environment's own subscription {subscription}, not in {backend.subscription_id}.",
            hint="Remove the setting, or make that account by other means.",
        )
    account = backend.storage_account_name
    if account in (None, STATE_ACCOUNT_PLACEHOLDER):
        suffix = unique_suffix(subscription, settings.prefix, name)
        account = RULES["storage_account"].suggest(f"{settings.prefix}{name}tf{suffix}")
    application_prefix = settings.identities.application.name_prefix
    names = BootstrapNames(
        resource_group=backend.resource_group_name or f"{settings.prefix}-{name}-tfstate-rg",
        storage_account=str(account),
        container=backend.container_name,
        application=settings.bootstrap.application_name or f"{application_prefix}-{name}-deploy",
        state_key=backend.key or f"{name}.tfstate",
        bootstrap_key=f"{name}.bootstrap.tfstate",
    )
    _require_valid(environment, names)
    return names


def local_state_file(environment: Environment) -> Path:
    """Where the bootstrap's state is until its storage exists: beside that of the environment on this machine."""
    backend = environment.settings.backend
    path = backend.path if isinstance(backend, LocalBackend) else None
    state = environment.root / (path or f".ezazml/state/{environment.name}.tfstate")
    return state.with_name(f"{environment.name}.bootstrap.tfstate")


def _require_valid(environment: Environment, names: BootstrapNames) -> None:
    checked = {
        "resource_group": (names.resource_group, "backend.resource_group_name"),
        "application": (names.application, "bootstrap.application_name"),
    }
    where = f"environments/{environment.name}.yaml"
    problems = [
        Problem(where, field, f"{name!r} breaks the rule: {RULES[kind].text}.", f"Use {RULES[kind].suggest(name)!r}.")
        for kind, (name, field) in checked.items()
        if not RULES[kind].allows(name)
    ]
    if problems:
        raise ConfigurationError(problems)
