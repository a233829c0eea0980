"""What does the workspace depend on that others own? Settings of customer-managed keys and existing resources."""

from __future__ import annotations

from pydantic import Field

from ezazml.config.section import Section

#: Value of ``encryption.user_assigned_identity`` that makes one.
CREATE = "create"


class Encryption(Section):
    """Encryption of workspace, storage and registry with your own key."""

    customer_managed_key: bool = Field(False, description="The workspace's choice is made once, when it is created.")
    key_id: str | None = Field(
        None, description="Key that exists: https://<vault>.vault.azure.net/keys/<name>/<version>. Default: a new one."
    )
    key_vault_id: str | None = Field(None, description="Resource id of the vault of key_id.")
    user_assigned_identity: str | None = Field(
        None, description="Identity that reads the key: create, or the resource id of one that may use key_id already."
    )
    service_side: bool = Field(
        False, description="Keep the workspace's metadata in Microsoft's subscription, encrypted with the key too."
    )

    @property
    def makes_identity(self) -> bool:
        """Whether the environment has an identity of its own for the key."""
        return self.customer_managed_key and self.user_assigned_identity == CREATE


class Existing(Section):
    """Resources to use instead of making them, by their resource ids."""

    storage_account_id: str | None = None
    key_vault_id: str | None = None
    container_registry_id: str | None = None
    application_insights_id: str | None = None
    assign_roles: bool = Field(
        True, description="Give the environment's identities their roles on them; off if somebody else does."
    )
