"""Where does a datastore's secret come from? ``${env:NAME}`` or ``${vault:NAME}``; a file never holds one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ezazml.errors import InputError
from jobs.azure_errors import AzureError, readable_errors

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

#: Fields of ``credentials`` that are secrets. The others (tenant_id, client_id, ...) are not.
SECRET_FIELDS = frozenset({"account_key", "sas_token", "client_secret", "certificate"})

_REFERENCE = re.compile(r"^\$\{(?P<where>env|vault):(?P<name>[^{}]+)\}$")

#: Gives the secret of that name in the key vault.
Vault = Callable[[str], str]


def is_secret_reference(text: Any) -> bool:
    """Whether the text says where a secret is kept."""
    return isinstance(text, str) and _REFERENCE.match(text) is not None


def unset_variable(text: str, environ: Mapping[str, str]) -> str | None:
    """The variable that a reference names and that is not set; ``None`` if all is well."""
    match = _REFERENCE.match(text)
    if match is None or match["where"] != "env" or environ.get(match["name"]):
        return None
    return match["name"]


def read_secret(text: str, environ: Mapping[str, str], vault: Vault) -> str:
    """The secret behind a reference. Raises :class:`InputError` when it is not there."""
    match = _REFERENCE.match(text)
    if match is None:
        raise InputError("A secret must be given as ${env:NAME} or ${vault:NAME}.")
    if match["where"] == "vault":
        return vault(match["name"])
    value = environ.get(match["name"])
    if not value:
        raise InputError(f"Variable {match['name']} is not set.", hint="Set it to the secret that the datastore needs.")
    return value


def key_vault_reader(vault_uri: str, credential: TokenCredential) -> Vault:
    """Reads secrets of the key vault at ``vault_uri`` with the login."""

    def read(name: str) -> str:
        from azure.core import PipelineClient  # noqa: PLC0415
        from azure.core.pipeline import policies  # noqa: PLC0415
        from azure.core.rest import HttpRequest  # noqa: PLC0415

        action = f"Reading secret {name!r} of {vault_uri}"
        login = policies.BearerTokenCredentialPolicy(credential, "https://vault.azure.net/.default")
        client = PipelineClient[Any, Any](vault_uri, policies=[policies.RetryPolicy(), login])
        with readable_errors(action), client:
            url = f"{vault_uri.rstrip('/')}/secrets/{name}"
            answer = client.send_request(HttpRequest("GET", url, params={"api-version": "7.4"}))
            if answer.status_code == 404:
                raise InputError(f"{action}: there is no such secret.", hint="Put it there, or name another.")
            if answer.status_code != 200:
                raise AzureError(f"{action}: the vault answered {answer.status_code} {answer.reason}.")
            return str(answer.json()["value"])

    return read
