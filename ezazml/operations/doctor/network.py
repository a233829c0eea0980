"""Does this machine reach what the private network holds, and does ``network.deployer_inside`` say so?

Inside, the private DNS zones give the hosts of storage and vault private addresses; outside they resolve to Azure's
public ones, which refuse (Microsoft Learn, "Azure Private Endpoint private DNS zone values").
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping

from ezazml.config.resource_ids import KEY_VAULT, STORAGE_ACCOUNT, parse_id
from ezazml.operations.doctor.finding import Case, Finding, not_checked, ok, problem, warning

#: What is done from inside only: secrets and keys in the vault, and everything with the data.
_INSIDE_ONLY = "secrets and keys in the vault, assets, uploads, jobs from this project, studio and SDK"


def resolve(host: str) -> list[str]:
    """The addresses of a host as this machine sees them; none where it does not know the name."""
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(entry[4][0]) for entry in found})


def check_network(case: Case) -> Iterator[Finding]:
    """Which steps run from here, and whether the names of the private network say the same."""
    network = case.environment.settings.network
    if not network.is_private:
        yield ok("network", f"Profile {network.profile}: every step reaches it with a login that has the roles.")
        return
    seen = {host: [] if _by_proxy(host, case.machine.environ) else resolve(host) for host in _hosts(case)}
    unknown = [host for host, addresses in seen.items() if not addresses]
    outside = [host for host, addresses in seen.items() if not all(map(_is_private, addresses))]
    if unknown:
        text = f"Profile private: {', '.join(unknown)} is not known here (yet), so this machine's place is not either."
        yield not_checked("network", text, _where_from(inside=network.deployer_inside))
    elif network.deployer_inside and outside:
        address = seen[outside[0]][0]
        text = f"network.deployer_inside is true, and {outside[0]} is {address} here, not a private address."
        fix = "Deploy from a machine in the network that asks its private DNS zones, or set deployer_inside: false."
        yield problem("network", text, fix)
    elif network.deployer_inside:
        yield ok("network", "Profile private: this machine is inside; every step runs from here.")
    elif outside:
        text = f"Profile private: this machine is outside. Terraform runs from here; from inside only: {_INSIDE_ONLY}."
        yield warning("network", text, _where_from(inside=False))
    else:
        text = "Profile private: this machine is inside, and network.deployer_inside is false."
        fix = "Set network.deployer_inside: true where every deployment runs inside; it then does every step."
        yield warning("network", text, fix)


CHECKS = (check_network,)


def _where_from(*, inside: bool) -> str:
    if inside:
        return "Deploy once, then look again from the machine that deploys."
    return "Use a self-hosted runner or a machine in the network (VPN, ExpressRoute, Bastion): docs/network.md."


def _hosts(case: Case) -> list[str]:
    existing, names = case.environment.settings.existing, case.environment.names
    storage, vault = names.storage_account, names.key_vault
    if existing.storage_account_id is not None:
        storage = parse_id(STORAGE_ACCOUNT, existing.storage_account_id).name
    if existing.key_vault_id is not None:
        vault = parse_id(KEY_VAULT, existing.key_vault_id).name
    return [f"{storage}.blob.core.windows.net", f"{vault}.vault.azure.net"]


def _by_proxy(host: str, environ: Mapping[str, str]) -> bool:
    """Whether a proxy looks the name up: this machine's own answer would then say nothing."""
    values = {name.lower(): value for name, value in environ.items() if value}
    direct = [one.strip().lstrip(".") for one in values.get("no_proxy", "").split(",") if one.strip()]
    bypassed = any(one in ("*", host) or host.endswith(f".{one}") for one in direct)
    return "https_proxy" in values and not bypassed


def _is_private(address: str) -> bool:
    return ipaddress.ip_address(address).is_private
