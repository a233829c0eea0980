"""Do the network settings fit together, and does Azure accept them?"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from ezazml.config.models import EnvironmentModel
from ezazml.config.network_models import Network, OutboundRule
from ezazml.config.paths import Path, format_path
from ezazml.config.service_tags import SERVICE_TAGS

Finding = tuple[Path, str, str]

#: azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint: targets by the resource's provider.
PRIVATE_ENDPOINT_TARGETS = {
    "Microsoft.KeyVault": ("vault",),
    "Microsoft.Cache": ("redisCache",),
    "Microsoft.MachineLearningServices": ("amlworkspace",),
    "Microsoft.Storage": ("blob", "table", "queue", "file", "web", "dfs"),
}
#: Docker's own network on computes (Microsoft Learn, "Plan for network isolation in Azure Machine Learning").
_DOCKER = ipaddress.IPv4Network("172.17.0.0/16")
_RESOURCE_ID = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/([^/]+)/[^/]+/[^/]+(/[^/]+/[^/]+)*")
_FQDN = re.compile(r"(?=.{1,253}$)(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_PORTS = re.compile(r"\*|\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*")


def check_network(settings: EnvironmentModel) -> Iterator[Finding]:
    """Everything that is wrong with ``network`` and what contradicts it."""
    yield from _allowed_ips(settings)
    yield from _unused(settings.network)
    if settings.network.profile == "managed":
        yield from _outbound_rules(settings)
    if settings.network.is_private:
        yield from _private(settings)
        if settings.network.makes_subnets:
            yield from _address_ranges(settings.network)


def warnings_for_network(settings: EnvironmentModel) -> list[str]:
    """What is allowed and will surprise: computes outside of any network that the allow list knows."""
    network, compute = settings.network, settings.compute
    if network.profile != "public" or not network.allowed_ips or not (compute.instances or compute.clusters):
        return []
    return [
        "network.allowed_ips: computes of a public environment do not come from these addresses, so jobs and notebooks "
        "will not reach the storage account. Use network.profile: managed, whose computes reach it by private "
        "endpoints. (The workspace itself has no allow list: azurerm 4.55 cannot set one.)"
    ]


def _allowed_ips(settings: EnvironmentModel) -> Iterator[Finding]:
    """Storage takes public IPv4 addresses and ranges up to /30 (Microsoft Learn, "Configure Azure Storage firewalls
    and virtual networks"); the registry's rules need Premium ("Configure public IP network rules")."""
    network = settings.network
    for index, text in enumerate(network.allowed_ips):
        path: Path = ("network", "allowed_ips", index)
        found = _network(text)
        if found is None:
            yield path, f"{text!r} is not an IPv4 address or range.", "Use, for example, 203.0.113.7 or 203.0.113.0/24."
        elif found.is_private or found.is_reserved or found.is_multicast or found.is_link_local:
            yield path, f"{text!r} is not public: Azure sees only public addresses.", "Use the address seen outside."
        elif "/" in text and found.prefixlen > 30:
            yield (
                path,
                f"{text!r} is a range of one or two addresses.",
                "Write the single addresses, without /31 or /32.",
            )
    if network.allowed_ips and network.is_private:
        text = "contradicts network.profile private, which has no public endpoints to reach."
        yield ("network", "allowed_ips"), text, "Remove it, or use profile public or managed."
    if network.allowed_ips and _makes_registry(settings) and settings.container_registry.sku != "Premium":
        text = f"{settings.container_registry.sku!r} has no network rules, which network.allowed_ips needs."
        yield ("container_registry", "sku"), text, "Set container_registry.sku: Premium."


def _unused(network: Network) -> Iterator[Finding]:
    """Settings of another profile would silently do nothing."""
    given = network.model_fields_set
    if "managed" in given and network.profile != "managed":
        text = f"belongs to profile managed, and network.profile is {network.profile!r}."
        yield ("network", "managed"), text, "Set network.profile: managed, or remove it."
    for name in ("virtual_network", "existing", "deployer_inside"):
        if name in given and not network.is_private and getattr(network, name):
            text = f"belongs to profile private, and network.profile is {network.profile!r}."
            yield ("network", name), text, "Set network.profile: private, or remove it."


def _outbound_rules(settings: EnvironmentModel) -> Iterator[Finding]:
    managed = settings.network.managed
    approved = managed.isolation_mode == "AllowOnlyApprovedOutbound"
    if approved and _makes_registry(settings) and settings.container_registry.sku != "Premium":
        text = (
            f"{settings.container_registry.sku!r} takes no private endpoint, by which the managed network reaches it."
        )
        yield ("container_registry", "sku"), text, "Set container_registry.sku: Premium."
    first: dict[str, int] = {}
    for index, rule in enumerate(managed.outbound_rules):
        path: Path = ("network", "managed", "outbound_rules", index)
        if rule.name.lower() in first:
            other = format_path((*path[:-1], first[rule.name.lower()]))
            yield (*path, "name"), f"{rule.name!r} is the name of {other} already.", "Give each rule its own."
        first.setdefault(rule.name.lower(), index)
        yield from _outbound_rule(path, rule, approved=approved)


def _outbound_rule(path: Path, rule: OutboundRule, *, approved: bool) -> Iterator[Finding]:
    given = [name for name in ("fqdn", "service_tag", "service_resource_id") if getattr(rule, name) is not None]
    if len(given) != 1:
        text = f"needs exactly one of fqdn, service_tag and service_resource_id, not {len(given)}."
        yield path, text, "Write one rule for each destination."
        return
    (kind,) = given
    if kind != "service_resource_id" and not approved:
        text = "has no effect with isolation_mode AllowInternetOutbound, which lets everything out; Azure refuses it."
        yield (*path, kind), text, "Set isolation_mode: AllowOnlyApprovedOutbound, or remove the rule."
    if rule.fqdn is not None and not _FQDN.fullmatch(rule.fqdn):
        yield (*path, "fqdn"), f"{rule.fqdn!r} is not a host name.", "Use one such as pypi.org or *.contoso.com."
    if rule.service_tag is not None:
        if rule.service_tag not in SERVICE_TAGS:
            text = f"{rule.service_tag!r} is not a service tag that azurerm knows."
            yield (*path, "service_tag"), text, "Use one such as Sql or AzureMonitor, spelt as Azure spells it."
        if not _PORTS.fullmatch(rule.port_ranges):
            text = f"{rule.port_ranges!r} is not a list of ports."
            yield (*path, "port_ranges"), text, "Use, for example, 443 or 80,8080-8089."
    if rule.service_resource_id is not None:
        yield from _private_endpoint_rule(path, rule.service_resource_id, rule.sub_resource_target)


def _private_endpoint_rule(path: Path, identifier: str, target: str | None) -> Iterator[Finding]:
    match = _RESOURCE_ID.fullmatch(identifier)
    if match is None:
        fix = "Copy it from Azure: /subscriptions/<id>/resourceGroups/<group>/providers/..."
        yield (*path, "service_resource_id"), f"{identifier!r} is not a resource id.", fix
        return
    allowed = PRIVATE_ENDPOINT_TARGETS.get(match.group(1))
    if allowed is None:
        text = f"azurerm makes no private endpoint rule for {match.group(1)}."
        fix = f"It does for {', '.join(sorted(PRIVATE_ENDPOINT_TARGETS))}."
        yield (*path, "service_resource_id"), text, fix
    elif target not in allowed:
        text = f"{target!r} is not a part of {match.group(1)}." if target else "is missing, but required."
        yield (*path, "sub_resource_target"), text, f"Use one of {', '.join(allowed)}."


def _private(settings: EnvironmentModel) -> Iterator[Finding]:
    """What contradicts a network without public endpoints."""
    if settings.workspace.public_network_access_enabled:
        text = "True contradicts network.profile private: the workspace would have a public endpoint."
        yield ("workspace", "public_network_access_enabled"), text, "Remove it, or use profile public or managed."
    if _makes_registry(settings) and settings.container_registry.sku != "Premium":
        text = f"{settings.container_registry.sku!r} takes no private endpoint, which network.profile private needs."
        yield ("container_registry", "sku"), text, "Set container_registry.sku: Premium."
    if not settings.container_registry.enabled:
        text = "False contradicts network.profile private: the registry that Azure ML makes itself would be public."
        yield ("container_registry", "enabled"), text, "Set container_registry.enabled: true, with sku: Premium."
    if settings.network.deployer_inside:
        return
    application = settings.identities.application
    if application.enabled and application.secret_enabled:
        text = "True needs to write into the key vault, which is reached from inside the private network only."
        fix = (
            "Set it to false (github logs in without a secret), or network.deployer_inside: true if you deploy inside."
        )
        yield ("identities", "application", "secret_enabled"), text, fix
    if settings.encryption.customer_managed_key and settings.encryption.key_id is None:
        text = "True needs to make a key in the key vault, which is reached from inside the private network only."
        fix = "Set encryption.key_id to a key that exists, or network.deployer_inside: true if you deploy inside."
        yield ("encryption", "customer_managed_key"), text, fix


def _address_ranges(network: Network) -> Iterator[Finding]:
    """Subnets lie in the network and not over each other; Azure keeps five addresses of each (Microsoft Learn,
    "Azure Virtual Network FAQ")."""
    own = network.virtual_network
    spaces = []
    for index, text in enumerate(own.address_space):
        found, finding = _range(("network", "virtual_network", "address_space", index), text, longest=29)
        yield from finding
        spaces += [found] if found else []
    if not own.address_space:
        yield ("network", "virtual_network", "address_space"), "is empty.", "Set a range such as 10.80.0.0/16."
    for one, other in combinations(spaces, 2):
        if one.overlaps(other):
            text = f"{one} and {other} overlap."
            yield ("network", "virtual_network", "address_space"), text, "Keep one of them."
    subnets = {}
    for name in ("compute_subnet", "endpoint_subnet"):
        path: Path = ("network", "virtual_network", name)
        found, finding = _range(path, getattr(own, name), longest=27)
        yield from finding
        if found is None:
            continue
        subnets[name] = found
        # The ranges of a network that exists are not known here; Azure checks them.
        if network.makes_virtual_network and spaces and not any(found.subnet_of(space) for space in spaces):
            text = f"{found} is not inside network.virtual_network.address_space {_listed(spaces)}."
            yield path, text, "Choose a part of it."
        if found.overlaps(_DOCKER):
            yield path, f"{found} overlaps {_DOCKER}, Docker's own network on computes.", "Choose another range."
    if len(subnets) == 2 and subnets["compute_subnet"].overlaps(subnets["endpoint_subnet"]):
        text = f"{subnets['endpoint_subnet']} overlaps compute_subnet {subnets['compute_subnet']}."
        yield ("network", "virtual_network", "endpoint_subnet"), text, "Choose ranges that have nothing in common."


def _range(path: Path, text: str, *, longest: int) -> tuple[ipaddress.IPv4Network | None, list[Finding]]:
    try:
        found = ipaddress.IPv4Network(text, strict=True)
    except ValueError:
        loose = _network(text)
        fix = f"Did you mean {loose}?" if loose and "/" in text else "Use a range such as 10.80.0.0/22."
        return None, [(path, f"{text!r} is not a range of IPv4 addresses.", fix)]
    if found.prefixlen > longest:
        return None, [(path, f"{text!r} is too small.", f"Use a range of at least /{longest}.")]
    return found, []


def _network(text: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        return None


def _listed(spaces: Sequence[ipaddress.IPv4Network]) -> str:
    return ", ".join(map(str, spaces))


def _makes_registry(settings: EnvironmentModel) -> bool:
    return settings.container_registry.enabled and settings.existing.container_registry_id is None
