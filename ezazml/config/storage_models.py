"""How is data kept? Settings of lifecycle rules and of the separate data lake."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ezazml.config.section import Section

Replication = Literal["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"]


class LifecycleRule(Section):
    """What happens to blobs as they age. Days count from the last modification."""

    name: str = Field(pattern=r"^[A-Za-z0-9-]{1,256}$")
    prefixes: tuple[str, ...] = Field((), description="Only blobs whose path starts so: container/folder.")
    cool_after_days: int | None = Field(None, ge=0, le=99999)
    cold_after_days: int | None = Field(None, ge=0, le=99999)
    archive_after_days: int | None = Field(None, ge=0, le=99999)
    delete_after_days: int | None = Field(None, ge=0, le=99999)
    delete_versions_after_days: int | None = Field(
        None, ge=0, le=99999, description="Earlier versions, counted from their creation."
    )


class DataLake(Section):
    """A storage account with a hierarchical namespace, apart from the workspace's own, which must not have one."""

    enabled: bool = False
    replication: Replication = "LRS"
    containers: tuple[str, ...] = ("bronze", "silver", "gold")
    soft_delete_days: int = Field(7, ge=1, le=365)
    lifecycle_rules: tuple[LifecycleRule, ...] = ()
