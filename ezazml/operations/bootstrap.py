"""How do the state's storage and the deploying identity come about? Local state first, then inside what was made."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ezazml.azure.arm import apis_of
from ezazml.config.blocks import write_block
from ezazml.config.bootstrap_names import BootstrapNames, bootstrap_names, local_state_file
from ezazml.config.environment import Environment
from ezazml.config.loading import load_environment
from ezazml.config.models import LocalBackend
from ezazml.config.yaml_file import read_yaml
from ezazml.errors import EzazmlError, InputError
from ezazml.logs import log_to_file
from ezazml.report.plan_summary import PlanSummary, summarise
from ezazml.terraform.diagnostics import StateLockedError
from ezazml.terraform.engine import find_engine, require_node
from ezazml.terraform.plan_files import plan_file_of_this_run
from ezazml.terraform.provider_cache import ProviderCache
from ezazml.terraform.relocation import RelocatableTerraform, place_state
from ezazml.terraform.runner import Progress, TerraformError

#: Shown the summary, answers whether to go on.
Confirm = Callable[[PlanSummary], bool]


@dataclass(frozen=True)
class BootstrapBench:
    """The bootstrap's stack of one environment, ready for Terraform, and whether its state has moved already."""

    environment: Environment
    names: BootstrapNames
    terraform: RelocatableTerraform
    moved: bool


@dataclass(frozen=True)
class Bootstrapped:
    """What there is after a bootstrap. No secrets."""

    names: BootstrapNames
    outputs: Mapping[str, str]
    summary: PlanSummary


def prepare_bootstrap(name: str, *, root: Path, environ: Mapping[str, str], show: Progress) -> BootstrapBench:
    """Synthesise the stack and initialise Terraform where its state is: on this machine, or in the account it made.

    Raises :class:`InputError` for mistakes in the configuration, :class:`EzazmlError` when Azure cannot be asked.
    """
    environment = load_environment(name, root=root, environ=environ)
    log_to_file(environment.settings.logging, root)
    names = bootstrap_names(environment)
    require_node(environ)
    engine = find_engine(environ)
    show("asking Azure what exists")
    moved = not local_state_file(environment).is_file() and _has_container(environment, names, environ)
    show("synthesising")
    folder = _synthesise(environment, environ)
    terraform = RelocatableTerraform(
        engine,
        folder,
        environ,
        providers=ProviderCache(root / ".ezazml" / "providers"),
        progress=show,
        lock_timeout_seconds=environment.settings.deploy.lock_timeout_seconds,
    )
    place_state(folder, _in_azure(environment, names) if moved else _on_this_machine(environment))
    show(f"initialising {engine}")
    terraform.init()
    return BootstrapBench(environment, names, terraform, moved)


def bootstrap(bench: BootstrapBench, *, confirm: Confirm) -> Bootstrapped:
    """Plan, let ``confirm`` see the summary, apply, and move the state into the storage that was made.

    Safe to repeat: what exists stays, what an interruption left out is done. Raises :class:`EzazmlError` when it was
    not confirmed or Terraform failed, :class:`InputError` when something would be lost.
    """
    root, name = bench.environment.root, bench.environment.name
    with plan_file_of_this_run(root / ".ezazml" / "plans", f"{name}.bootstrap") as file:
        changes = _plan(bench, file)
        summary = summarise(bench.terraform.show_plan(file) if changes else {})
        _require_nothing_lost(name, summary)
        if not summary.is_empty:
            if not confirm(summary):
                raise EzazmlError("Not confirmed; nothing was changed.")
            bench.terraform.apply(file)
    if not bench.moved:
        bench.terraform.move_state(_in_azure(bench.environment, bench.names))
        local = local_state_file(bench.environment)
        for left in (local, local.with_name(f"{local.name}.backup")):
            left.unlink(missing_ok=True)
    outputs = {key: str(output["value"]) for key, output in bench.terraform.outputs().items()}
    return Bootstrapped(bench.names, outputs, summary)


def lost_logins(summary: PlanSummary) -> list[str]:
    """Federated credentials that a bootstrap takes away, as one does that was not told the repository again."""
    kind = "azuread_application_federated_identity_credential"
    return [change.address for change in summary.changes if change.type == kind and change.action == "delete"]


def write_settings(environment: Environment, backend: Mapping[str, str]) -> list[str]:
    """Write the backend into the environment's file, and the repository that may log in; returns what changed.

    Without the repository in the file the next bootstrap would take the login away again.
    """
    groups: dict[str, dict[str, Any]] = {"backend": dict(backend)}
    github = environment.settings.bootstrap.github
    if github is not None:
        written = read_yaml(environment.path, label=environment.path.name).data.get("bootstrap") or {}
        own = {**(written.get("github") or {}), "repository": github.repository}
        groups["bootstrap"] = {**written, "github": own}
    return [group for group, settings in groups.items() if write_block(environment.path, group, settings)]


def local_state_left(environment: Environment) -> Path | None:
    """The environment's own state on this machine, which a new backend in its file would leave behind."""
    backend = environment.settings.backend
    if not isinstance(backend, LocalBackend) or environment.origins.get("backend.type", "").startswith("target"):
        return None
    state = environment.root / (backend.path or f".ezazml/state/{environment.name}.tfstate")
    return state if state.is_file() else None


def _has_container(environment: Environment, names: BootstrapNames, environ: Mapping[str, str]) -> bool:
    """Whether Azure has the container that the bootstrap makes. Raises :class:`AzureError` when it does not tell."""
    settings = environment.settings
    subscription = str(settings.subscription_id)
    azure = apis_of(subscription, tenant_id=settings.tenant_id, environ=environ)
    return azure.resource(names.container_id(subscription)) is not None


def _plan(bench: BootstrapBench, file: Path) -> bool:
    """Raises :class:`InputError` for a plan that Terraform refuses to make, as it would lose the state."""
    try:
        return bench.terraform.plan(file)
    except StateLockedError as error:
        name = bench.environment.name
        # The environment's own state is another one, with locks of its own.
        error.hint = (error.hint or "").replace(f"ezazml unlock {name}", f"ezazml unlock {name} --bootstrap")
        raise
    except TerraformError as error:
        if "prevent_destroy" not in error.message:
            raise
        raise _would_lose_state(bench.environment.name, "the storage account of the state") from error


def _require_nothing_lost(name: str, summary: PlanSummary) -> None:
    lost = [change.address for change in summary.changes if change.loses_data]
    if lost:
        raise _would_lose_state(name, ", ".join(lost))


def _would_lose_state(name: str, what: str) -> InputError:
    return InputError(
        f"environments/{name}.yaml: the bootstrap would replace or delete {what}, and with it the state; nothing was "
        "changed.",
        hint="Undo the change of prefix, names, location or replication.",
    )


def _on_this_machine(environment: Environment) -> dict[str, Any]:
    file = local_state_file(environment)
    file.parent.mkdir(parents=True, exist_ok=True)
    return {"local": {"path": str(file)}}


def _in_azure(environment: Environment, names: BootstrapNames) -> dict[str, Any]:
    settings = environment.settings
    backend = {
        "storage_account_name": names.storage_account,
        "container_name": names.container,
        "key": names.bootstrap_key,
        "subscription_id": settings.subscription_id,
        "tenant_id": settings.tenant_id,
        "use_azuread_auth": True,
    }
    return {"azurerm": {key: value for key, value in backend.items() if value is not None}}


def _synthesise(environment: Environment, environ: Mapping[str, str]) -> Path:
    """Run the bootstrap's own program, and return the folder with its ``cdk.tf.json``."""
    root, name = environment.root, environment.name
    folder = root / ".ezazml" / "bootstrap" / environment.settings.target.value / name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root / ".ezazml", prefix="synth-") as output:
        answer = subprocess.run(
            [sys.executable, "-m", "stacks.bootstrap"],
            cwd=root,
            env={**environ, "EZAZML_ENVIRONMENTS": name, "CDKTF_OUTDIR": output},
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            text = answer.stderr.strip().removeprefix("Error: ")
            if answer.returncode == InputError.exit_code:
                raise InputError(text)
            raise EzazmlError(f"Synthesising the bootstrap of {name} failed:\n{text}")
        shutil.copy(Path(output) / "stacks" / f"{name}-bootstrap" / "cdk.tf.json", folder)
    return folder
