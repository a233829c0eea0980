"""Under which address do programs find data? In a datastore, in Databricks, on this machine."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from ezazml.config.models import Databricks
from ezazml.errors import InputError
from jobs.data.datastores import DatastoreTarget
from jobs.deployment import Deployment

#: Formats of an address in a datastore: Azure ML's own (with the workspace, or short) and those of the storage.
FORMATS = ("azureml", "azureml-short", "abfss", "wasbs", "https")


def datastore_uri(deployment: Deployment, datastore: str, path: str, *, short: bool = False) -> str:
    """``azureml://`` address of a path in a datastore; ``short`` leaves out the workspace."""
    head = "" if short else (
        f"subscriptions/{deployment.subscription_id}/resourcegroups/{deployment.resource_group}"
        f"/workspaces/{deployment.workspace}/"
    )  # fmt: skip
    return f"azureml://{head}datastores/{datastore}/paths/{_clean(path)}"


def storage_uri(target: DatastoreTarget, path: str, form: str) -> str:
    """Address of a path in the storage behind a datastore, as Spark (abfss, wasbs) or a browser (https) takes it."""
    path = quote(_clean(path), safe="/*?")
    if form == "abfss":
        return f"abfss://{target.container}@{target.account}.dfs.core.windows.net/{path}"
    if form == "wasbs":
        return f"wasbs://{target.container}@{target.account}.blob.core.windows.net/{path}"
    return f"https://{target.account}.blob.core.windows.net/{target.container}/{path}"


def databricks_uri(settings: Databricks, path: str) -> str:
    """Address of a path in the Databricks file system.

    Raises :class:`InputError` when Databricks is switched off, or the prefix is no address of its file system.
    """
    if not settings.enabled:
        raise InputError(
            "Databricks is switched off: databricks.enabled (DATABRICKS_ACTIVATE) is false.",
            hint="Set DATABRICKS_ACTIVATE=true.",
        )
    prefix = settings.dbfs_prefix
    if not prefix.startswith("dbfs:/"):
        raise InputError(
            f"databricks.dbfs_prefix (DATABRICKS_DBFS_PREFIX) is {prefix!r}; it must start with dbfs:/.",
            hint="The default is dbfs://.",
        )
    # dbfs://mnt would name a host: after the two slashes a third one begins the path.
    separator = "/" if prefix.endswith("//") or not prefix.endswith("/") else ""
    return f"{prefix}{separator}{_clean(path)}"


def local_uri(path: Path) -> str:
    """``file://`` address of a file or folder on this machine. Raises :class:`InputError` if there is none."""
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder.", hint="Check the path.")
    return path.resolve().as_uri()


def _clean(path: str) -> str:
    if ".." in path.split("/"):
        raise InputError(f"The path {path!r} holds '..', which storage does not know.", hint="Write it out.")
    return path.strip("/")
