"""How are whole files scored? Batch endpoints as declared, runs over registered data, and their predictions here."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ezazml.errors import EzazmlError, InputError
from jobs.assets.asset import Definition, Kind
from jobs.assets.loading import load_entity
from jobs.azure_errors import readable_errors
from jobs.computes import with_full_names
from jobs.connection import Connection
from jobs.data.azure_jobs import compute_of
from jobs.data.register import find_data
from jobs.lifecycle.declarations import declared, fingerprint_of, require_loadable
from jobs.lifecycle.leftovers import Making, telling_what_is_left
from jobs.lifecycle.pinning import pin
from jobs.lifecycle.training import latest_data
from jobs.tags import HASH_TAG

Show = Callable[[str], None]

#: What Azure ML calls the output of a batch job (azure-ai-ml, BATCH_JOB_CHILD_RUN_OUTPUT_NAME).
_OUTPUT = "score"
_DATA = re.compile(r"^azureml:(?!/)(?P<name>[A-Za-z0-9][\w.-]*?)(?::(?P<version>[\w.-]+)|@latest)?$")
_REMOTE = re.compile(r"^(?:azureml:/|https?://|wasbs?://|abfss?://)")


@dataclass
class DeployedBatch:
    """What a deploy did: ``created``, ``updated`` or ``unchanged`` for each part."""

    endpoint: str
    parts: dict[str, str] = field(default_factory=dict)
    default: str | None = None

    @property
    def is_unchanged(self) -> bool:
        """Whether everything was as declared."""
        return all(what == "unchanged" for what in self.parts.values())

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return dict(self.__dict__)


def deploy(
    connection: Connection,
    name: str,
    *,
    only: Sequence[str] = (),
    files: Collection[Path] = (),
    model: str | None = None,
    show: Show = lambda _line: None,
) -> DeployedBatch:
    """Make a batch endpoint and its deployments as declared. The first one becomes the default if there is none.

    A deployment that names no compute gets the environment's first cluster.
    """
    endpoint, deployments = _declared(connection, name, only, files)
    root = connection.deployment.environment.root
    for definition in deployments.values():
        if not definition.data.get("compute"):
            definition.data["compute"] = f"azureml:{compute_of(connection.deployment, None)}"
    for definition in (endpoint, *deployments.values()):
        require_loadable(definition, root)
    pinned = {one: _pinned(definition, connection, model) for one, definition in deployments.items()}
    done = DeployedBatch(name)
    done.parts["endpoint"] = _put(connection, endpoint, show)
    for one, definition in pinned.items():
        with telling_what_is_left(_making(connection, name, one, done.parts)):
            done.parts[one] = _put(connection, definition, show)
    done.default = _default(connection, name, endpoint, sorted(pinned))
    return done


def run(
    connection: Connection, name: str, source: str, *, deployment: str | None = None, here: Path | None = None
) -> str:
    """Start scoring ``source``: ``azureml:name@latest``, a local file or folder, or an address. Returns the job's name.

    Raises :class:`InputError` for an endpoint or data that is not there.
    """
    from azure.ai.ml import Input  # noqa: PLC0415 - takes 0.8 s

    _require_endpoint(connection, name, deployment)
    kind, path = _input(connection, source, here or Path.cwd())
    quiet = io.StringIO()
    with (
        readable_errors(f"Running batch endpoint {name}"),
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
    ):
        job = connection.ml.batch_endpoints.invoke(
            endpoint_name=name, deployment_name=deployment, input=Input(type=kind, path=path)
        )
    return str(job.name)


def download(connection: Connection, job: str, folder: Path) -> list[Path]:
    """Put what a batch job wrote into ``folder``; returns the files. Raises :class:`EzazmlError` if there are none."""
    folder.mkdir(parents=True, exist_ok=True)
    # Into a folder of its own first: an interrupted download leaves nothing that looks like predictions.
    with tempfile.TemporaryDirectory(prefix=".ezazml-", dir=folder) as text:
        fetched = Path(text)
        quiet = io.StringIO()
        with (
            readable_errors(f"Downloading the predictions of job {job}"),
            contextlib.redirect_stdout(quiet),
            contextlib.redirect_stderr(quiet),
        ):
            connection.ml.jobs.download(job, download_path=fetched, output_name=_OUTPUT)
        files = []
        for file in sorted(path for path in fetched.rglob("*") if path.is_file()):
            target = folder / file.name
            file.replace(target)
            files.append(target)
    if not files:
        raise EzazmlError(
            f"Job {job} wrote no predictions.", hint=f"See: ezazml jobs show {connection.deployment.name} {job}"
        )
    return files


def _declared(
    connection: Connection, name: str, only: Sequence[str], files: Collection[Path]
) -> tuple[Definition, dict[str, Definition]]:
    deployment = connection.deployment
    found = [
        replace(one, data=with_full_names(one.data, deployment.environment))
        for one in declared(deployment, {Kind.BATCH_ENDPOINT, Kind.BATCH_DEPLOYMENT}, files)
    ]
    endpoints = {str(one.data.get("name")): one for one in found if one.kind is Kind.BATCH_ENDPOINT}
    if name not in endpoints:
        known = ", ".join(sorted(endpoints)) or "none"
        where = "The files" if files else deployment.environment.settings.lifecycle.folder
        raise InputError(f"{where} declares no batch endpoint {name!r}.", hint=f"Declared: {known}.")
    deployments = {
        str(one.data.get("name")): one
        for one in found
        if one.kind is Kind.BATCH_DEPLOYMENT and one.data.get("endpoint_name") == name
    }
    unknown = sorted(set(only) - set(deployments))
    if unknown or not deployments:
        known = ", ".join(sorted(deployments)) or "none"
        raise InputError(
            f"Batch endpoint {name} declares no deployment{' ' if unknown else ''}{', '.join(unknown)}.",
            hint=f"Declared: {known}.",
        )
    given = {path.absolute() for path in files}
    named = [one for one, definition in deployments.items() if definition.path in given]
    return endpoints[name], {one: deployments[one] for one in sorted(only or named or deployments)}


def _pinned(definition: Definition, connection: Connection, model: str | None) -> Definition:
    copy = replace(definition, data=deepcopy(definition.data))
    pin(copy, connection, model=model)
    return copy


def _making(connection: Connection, endpoint: str, name: str, done: Mapping[str, str]) -> Making:
    return Making(
        name,
        lambda: connection.ml.batch_deployments.get(name=name, endpoint_name=endpoint),
        done,
    )


def _put(connection: Connection, definition: Definition, show: Show) -> str:
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    fingerprint = fingerprint_of(definition)
    is_endpoint = definition.kind is Kind.BATCH_ENDPOINT
    operations: Any = connection.ml.batch_endpoints if is_endpoint else connection.ml.batch_deployments
    name = str(definition.data["name"])
    what = f"batch endpoint {name}" if is_endpoint else f"batch deployment {name}"
    place = {"name": name} if is_endpoint else {"name": name, "endpoint_name": str(definition.data["endpoint_name"])}
    quiet = io.StringIO()
    with readable_errors(what[:1].upper() + what[1:]):
        try:
            present: Any = operations.get(**place)
        except ResourceNotFoundError:
            present = None
        if present is not None and (present.tags or {}).get(HASH_TAG) == fingerprint:
            return "unchanged"
        entity = load_entity(definition)
        entity.tags = {**(entity.tags or {}), HASH_TAG: fingerprint}
        if is_endpoint and present is not None:
            entity.defaults = present.defaults
        show(f"{what}: {'updating' if present is not None else 'creating'}")
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            operations.begin_create_or_update(entity).result()
    return "created" if present is None else "updated"


def _default(connection: Connection, name: str, declared: Definition, deployments: Sequence[str]) -> str:
    """Which deployment answers when none is named: the declared one, the present one, else the first."""
    operations = connection.ml.batch_endpoints
    with readable_errors(f"Batch endpoint {name}"):
        endpoint: Any = operations.get(name)
        present = _default_of(endpoint)
        wanted = (declared.data.get("defaults") or {}).get("deployment_name") or present or deployments[0]
        if wanted != present:
            endpoint.defaults = {"deployment_name": wanted}
            operations.begin_create_or_update(endpoint).result()
    return str(wanted)


def _default_of(endpoint: Any) -> str | None:
    """The default deployment; the SDK gives a group of its own, or a plain dict."""
    defaults = endpoint.defaults or {}
    if isinstance(defaults, dict):
        return defaults.get("deployment_name")
    return getattr(defaults, "deployment_name", None)


def _require_endpoint(connection: Connection, name: str, deployment: str | None) -> None:
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    environment = connection.deployment.name
    with readable_errors(f"Looking for batch endpoint {name}"):
        try:
            endpoint: Any = connection.ml.batch_endpoints.get(name)
        except ResourceNotFoundError as error:
            raise InputError(
                f"There is no batch endpoint {name!r}.", hint=f"Deploy it: ezazml batch deploy {environment} {name}"
            ) from error
        known = sorted(str(one.name) for one in connection.ml.batch_deployments.list(endpoint_name=name))
    if deployment is not None and deployment not in known:
        raise InputError(f"Batch endpoint {name} has no deployment {deployment!r}.", hint=f"It has {', '.join(known)}.")
    if deployment is None and not _default_of(endpoint):
        raise InputError(f"Batch endpoint {name} has no default deployment.", hint="Name one with --deployment.")


def _input(connection: Connection, source: str, here: Path) -> tuple[str, str]:
    match = _DATA.match(source)
    if match is not None:
        version = latest_data(connection, match["name"], match["version"], f"--input {source}")
        asset = find_data(connection, match["name"], version)
        if asset.type == "mltable":
            raise InputError(
                f"--input {source}: it is an mltable; batch deployments read files.",
                hint="Name a data asset of type uri_file or uri_folder.",
            )
        return str(asset.type), f"azureml:{match['name']}:{version}"
    if source.startswith("azureml:") and not source.startswith("azureml:/"):
        raise InputError(
            f"--input {source}: data assets are written azureml:name:version or azureml:name@latest.",
            hint="Correct it.",
        )
    if _REMOTE.match(source):
        return ("uri_file" if Path(source.rsplit("/", 1)[-1]).suffix else "uri_folder"), source
    path = (here / source).resolve()
    if not path.exists():
        raise InputError(
            f"--input {source}: there is no such file or folder.", hint="Data assets are written azureml:name@latest."
        )
    return ("uri_file" if path.is_file() else "uri_folder"), str(path)
