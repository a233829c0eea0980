"""Which storage does a datastore stand for, and how is one made? By identity, unless a key is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ezazml.config.models import Datastore as DatastoreSettings
from ezazml.errors import InputError
from jobs.azure_errors import readable_errors
from jobs.connection import Connection
from jobs.data.names import require_account_name, require_container_name, require_datastore_name

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


@dataclass(frozen=True)
class DatastoreTarget:
    """The storage behind a datastore, and the type that Azure ML gives it."""

    name: str
    type: str
    account: str
    container: str

    def client(self, connection: Connection) -> ContainerClient:
        """Its container, reached with the login."""
        return connection.blobs(self.account).get_container_client(self.container)


@dataclass(frozen=True)
class DatastoreRequest:
    """A datastore to make. ``account_key`` is a secret; ``None`` leaves the access to identities."""

    name: str
    account: str
    container: str
    protocol: str
    description: str | None
    account_key: str | None


def find_datastore(connection: Connection, name: str | None) -> DatastoreTarget:
    """The storage of the datastore ``name``, or of the workspace's default one.

    Raises :class:`InputError` for one that does not exist (naming those that do) or that is no blob storage.
    """
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    with readable_errors(f"Looking for datastore {name or '(default)'}"):
        try:
            found: Any = connection.ml.datastores.get(name) if name else connection.ml.datastores.get_default()
        except ResourceNotFoundError as error:
            known = ", ".join(sorted(str(one.name) for one in connection.ml.datastores.list())) or "none"
            raise InputError(
                f"The workspace {connection.deployment.workspace} has no datastore {name!r}; it has {known}.",
                hint="Make one: ezazml create-or-update-adls-datastore",
            ) from error
    container = getattr(found, "container_name", None) or getattr(found, "filesystem", None)
    if not container:
        raise InputError(
            f"The datastore {found.name} is of type {_type_of(found)}; files go to and come from blob storage only.",
            hint="Name a datastore of blob storage or ADLS Gen2.",
        )
    return DatastoreTarget(str(found.name), _type_of(found), str(found.account_name), str(container))


def request_from(
    settings: DatastoreSettings,
    *,
    name: str | None = None,
    account: str | None = None,
    container: str | None = None,
    protocol: str | None = None,
    description: str | None = None,
    use_key: bool = True,
    default_account: str | None = None,
) -> DatastoreRequest:
    """What to make: the arguments, else the environment's settings (ABDS_NAME and the others), else its own account.

    Raises :class:`InputError` for what is missing or what Azure refuses.
    """
    if not settings.enabled and name is None:
        raise InputError(
            "No datastore is asked for: datastore.enabled (ADLS_ACTIVATE) is off, and no name is given.",
            hint="Set ADLS_ACTIVATE=true, or give --name.",
        )
    wanted = {
        "name": (name or settings.name, "--name or ABDS_NAME"),
        "account": (account or settings.account_name or default_account, "--account-name or ABDS_ACCOUNT_NAME"),
        "container": (container or settings.container_name, "--container-name or ABDS_CONTAINER_NAME"),
    }
    for what, (value, source) in wanted.items():
        if not value:
            raise InputError(f"The datastore's {what} is not set.", hint=f"Set {source}.")
    key = settings.account_key.get_secret_value() if use_key and settings.account_key else None
    protocol = protocol or settings.protocol
    if key and protocol == "abfss":
        raise InputError(
            "A datastore of ADLS Gen2 (abfss) takes no account key.",
            hint="Unset ADLS_ACCOUNT_KEY for access by identity, or use the protocol https.",
        )
    return DatastoreRequest(
        name=require_datastore_name(str(wanted["name"][0])),
        account=require_account_name(str(wanted["account"][0])),
        container=require_container_name(str(wanted["container"][0])),
        protocol=protocol,
        description=description or settings.description,
        account_key=key,
    )


def create_or_update(connection: Connection, request: DatastoreRequest, *, check: bool = True) -> DatastoreTarget:
    """Make or change the datastore in the workspace.

    ``check`` looks for the container first, because Azure ML accepts one that does not exist. Raises
    :class:`AzureError` when Azure refuses, without showing the key.
    """
    if check:
        container = connection.blobs(request.account).get_container_client(request.container)
        with readable_errors(f"Looking for container {request.container} in account {request.account}"):
            container.get_container_properties()
    with readable_errors(f"Creating datastore {request.name}"):
        made: Any = connection.ml.datastores.create_or_update(entity_of(request))
    return DatastoreTarget(str(made.name), _type_of(made), request.account, request.container)


def entity_of(request: DatastoreRequest) -> Any:
    """The datastore as azure-ai-ml knows it: ADLS Gen2 for the protocol ``abfss``, blob storage for the others."""
    from azure.ai.ml.entities import (  # noqa: PLC0415 - takes 0.8 s
        AccountKeyConfiguration,
        AzureBlobDatastore,
        AzureDataLakeGen2Datastore,
    )

    if request.protocol == "abfss":
        return AzureDataLakeGen2Datastore(
            name=request.name,
            account_name=request.account,
            filesystem=request.container,
            description=request.description,
        )
    return AzureBlobDatastore(
        name=request.name,
        account_name=request.account,
        container_name=request.container,
        protocol=request.protocol,
        description=request.description,
        credentials=AccountKeyConfiguration(account_key=request.account_key) if request.account_key else None,
    )


def _type_of(datastore: Any) -> str:
    """Azure ML's name of the type, such as ``AzureBlob``; the SDK has an enumeration for some."""
    return str(getattr(datastore.type, "value", datastore.type))
