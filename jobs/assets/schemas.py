"""Which kind of asset is a file? Its ``$schema`` says so, as it does for ``az ml``, and its folder must agree."""

from __future__ import annotations

import re
from typing import Any

from jobs.assets.asset import Kind

_STEM = re.compile(r"/(?P<stem>[A-Za-z0-9]+)\.(?:schema\.)?json/?#?$")

#: Last part of the ``$schema`` address -> kind, and the ``type`` that goes with it (``None``: any).
_KINDS: dict[str, tuple[Kind, str | None]] = {
    "azureBlob": (Kind.DATASTORE, "azure_blob"),
    "azureDataLakeGen2": (Kind.DATASTORE, "azure_data_lake_gen2"),
    "azureDataLakeGen1": (Kind.DATASTORE, "azure_data_lake_gen1"),
    "azureFile": (Kind.DATASTORE, "azure_file"),
    "data": (Kind.DATA, None),
    "environment": (Kind.ENVIRONMENT, None),
    "model": (Kind.MODEL, None),
    "commandComponent": (Kind.COMPONENT, "command"),
    "pipelineComponent": (Kind.COMPONENT, "pipeline"),
    "parallelComponent": (Kind.COMPONENT, "parallel"),
    "sparkComponent": (Kind.COMPONENT, "spark"),
    "managedOnlineEndpoint": (Kind.ONLINE_ENDPOINT, None),
    "kubernetesOnlineEndpoint": (Kind.ONLINE_ENDPOINT, None),
    "onlineEndpoint": (Kind.ONLINE_ENDPOINT, None),
    "managedOnlineDeployment": (Kind.ONLINE_DEPLOYMENT, None),
    "kubernetesOnlineDeployment": (Kind.ONLINE_DEPLOYMENT, None),
    "onlineDeployment": (Kind.ONLINE_DEPLOYMENT, None),
    "batchEndpoint": (Kind.BATCH_ENDPOINT, None),
    "batchDeployment": (Kind.BATCH_DEPLOYMENT, None),
    "modelBatchDeployment": (Kind.BATCH_DEPLOYMENT, "model"),
    "pipelineComponentBatchDeployment": (Kind.BATCH_DEPLOYMENT, "pipeline"),
    "schedule": (Kind.SCHEDULE, None),
    "monitorSchedule": (Kind.SCHEDULE, None),
    # The address that official samples of schedules and monitors have.
    "Schedule": (Kind.SCHEDULE, None),
}

#: Folder below ``assets/`` -> kinds that may be declared there.
FOLDERS: dict[str, frozenset[Kind]] = {
    "datastores": frozenset({Kind.DATASTORE}),
    "data": frozenset({Kind.DATA}),
    "environments": frozenset({Kind.ENVIRONMENT}),
    "components": frozenset({Kind.COMPONENT}),
    "models": frozenset({Kind.MODEL}),
    "endpoints": frozenset({Kind.ONLINE_ENDPOINT, Kind.ONLINE_DEPLOYMENT, Kind.BATCH_ENDPOINT, Kind.BATCH_DEPLOYMENT}),
    "schedules": frozenset({Kind.SCHEDULE}),
}


def stem_of(schema: Any) -> str | None:
    """The name of a schema in its address: ``data`` for ``https://.../latest/data.schema.json``."""
    match = _STEM.search(schema.strip()) if isinstance(schema, str) else None
    return match["stem"] if match else None


def kind_of(schema: Any) -> Kind | None:
    """The kind of asset that a ``$schema`` stands for; ``None`` if it stands for none."""
    known = _KINDS.get(stem_of(schema) or "")
    return known[0] if known else None


def type_of(schema: str) -> str | None:
    """The ``type`` that goes with a ``$schema``, where there is just one."""
    known = _KINDS.get(stem_of(schema) or "")
    return known[1] if known else None
