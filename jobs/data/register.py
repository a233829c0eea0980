"""How does data become a data asset? Uploaded once per content, registered once per content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ezazml.errors import InputError
from jobs.azure_errors import readable_errors
from jobs.connection import Connection
from jobs.data.datastores import find_datastore
from jobs.data.local_files import find_files
from jobs.data.names import require_data_name, require_version
from jobs.data.upload import UploadMode, upload
from jobs.tags import HASH_TAG

#: Folder of uploads in a datastore, below it one per content: where azure-ai-ml puts them too.
_UPLOADS = "LocalUpload"


@dataclass(frozen=True)
class DataRequest:
    """A data asset to register.

    ``type`` is Azure ML's: uri_file, uri_folder or mltable. ``source`` is a local path, which is uploaded, or an
    address, which is registered as it is. Without ``version`` it gets the next one.
    """

    name: str
    type: str
    source: Path | str
    description: str | None = None
    version: str | None = None
    datastore: str | None = None
    referenced: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegisteredData:
    """A data asset as the workspace has it; ``is_new`` is off when an equal one was there already."""

    name: str
    version: str
    type: str
    path: str
    is_new: bool


def register(
    connection: Connection, request: DataRequest, *, on_progress: Callable[[int, int], None] | None = None
) -> RegisteredData:
    """Register the data, unless the version asked for (or the latest one) has the same content and definition.

    Raises :class:`InputError` for names and versions that Azure refuses, and for a version that exists with another
    content: Azure ML does not change versions.
    """
    require_data_name(request.name)
    require_version(request.version)
    content = _hash_content(request.source)
    fingerprint = _hash_definition(request, content)
    existing = find_data(connection, request.name, request.version)
    if existing is not None:
        if existing.type != request.type:
            raise InputError(
                f"Data asset {request.name} is of type {existing.type}, and so are all of its versions; this is "
                f"of type {request.type}.",
                hint="Give it another name.",
            )
        if (existing.tags or {}).get(HASH_TAG) == fingerprint:
            return _registered(existing, is_new=False)
        if request.version is not None:
            raise InputError(
                f"Data asset {request.name} version {request.version} exists already with another content or "
                "definition, and Azure ML does not change versions.",
                hint="Leave the version out for the next one.",
            )
    path = request.source
    if isinstance(path, Path):
        path = _upload(connection, path, content, request.datastore, on_progress)
    with readable_errors(f"Registering {request.name}"):
        made = _create(connection, request, str(path), {HASH_TAG: fingerprint})
    return _registered(made, is_new=True)


def find_data(connection: Connection, name: str, version: str | None) -> Any:
    """The data asset in that version, or in its latest one; ``None`` if there is none."""
    from azure.core.exceptions import AzureError  # noqa: PLC0415

    data = connection.ml.data
    with readable_errors(f"Looking for data asset {name}"):
        try:
            return data.get(name, version=version) if version is not None else data.get(name, label="latest")
        except AzureError as error:
            if _is_missing(error):
                return None
            raise


def _is_missing(error: BaseException | None) -> bool:
    """Whether Azure, or the SDK in its place, says that there is no such asset."""
    from azure.ai.ml.exceptions import ValidationErrorType  # noqa: PLC0415
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    while error is not None:
        if isinstance(error, ResourceNotFoundError):
            return True
        if getattr(error, "error_type", None) == ValidationErrorType.RESOURCE_NOT_FOUND:
            return True
        error = error.__cause__ or error.__context__
    return False


def _upload(
    connection: Connection,
    source: Path,
    content: str,
    datastore: str | None,
    on_progress: Callable[[int, int], None] | None,
) -> str:
    """Below the hash of the content: sent once, and never changed under an older version that refers to it."""
    target = find_datastore(connection, datastore)
    prefix = f"{_UPLOADS}/{content}"
    if source.is_dir():
        prefix += f"/{source.resolve().name}"
    container = target.client(connection)
    upload(source, container=container, prefix=prefix, mode=UploadMode.OVERWRITE, on_progress=on_progress)
    end = "" if source.is_dir() else f"/{source.name}"
    return f"azureml://datastores/{target.name}/paths/{prefix}{end}"


def _create(connection: Connection, request: DataRequest, path: str, tags: Mapping[str, str]) -> Any:
    from azure.ai.ml.entities import Data  # noqa: PLC0415 - takes 0.8 s

    data = Data(
        name=request.name,
        version=request.version,
        type=request.type,
        path=path,
        description=request.description,
        tags=dict(tags),
    )
    if request.type == "mltable":
        # The SDK would read the table back and fetch a schema for it from the internet; it is checked already.
        data._referenced_uris = list(request.referenced)
        connection.ml.data._validate = lambda _data: None
    return connection.ml.data.create_or_update(data)


def _registered(data: Any, *, is_new: bool) -> RegisteredData:
    return RegisteredData(str(data.name), str(data.version), str(data.type), str(data.path), is_new)


def _hash_content(source: Path | str) -> str:
    """Hash over names and bytes of local files; empty for an address, whose content is not ours to read."""
    if isinstance(source, str):
        return ""
    total = hashlib.sha256()
    for file in find_files(source):
        with file.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{file.name}\0{digest}\0".encode())
    return total.hexdigest()


def _hash_definition(request: DataRequest, content: str) -> str:
    address = request.source if isinstance(request.source, str) else ""
    declared = [request.type, request.description or "", address, content]
    return hashlib.sha256(json.dumps(declared).encode()).hexdigest()
