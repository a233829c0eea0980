"""Which versions does a deployment mean? References by label become versions, so that a change of them is a change."""

from __future__ import annotations

import re
from typing import Any

from ezazml.errors import InputError
from jobs.assets.asset import Definition
from jobs.azure_errors import readable_errors
from jobs.connection import Connection
from jobs.lifecycle.models import find

_LABEL = re.compile(r"^azureml:(?P<name>[A-Za-z0-9][\w.-]*?)@(?P<label>\w+)$")
_VERSION = re.compile(r"^azureml:(?P<name>[A-Za-z0-9][\w.-]*?):(?P<version>[\w.-]+)$")


def pin(definition: Definition, connection: Connection, *, model: str | None = None) -> None:
    """Give model and environment the versions that ``@latest``, ``@champion`` or ``@challenger`` mean now, in place.

    ``model`` is used instead of the declared one. Raises :class:`InputError` for what is not registered.
    """
    data = definition.data
    if model is not None:
        data["model"] = find(connection, model).reference
    else:
        _pin_model(definition, connection)
    match = _LABEL.match(str(data.get("environment", "")))
    if match is not None:
        data["environment"] = _environment(connection, match["name"], match["label"], definition)


def _pin_model(definition: Definition, connection: Connection) -> None:
    declared = definition.data.get("model")
    if not isinstance(declared, str) or not (_LABEL.match(declared) or _VERSION.match(declared)):
        return
    try:
        definition.data["model"] = find(connection, declared).reference
    except InputError as error:
        raise InputError(f"{definition.place(('model',))}: {error.message}", hint=error.hint) from error


def _environment(connection: Connection, name: str, label: str, definition: Definition) -> str:
    from azure.core.exceptions import AzureError, ResourceNotFoundError  # noqa: PLC0415

    where = definition.place(("environment",))
    with readable_errors(f"{where}: looking for environment {name}"):
        try:
            found: Any = connection.ml.environments.get(name, label=label)
        except ResourceNotFoundError as error:
            raise _no_environment(where, name) from error
        except AzureError as error:
            # The SDK says so in its own words when a label means no version.
            if "latest" in str(error).lower() or "not found" in str(error).lower():
                raise _no_environment(where, name) from error
            raise
    return f"azureml:{found.name}:{found.version}"


def _no_environment(where: str, name: str) -> InputError:
    return InputError(f"{where}: there is no environment {name!r}.", hint="Register it: ezazml assets apply.")
