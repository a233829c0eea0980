"""From where is a resource reached? Its firewall, in the form that each service takes."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib import bindings as tf


@dataclass(frozen=True)
class NetworkAccess:
    """Everybody who is allowed in by identity (default), only ``allowed_ips``, or nobody from the Internet.

    ``allowed_ips`` are public IPv4 addresses or ranges. Trusted services of Azure may pass in every case, the
    workspace among them (Microsoft Learn, "Trusted Azure services"); computes may not.
    """

    public: bool = True
    allowed_ips: tuple[str, ...] = ()

    @property
    def restricted(self) -> bool:
        """Whether there is a firewall at all."""
        return not self.public or bool(self.allowed_ips)

    @property
    def public_network_access_enabled(self) -> bool | None:
        """``None`` leaves Azure's default, which is on."""
        return None if self.public else False

    def of_storage_account(self) -> tf.StorageAccountNetworkRules | None:
        """Network rules of a storage account, which takes single addresses and ranges up to /30."""
        if not self.restricted:
            return None
        rules = list(self.allowed_ips) or None
        return tf.StorageAccountNetworkRules(default_action="Deny", bypass=["AzureServices"], ip_rules=rules)

    def of_key_vault(self) -> tf.KeyVaultNetworkAcls | None:
        """Network rules of a key vault, which answers with ranges only."""
        if not self.restricted:
            return None
        return tf.KeyVaultNetworkAcls(default_action="Deny", bypass="AzureServices", ip_rules=self._ranges() or None)

    def of_container_registry(self) -> list[tf.ContainerRegistryNetworkRuleSet] | None:
        """Network rules of a registry of SKU Premium, which takes ranges only."""
        if not self.restricted:
            return None
        rules = [tf.ContainerRegistryNetworkRuleSetIpRule(action="Allow", ip_range=one) for one in self._ranges()]
        return [tf.ContainerRegistryNetworkRuleSet(default_action="Deny", ip_rule=rules)]

    def _ranges(self) -> list[str]:
        return [one if "/" in one else f"{one}/32" for one in self.allowed_ips]


#: No firewall: identities alone decide.
OPEN = NetworkAccess()
