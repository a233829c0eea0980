"""How does an operation get from a name to Terraform on its stack? Load, check, synthesise, init."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ezazml.config.checks import require_deployable
from ezazml.config.environment import Environment
from ezazml.config.lasting_state import require_lasting_state
from ezazml.config.loading import load_environment, require_its_shell
from ezazml.config.login import with_login
from ezazml.config.targets import Target
from ezazml.logs import log_to_file
from ezazml.operations.importing import forget_imports
from ezazml.terraform.engine import find_engine, require_write_only
from ezazml.terraform.plan_files import plan_file_of_this_run
from ezazml.terraform.provider_cache import ProviderCache
from ezazml.terraform.runner import Progress, Terraform
from ezazml.terraform.synth import synthesise

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Workbench:
    """An environment, ready for Terraform."""

    environment: Environment
    terraform: Terraform

    @property
    def where(self) -> str:
        """Where it is deployed, for people."""
        if self.environment.settings.target is Target.SANDBOX:
            return "sandbox on this machine"
        return f"Azure subscription {self.environment.settings.subscription_id}"

    @contextmanager
    def plan_file(self, purpose: str = "") -> Iterator[Path]:
        """A place for a saved plan, which holds secrets: of this run alone, and gone afterwards, whatever happens."""
        name = ".".join(filter(None, (self.environment.name, purpose)))
        with plan_file_of_this_run(self.environment.root / ".ezazml" / "plans", name) as file:
            yield file


class Purpose(StrEnum):
    """What the environment is prepared for: how much must be set."""

    DEPLOY = "deploy"
    DESTROY = "destroy"
    LOOK = "look"


def prepare(
    name: str, *, root: Path, environ: Mapping[str, str], show: Progress, purpose: Purpose = Purpose.DEPLOY
) -> Workbench:
    """Load, check and synthesise the environment, and initialise Terraform in its folder.

    Raises :class:`InputError` for mistakes in the configuration and for missing programs.
    """
    environment = load_environment(name, root=root, environ=environ)
    require_its_shell(environment, environ)
    require_lasting_state(environment, environ)
    log_to_file(environment.settings.logging, root)
    _LOG.info("%s: prepared to %s", name, purpose.value)
    if purpose is not Purpose.LOOK:
        require_deployable(name, environment.settings, with_secrets=purpose is Purpose.DEPLOY)
    engine = find_engine(environ)
    if environment.settings.key_vault.write_only_secrets:
        require_write_only(engine)
    show("synthesising")
    folder = synthesise(environment, environ)
    forget_imports(folder)
    providers = ProviderCache(root / ".ezazml" / "providers")
    terraform = Terraform(
        engine,
        folder,
        _with_secrets(environment, environ),
        providers=providers,
        progress=show,
        lock_timeout_seconds=environment.settings.deploy.lock_timeout_seconds,
    )
    if environment.settings.backend.type == "local":
        Path(_local_state(environment)).parent.mkdir(parents=True, exist_ok=True)
    show(f"initialising {engine}")
    terraform.init()
    return Workbench(environment, terraform)


def _local_state(environment: Environment) -> Path:
    backend = environment.settings.backend
    path = getattr(backend, "path", None) or f".ezazml/state/{environment.name}.tfstate"
    return environment.root / path


def _with_secrets(environment: Environment, environ: Mapping[str, str]) -> dict[str, str]:
    """Secrets and the login in force reach Terraform as variables, never on its command line."""
    settings = environment.settings
    variables = with_login(settings, environ)
    if settings.user.password is not None:
        variables["TF_VAR_user_password"] = settings.user.password.get_secret_value()
    elif settings.user.enabled:
        # Terraform wants a value also where none is used, such as for a destroy.
        variables["TF_VAR_user_password"] = "not-used"  # noqa: S105
    return variables
