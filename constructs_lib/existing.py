"""How are resources used that somebody else made? As the constructs that would have made them, by their ids."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib import bindings as tf


class ExistingStorageAccount:
    """A storage account by its id: no data source, which would read the account's keys into the state."""

    def __init__(self, *, id: str, name: str, containers: Sequence[str]) -> None:
        self.id = id
        self.name = name
        self.blob_endpoint = f"https://{name}.blob.core.windows.net/"
        self.container_names = list(containers)

    def container_id(self, name: str) -> str:
        """Resource id of one of the containers. Raises ``KeyError`` for a name that is none of them."""
        if name not in self.container_names:
            raise KeyError(name)
        return f"{self.id}/blobServices/default/containers/{name}"


class ExistingContainerRegistry:
    """A container registry by its id."""

    def __init__(self, *, id: str, name: str) -> None:
        self.id = id
        self.name = name
        self.login_server = f"{name.lower()}.azurecr.io"


class ExistingMonitoring(tf.Construct):
    """Application Insights that exists, and its Log Analytics workspace. A data source tells the connection string
    (a secret)."""

    def __init__(self, scope: tf.Construct, id: str, *, insights_id: str, name: str, resource_group_name: str) -> None:
        super().__init__(scope, id)
        insights = tf.DataAzurermApplicationInsights(
            self, "insights", name=name, resource_group_name=resource_group_name
        )
        insights.override_logical_id("insights")
        self.log_analytics_workspace_id: str = insights.workspace_id
        self.application_insights_id = insights_id
        self.application_insights_name = name
        self.connection_string: str = insights.connection_string
