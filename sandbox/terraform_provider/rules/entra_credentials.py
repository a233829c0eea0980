"""How do an application's client secrets and federated credentials behave?"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.identity import SECRET_HASH
from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.base import Azure, AzureError, ResourceRules, Values

_DEFAULT_PASSWORD_DAYS = 2 * 365


class ApplicationPasswordRules(ResourceRules):
    """azuread_application_password."""

    type_name = "azuread_application_password"
    force_new = frozenset(
        {"application_id", "display_name", "start_date", "end_date", "end_date_relative", "rotate_when_changed"}
    )
    sensitive = frozenset({"value"})

    def create(self, azure: Azure, values: Values) -> Values:
        """Azure makes the secret and tells it once."""
        application = _require_application(azure, values["application_id"])
        start = datetime.now(UTC).replace(microsecond=0)
        key = str(uuid.uuid4())
        body: ArmObject = {
            "id": f"{application['id']}/passwordCredentials/{key}",
            "type": "Microsoft.Graph/applications/passwordCredentials",
            "name": values.get("display_name") or "",
            "properties": {
                "startDateTime": values.get("start_date") or start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "endDateTime": values.get("end_date")
                or (start + timedelta(days=_DEFAULT_PASSWORD_DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
        }
        azure.store.put(body)
        value = secrets.token_urlsafe(30)
        # The directory knows its hash alone, and lets in who knows the secret.
        azure.store.set_secret(body["id"], SECRET_HASH, hashlib.sha256(value.encode()).hexdigest())
        return {**_password_values(body), "value": value}

    def read(self, azure: Azure, state: Values) -> Values | None:
        """Everything but the secret, which only the state knows."""
        body = azure.store.get(_credential_id(state["id"], "passwordCredentials"))
        return None if body is None else _password_values(body)

    def update(self, azure: Azure, prior: Values, values: Values) -> Values:  # noqa: ARG002
        """Nothing changes in place."""
        return {**prior, **values}

    def delete(self, azure: Azure, state: Values) -> None:
        """Remove the secret."""
        azure.store.delete(_credential_id(state["id"], "passwordCredentials"))

    def import_state(self, azure: Azure, identifier: str) -> Values:  # noqa: ARG002
        """Azure never tells a secret again."""
        raise AzureError("ImportNotSupported", "azuread_application_password cannot be imported.")


class FederatedCredentialRules(ResourceRules):
    """azuread_application_federated_identity_credential."""

    type_name = "azuread_application_federated_identity_credential"
    force_new = frozenset({"application_id", "display_name"})

    def create(self, azure: Azure, values: Values) -> Values:
        """Name and subject are unique in the application."""
        application = _require_application(azure, values["application_id"])
        for other in azure.store.below(application["id"]):
            properties = other["properties"]
            if properties.get("subject") == values["subject"] and properties.get("issuer") == values["issuer"]:
                text = "FederatedIdentityCredential with same issuer and subject already exists."
                raise AzureError("Request_MultipleObjectsWithSameKeyValue", text, attribute="subject")
        identifier = f"{application['id']}/federatedIdentityCredentials/{uuid.uuid4()}"
        return self._write(azure, values, identifier)

    def read(self, azure: Azure, state: Values) -> Values | None:
        """The credential as the directory has it."""
        body = azure.store.get(_credential_id(state["id"], "federatedIdentityCredentials"))
        return None if body is None else _federated_values(body)

    def update(self, azure: Azure, prior: Values, values: Values) -> Values:
        """Change it in place."""
        return self._write(azure, values, _credential_id(prior["id"], "federatedIdentityCredentials"))

    def delete(self, azure: Azure, state: Values) -> None:
        """Remove it."""
        azure.store.delete(_credential_id(state["id"], "federatedIdentityCredentials"))

    def _write(self, azure: Azure, values: Values, identifier: str) -> Values:
        body: ArmObject = {
            "id": identifier,
            "type": "Microsoft.Graph/applications/federatedIdentityCredentials",
            "name": values["display_name"],
            "properties": {name: values.get(name) for name in ("issuer", "subject", "audiences", "description")},
        }
        azure.store.put(body)
        return _federated_values(body)


def _require_application(azure: Azure, identifier: str) -> ArmObject:
    body = azure.store.get(identifier)
    if body is None:
        text = f"Application '{identifier}' does not exist."
        raise AzureError("Request_ResourceNotFound", text, attribute="application_id")
    return body


def _credential_id(terraform_id: str, folder: str) -> str:
    """Terraform's ``<application object id>/password/<key>`` as the id in the directory."""
    application, _, key = terraform_id.split("/", 2)
    return f"/applications/{application}/{folder}/{key}"


def _password_values(body: ArmObject) -> Values:
    _, _, application, _, key = body["id"].split("/")
    properties: dict[str, Any] = body["properties"]
    return {
        "id": f"{application}/password/{key}",
        "application_id": f"/applications/{application}",
        "key_id": key,
        "display_name": body["name"],
        "start_date": properties["startDateTime"],
        "end_date": properties["endDateTime"],
    }


def _federated_values(body: ArmObject) -> Values:
    _, _, application, _, credential = body["id"].split("/")
    return {
        "id": f"{application}/federatedIdentityCredential/{credential}",
        "application_id": f"/applications/{application}",
        "credential_id": credential,
        "display_name": body["name"],
        **body["properties"],
    }
