"""How does a program log in? Microsoft Entra's token service, ``login.microsoftonline.com``.

It knows the sandbox's made-up login, and applications with secrets that were made in the sandbox. Everything else is
refused with the codes of Entra ("Microsoft Entra authentication and authorization error codes").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from sandbox import tokens
from sandbox.cloud import Cloud
from sandbox.identity import SANDBOX_TENANT_ID, SECRET_HASH
from sandbox.store import Store
from sandbox.web import Answer, Call, Routes

HOST = "login.microsoftonline.com"
#: Names that Entra takes for "the tenant of whoever logs in".
_ANY_TENANT = ("common", "organizations", "consumers")
#: What the sandbox's own login may do in the directory.
GRAPH_ROLES = ("Application.ReadWrite.All", "Directory.Read.All", "User.ReadWrite.All")

routes = Routes()


@routes.on("GET", "/{tenant}/v2.0/.well-known/openid-configuration", "Where to log in")
@routes.on("GET", "/{tenant}/.well-known/openid-configuration", "Where to log in (version 1)")
def openid_configuration(_cloud: Cloud, call: Call) -> Answer:
    """OpenID Connect discovery."""
    tenant = call.parameters["tenant"]
    if tenant.lower() not in (SANDBOX_TENANT_ID, *_ANY_TENANT):
        return _unknown_tenant(tenant)
    base = f"https://{HOST}/{tenant}"
    return Answer(
        body={
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "issuer": f"https://{HOST}/{SANDBOX_TENANT_ID}/v2.0",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "response_types_supported": ["code", "id_token", "token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": "graph.microsoft.com",
        }
    )


@routes.on("GET", "/common/discovery/instance", "Which cloud this is")
def discover_instance(_cloud: Cloud, call: Call) -> Answer:
    """Instance discovery of the authentication libraries."""
    tenant = SANDBOX_TENANT_ID
    return Answer(
        body={
            "tenant_discovery_endpoint": f"https://{call.host}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {
                    "preferred_network": HOST,
                    "preferred_cache": "login.windows.net",
                    "aliases": [HOST, "login.windows.net", "login.microsoft.com", "sts.windows.net"],
                }
            ],
        }
    )


@routes.on("POST", "/{tenant}/oauth2/v2.0/token", "Tokens for client id and secret")
@routes.on("POST", "/{tenant}/oauth2/token", "Tokens for client id and secret (version 1)")
def token(cloud: Cloud, call: Call) -> Answer:
    """The client credentials flow."""
    tenant, form = call.parameters["tenant"], call.form()
    if tenant.lower() != SANDBOX_TENANT_ID:
        return _unknown_tenant(tenant)
    if form.get("grant_type") != "client_credentials":
        text = f"The sandbox's login does not know the grant type '{form.get('grant_type')}', only client_credentials."
        return _refuse(400, "unsupported_grant_type", 70003, text)
    client, secret = _client(call, form)
    object_id = _object_id(cloud, client)
    if object_id is None:
        text = f"Application with identifier '{client}' was not found in the directory 'Sandbox'."
        return _refuse(400, "unauthorized_client", 700016, text)
    if not _accepts(cloud, client, secret):
        text = f"Invalid client secret provided for app '{client}'."
        return _refuse(401, "invalid_client", 7000215, text)
    audience = (form.get("scope") or form.get("resource") or "").split(" ")[0].removesuffix("/.default")
    roles = GRAPH_ROLES if client.lower() == cloud.credentials.client_id and "graph.microsoft.com" in audience else ()
    issued = tokens.issue(audience=audience, client_id=client, object_id=object_id, roles=roles)
    life = tokens.LIFETIME_SECONDS
    return Answer(
        body={"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": issued},
        headers={"Cache-Control": "no-store"},
    )


def _client(call: Call, form: dict[str, str]) -> tuple[str, str]:
    """Client id and secret: in the form, or as basic authentication."""
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        client, _, secret = base64.b64decode(value).decode("utf-8", "replace").partition(":")
        return client, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _object_id(cloud: Cloud, client: str) -> str | None:
    own = cloud.credentials
    if client.lower() == own.client_id:
        return own.object_id
    with cloud.stores.reading() as store:
        application = _application(store, client)
        if application is None:
            return None
        for principal in store.find("Microsoft.Graph/servicePrincipals"):
            if principal["properties"].get("appId") == application["properties"]["appId"]:
                return str(principal["id"].rsplit("/", 1)[-1])
        return str(application["id"].rsplit("/", 1)[-1])


def _accepts(cloud: Cloud, client: str, secret: str) -> bool:
    own = cloud.credentials
    if client.lower() == own.client_id:
        return hmac.compare_digest(secret.encode(), own.client_secret.encode())
    given = hashlib.sha256(secret.encode()).hexdigest()
    with cloud.stores.reading() as store:
        application = _application(store, client)
        passwords = store.below(f"{application['id']}/passwordCredentials") if application else []
        return any(hmac.compare_digest(given, store.secret(body["id"], SECRET_HASH) or "") for body in passwords)


def _application(store: Store, client: str) -> dict[str, Any] | None:
    for body in store.find("Microsoft.Graph/applications"):
        if str(body["properties"].get("appId", "")).lower() == client.lower():
            return body
    return None


def _unknown_tenant(tenant: str) -> Answer:
    text = f"Tenant '{tenant}' not found. The sandbox has one tenant: {SANDBOX_TENANT_ID}."
    return _refuse(400, "invalid_tenant", 90002, text)


def _refuse(status: int, error: str, code: int, text: str) -> Answer:
    return Answer(
        status,
        {"error": error, "error_description": f"AADSTS{code}: {text}", "error_codes": [code], "correlation_id": ""},
    )
