"""Which blobs does an address mean? Datastores, assets, outputs of jobs and blob addresses, as Azure ML writes them."""

from __future__ import annotations

import re
from typing import Any

from sandbox.azureml_api.references import identifier_of
from sandbox.blob import HOST_SUFFIX
from sandbox.compute.errors import ComputeError
from sandbox.compute.files import Place
from sandbox.store import ArmObject, Store

_WORKSPACE = r"(?:subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/)?"
_DATASTORE = re.compile(rf"azureml://{_WORKSPACE}datastores/([^/]+)(?:/paths(?:/(.*))?)?", re.IGNORECASE)
_JOB_OUTPUT = re.compile(rf"azureml://{_WORKSPACE}jobs/([^/]+)/outputs/([^/]+)(?:/paths(?:/(.*))?)?", re.IGNORECASE)
_RUN = re.compile(r"runs:/([^/]+)(?:/(.*))?")
_BLOB = re.compile(rf"https://([a-z0-9]+){re.escape(HOST_SUFFIX)}/([^/?]+)(?:/([^?]*))?(?:\?.*)?", re.IGNORECASE)
_WASBS = re.compile(
    r"(?:wasbs?|abfss?)://([^@/]+)@([a-z0-9]+)\.(?:blob|dfs)\.core\.windows\.net(?:/(.*))?", re.IGNORECASE
)
_VERSION = re.compile(r"/(data|models)/([^/]+)/versions/([^/]+)$", re.IGNORECASE)
_LATEST = re.compile(r"(?:azureml:)?([^:/@]+)@latest")
_ACCOUNTS = "Microsoft.Storage/storageAccounts"
#: Where the logs and the artifacts of a run are.
ARTIFACTS = "workspaceartifactstore"


def artifacts_uri(job: str) -> str:
    """Where Azure ML keeps what a run leaves behind."""
    return f"azureml://datastores/{ARTIFACTS}/paths/ExperimentRun/dcid.{job}"


def output_uri(job: str, output: str) -> str:
    """Where an output of a job is unless the job says otherwise."""
    return f"azureml://datastores/workspaceblobstore/paths/azureml/{job}/{output}/"


def uri_of(store: Store, workspace: ArmObject, reference: str) -> str:
    """The address behind a reference to a data asset or a model; any other text is an address itself.

    Raises :class:`ComputeError` for an asset that does not exist.
    """
    latest = _LATEST.fullmatch(reference)
    for collection in ("data", "models"):
        if latest is not None:
            container = store.get(f"{workspace['id']}/{collection}/{latest[1]}")
            version = container and container["properties"].get("latestVersion")
            if version:
                return uri_of(store, workspace, f"{workspace['id']}/{collection}/{latest[1]}/versions/{version}")
            continue
        identifier = identifier_of(workspace, collection, reference)
        body = store.get(identifier) if _VERSION.search(identifier) else None
        if body is not None:
            found: str = body["properties"].get("dataUri") or body["properties"].get("modelUri")
            return found
    if latest is not None or "://" not in reference:
        raise ComputeError(f"The asset '{reference}' does not exist in the workspace '{workspace['name']}'.")
    return reference


def in_datastore(store: Store, workspace: ArmObject, uri: str) -> str:
    """The address in a datastore behind the output of a job, as Azure ML keeps it; any other address as it is.

    Raises :class:`ComputeError` for a job or an output that does not exist.
    """
    found = _JOB_OUTPUT.fullmatch(uri)
    if found is None:
        return uri
    parts = workspace["id"].split("/")
    base = _output_of_job(store, workspace, found[1], found[2]).removeprefix("azureml://").rstrip("/")
    where = f"azureml://subscriptions/{parts[2]}/resourcegroups/{parts[4]}/workspaces/{workspace['name']}/{base}"
    return f"{where}/{found[3].strip('/')}" if found[3] else where


def place_of(store: Store, workspace: ArmObject, reference: str) -> Place:
    """The blobs that a reference or an address means. Raises :class:`ComputeError`."""
    uri = uri_of(store, workspace, reference)
    if found := _DATASTORE.fullmatch(uri):
        return _in_datastore(store, workspace, found[1], found[2] or "")
    if found := _JOB_OUTPUT.fullmatch(uri):
        base = _output_of_job(store, workspace, found[1], found[2])
        return place_of(store, workspace, base).below(found[3] or "")
    if found := _RUN.fullmatch(uri):
        return place_of(store, workspace, artifacts_uri(found[1])).below(found[2] or "")
    if found := _BLOB.fullmatch(uri):
        place = Place(found[1].lower(), found[2], found[3] or "")
    elif found := _WASBS.fullmatch(uri):
        place = Place(found[2].lower(), found[1], found[3] or "")
    else:
        raise _unreachable(uri)
    if all(account["name"].lower() != place.account for account in store.find(_ACCOUNTS)):
        raise _unreachable(uri)
    return place


def _unreachable(uri: str) -> ComputeError:
    where = uri.partition("?")[0]  # what follows may be a signature
    return ComputeError(
        f"The sandbox cannot read {where}: it is not in the sandbox, which has no network. Bring the file here and "
        "name it, by its path or in a datastore."
    )


def _in_datastore(store: Store, workspace: ArmObject, name: str, path: str) -> Place:
    body = store.get(f"{workspace['id']}/datastores/{name}")
    if body is None:
        raise ComputeError(f"Could not find datastore '{name}' in workspace '{workspace['name']}'.")
    properties: dict[str, Any] = body["properties"]
    container = properties.get("containerName") or properties.get("filesystem")
    if container is None:
        kind = properties["datastoreType"]
        raise ComputeError(f"The sandbox has no files of a datastore of type {kind} ('{name}'). Use a blob container.")
    return Place(properties["accountName"].lower(), container, path)


def _output_of_job(store: Store, workspace: ArmObject, job: str, output: str) -> str:
    body = store.get(f"{workspace['id']}/jobs/{job}")
    if body is None:
        raise ComputeError(f"The job '{job}' does not exist in the workspace '{workspace['name']}'.")
    if output in ("artifacts", "default"):
        return artifacts_uri(job)
    outputs: dict[str, Any] = body["properties"].get("outputs") or {}
    if output not in outputs:
        raise ComputeError(f"The job '{job}' has no output '{output}'; it has {', '.join(outputs) or 'none'}.")
    return str((outputs[output] or {}).get("uri") or output_uri(job, output))
