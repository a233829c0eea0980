"""How do online and batch endpoints behave, and who gets their traffic?"""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sandbox import tokens
from sandbox.azureml_api.base import WORKSPACE, Change, NamedKind
from sandbox.cloud import Cloud
from sandbox.identity import SANDBOX_TENANT_ID
from sandbox.store import ArmObject
from sandbox.web import Answer, Call, Refusal, Routes

ENDPOINT_NAME = (
    r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]",
    "3 to 32 letters, digits and hyphens, first a letter, last no hyphen",
)
_KEYS = ("primaryKey", "secondaryKey")


class _Endpoints(NamedKind):
    """What both kinds share."""

    name_rule = ENDPOINT_NAME
    auth_modes: ClassVar[dict[str, str]]
    scoring_path: ClassVar[str]

    def check(self, change: Change) -> None:
        """A known way to log in, which stays; and a name that is free in the region."""
        given = str(change.properties.get("authMode"))
        mode = self.auth_modes.get(given.lower())
        if mode is None:
            modes = ", ".join(self.auth_modes.values())
            raise Refusal(400, "ValidationError", f"The authMode '{given}' is none of {modes}.")
        change.properties["authMode"] = mode
        if change.old is not None and change.old["properties"]["authMode"] != mode:
            raise Refusal(400, "UserError", f"The authMode of the endpoint '{change.name}' cannot be changed.")
        region = change.workspace["location"]
        for other in change.store.find(self.type_name):
            same = other["name"].lower() == change.name.lower() and other["location"] == region
            if same and other["id"].lower() != change.id.lower():
                text = f"There already exists an endpoint named '{change.name}' in the region {region}."
                raise Refusal(409, "UserError", text)

    def complete(self, change: Change) -> None:
        """Where it answers."""
        change.new["location"] = change.workspace["location"]
        base = f"https://{change.name.lower()}.{change.new['location']}.inference.ml.azure.com"
        change.properties["scoringUri"] = f"{base}/{self.scoring_path}"
        change.properties["swaggerUri"] = f"{base}/swagger.json"
        change.new.setdefault("tags", {})
        identity = change.new.get("identity") or {"type": "SystemAssigned"}
        known = (change.old or {}).get("identity") or {}
        if "SystemAssigned" in identity.get("type", ""):
            identity = {
                "principalId": str(uuid.uuid4()),
                "tenantId": SANDBOX_TENANT_ID,
                **known,
                **identity,
            }
        change.new["identity"] = identity


class OnlineEndpoints(_Endpoints):
    """Endpoints that answer at once."""

    path = "onlineEndpoints"
    title = "Online endpoints"
    auth_modes: ClassVar = {"key": "Key", "amltoken": "AMLToken", "aadtoken": "AADToken"}
    scoring_path = "score"

    def register(self, routes: Routes) -> None:
        """Also keys and tokens."""
        one = f"{WORKSPACE}/{self.path}/{{name}}"
        routes.add("POST", f"{one}/listKeys", "Online endpoints: keys", self._keys)
        routes.add("POST", f"{one}/regenerateKeys", "Online endpoints: a new key", self._new_key)
        routes.add("POST", f"{one}/token", "Online endpoints: a token", self._token)
        super().register(routes)

    def check(self, change: Change) -> None:
        """Traffic goes to deployments that exist, and adds up."""
        super().check(change)
        for name in ("traffic", "mirrorTraffic"):
            shares: dict[str, Any] = change.properties.get(name) or {}
            change.properties[name] = shares
            for deployment, share in shares.items():
                if not isinstance(share, int) or not 0 <= share <= 100:
                    raise Refusal(400, "UserError", f"{name} of deployment '{deployment}' must be from 0 to 100.")
                if change.store.get(f"{change.id}/deployments/{deployment}") is None:
                    text = f"{name} names the deployment '{deployment}', which the endpoint '{change.name}' lacks."
                    raise Refusal(400, "UserError", text)
        total = sum(change.properties["traffic"].values())
        if total not in (0, 100):
            raise Refusal(400, "UserError", f"The traffic of all deployments must sum to 0 or 100, not {total}.")
        if sum(change.properties["mirrorTraffic"].values()) > 50:
            raise Refusal(400, "UserError", "Mirrored traffic must be at most 50 percent.")

    def complete(self, change: Change) -> None:
        """A new endpoint has two keys: given, or made."""
        super().complete(change)
        given: dict[str, Any] = change.properties.pop("keys", None) or {}
        for key in _KEYS:
            if given.get(key) or change.store.secret(change.id, key) is None:
                change.store.set_secret(change.id, key, given.get(key) or secrets.token_urlsafe(24))
        change.properties.setdefault("publicNetworkAccess", "Enabled")

    def deleted(self, cloud: Cloud, body: ArmObject) -> None:  # noqa: ARG002
        """The servers of its deployments end."""
        cloud.servers.refresh()

    def _keys(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            body = self._with_keys(self.require(store, call))
            return Answer(body={key: store.secret(body["id"], key) for key in _KEYS})

    def _new_key(self, cloud: Cloud, call: Call) -> Answer:
        sent = call.json()
        which = {"primary": "primaryKey", "secondary": "secondaryKey"}.get(str(sent.get("keyType")).lower())
        if which is None:
            raise Refusal(400, "ValidationError", "The field 'keyType' must be Primary or Secondary.")
        with cloud.stores.writing() as store:
            body = self._with_keys(self.require(store, call))
            # Whatever keyValue says: azure-ai-ml sends the old key there.
            store.set_secret(body["id"], which, secrets.token_urlsafe(24))
        return Answer(200)

    def _with_keys(self, body: ArmObject) -> ArmObject:
        if body["properties"]["authMode"] != "Key":
            raise Refusal(400, "UserError", f"The endpoint '{body['name']}' uses tokens, so it has no keys.")
        return body

    def _token(self, cloud: Cloud, call: Call) -> Answer:
        with cloud.stores.reading() as store:
            body = self.require(store, call)
        if body["properties"]["authMode"] == "Key":
            raise Refusal(400, "UserError", f"The endpoint '{body['name']}' uses keys, so it has no tokens.")
        end = datetime.now(UTC) + timedelta(seconds=tokens.LIFETIME_SECONDS)
        issued = tokens.issue(audience="https://ml.azure.com", client_id=cloud.credentials.client_id)
        refresh = end - timedelta(minutes=10)
        return Answer(
            body={
                "accessToken": issued,
                "tokenType": "Bearer",
                "expiryTimeUtc": int(end.timestamp()),
                "refreshAfterTimeUtc": int(refresh.timestamp()),
            }
        )


class BatchEndpoints(_Endpoints):
    """Endpoints that work through files."""

    path = "batchEndpoints"
    title = "Batch endpoints"
    auth_modes: ClassVar = {"aadtoken": "AADToken"}
    scoring_path = "jobs"

    def check(self, change: Change) -> None:
        """The default deployment exists."""
        super().check(change)
        default = (change.properties.get("defaults") or {}).get("deploymentName")
        if default and change.store.get(f"{change.id}/deployments/{default}") is None:
            text = f"The default deployment '{default}' does not exist in the endpoint '{change.name}'."
            raise Refusal(400, "UserError", text)

    def complete(self, change: Change) -> None:
        """Defaults are always there: azure-ai-ml writes into them."""
        super().complete(change)
        change.properties["defaults"] = {"deploymentName": None, **(change.properties.get("defaults") or {})}
