"""Which datastore do the variables of the original tool declare? One more, beside those in ``assets/datastores/``.

``ADLS_ACTIVATE`` switches it on; ``ABDS_NAME``, ``ABDS_ACCOUNT_NAME``, ``ABDS_CONTAINER_NAME``, ``ABDS_PROTOCOL`` and
``ABDS_DESCRIPTION`` describe it. With ``ADLS_ACCOUNT_KEY`` it uses the key, without it the identity of who asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ezazml.config.environment import Environment
from ezazml.errors import ConfigurationError, Problem
from jobs.assets.asset import Definition, Kind

_VARIABLES = {"name": "ABDS_NAME", "account_name": "ABDS_ACCOUNT_NAME", "container_name": "ABDS_CONTAINER_NAME"}
_SCHEMAS = "https://azuremlschemas.azureedge.net/latest"
#: How the definition names the key; the settings hold it.
ACCOUNT_KEY = "${env:ADLS_ACCOUNT_KEY}"


def datastore_of_variables(environment: Environment, root: Path) -> Iterator[Definition]:
    """The datastore that the settings ``datastore.*`` describe, if it is switched on.

    Raises :class:`ConfigurationError` when a part of it is missing.
    """
    settings = environment.settings.datastore
    if not settings.enabled:
        return
    missing = [field for field in _VARIABLES if not getattr(settings, field)]
    if missing:
        where = environment.origins.get("datastore.enabled", "variable ADLS_ACTIVATE")
        raise ConfigurationError(
            [
                Problem(where, f"datastore.{field}", "is missing.", f"Set {_VARIABLES[field]}, or ADLS_ACTIVATE=false.")
                for field in missing
            ]
        )
    lake = settings.protocol == "abfss"
    schema = f"{_SCHEMAS}/{'azureDataLakeGen2' if lake else 'azureBlob'}.schema.json"
    data: dict[str, Any] = {
        "$schema": schema,
        "name": settings.name,
        "type": "azure_data_lake_gen2" if lake else "azure_blob",
        "account_name": settings.account_name,
        "filesystem" if lake else "container_name": settings.container_name,
        "protocol": settings.protocol,
    }
    if settings.description:
        data["description"] = settings.description
    if settings.account_key is not None and not lake:
        data["credentials"] = {"account_key": ACCOUNT_KEY}
    yield Definition(Kind.DATASTORE, schema, root / "variables", "variables ADLS_* and ABDS_*", data, {})
