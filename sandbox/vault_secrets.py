"""What does a key vault tell at its own address? The secrets that Terraform put there, to those who may read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sandbox import tokens
from sandbox.cloud import Cloud
from sandbox.identity import SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID
from sandbox.store import ArmObject, Store
from sandbox.terraform_provider.rules.base import Azure, AzureError
from sandbox.terraform_provider.rules.key_vault import VAULTS
from sandbox.terraform_provider.rules.key_vault_secrets import SECRETS, require_access
from sandbox.web import Answer, Call, Refusal, Routes

#: What a token must be made for.
AUDIENCE = "https://vault.azure.net"
#: Azure's client for vaults asks without a token first, to be told this.
_CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{SANDBOX_TENANT_ID}", resource="{AUDIENCE}"'

routes = Routes()


@routes.on("GET", "/secrets/{name}", "A secret's current version, with its value")
@routes.on("GET", "/secrets/{name}/{version}", "The same, if that is the current version")
def read(cloud: Cloud, call: Call) -> Answer:
    """A secret. Older versions are not kept."""
    claims = tokens.read(call.headers.get("authorization", "").partition(" ")[2]) or {}
    if claims.get("aud") != AUDIENCE:
        refusal = Refusal(401, "Unauthorized", f"AKV10000: The request has no token for {AUDIENCE}.").answer()
        return replace(refusal, headers={**refusal.headers, "WWW-Authenticate": _CHALLENGE})
    with cloud.stores.reading() as store:
        vault = _vault(store, call.host)
        caller = str(claims.get("oid"))
        azure = Azure(store, SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID, str(claims.get("appid")), caller)
        try:
            require_access(azure, vault, "Get")
        except AzureError as error:
            raise Refusal(403, error.code, error.message) from error
        body = _secret(store, vault, call)
        return Answer(body=_shown(body, store.secret(body["id"], "value")))


def _vault(store: Store, host: str) -> ArmObject:
    address = f"https://{host.lower()}/"
    for body in store.find(VAULTS):
        if body["properties"]["vaultUri"] == address:
            return body
    raise Refusal(404, "VaultNotFound", f"There is no key vault at {address} (on Azure its name would not resolve).")


def _secret(store: Store, vault: ArmObject, call: Call) -> ArmObject:
    name, version = call.parameters["name"], call.parameters.get("version")
    for body in store.find(SECRETS):
        properties = body["properties"]
        ours = properties["vaultUri"] == vault["properties"]["vaultUri"] and body["name"].lower() == name.lower()
        if ours and version in {None, properties["version"]}:
            return body
    text = f"A secret with (name/id) {name}{f'/{version}' if version else ''} was not found in this key vault."
    raise Refusal(404, "SecretNotFound", text)


def _shown(body: ArmObject, value: str | None) -> dict[str, Any]:
    properties = body["properties"]
    ends = {name: _seconds(text) for name, text in properties["attributes"].items() if text}
    return {
        "value": value,
        "id": f"{properties['vaultUri']}secrets/{body['name']}/{properties['version']}",
        "contentType": properties.get("contentType"),
        "attributes": {"enabled": True, **ends},
        "tags": body.get("tags") or {},
    }


def _seconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
