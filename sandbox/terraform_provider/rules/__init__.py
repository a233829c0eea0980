"""Which types does the sandbox know? All rules, by type. A new type is one class and one line here."""

from __future__ import annotations

from sandbox.terraform_provider.rules.alerts import (
    ActionGroupRules,
    ActivityLogAlertRules,
    MetricAlertRules,
    ScheduledQueryRules,
)
from sandbox.terraform_provider.rules.authorization import RoleAssignmentRules
from sandbox.terraform_provider.rules.base import DataSourceRules, ResourceRules
from sandbox.terraform_provider.rules.budget import ResourceGroupBudgetRules
from sandbox.terraform_provider.rules.container_registry import ContainerRegistryRules
from sandbox.terraform_provider.rules.diagnostics import DiagnosticSettingRules
from sandbox.terraform_provider.rules.directory import AzureadGroup, AzureadUser
from sandbox.terraform_provider.rules.entra import ApplicationRules, ServicePrincipalRules, UserRules
from sandbox.terraform_provider.rules.entra_credentials import ApplicationPasswordRules, FederatedCredentialRules
from sandbox.terraform_provider.rules.key_vault import KeyVaultAccessPolicyRules, KeyVaultRules
from sandbox.terraform_provider.rules.key_vault_keys import KeyVaultKeyRules
from sandbox.terraform_provider.rules.key_vault_secrets import KeyVaultSecretRules
from sandbox.terraform_provider.rules.login import (
    AzureadClientConfig,
    AzureadDomains,
    AzurermClientConfig,
    AzurermSubscription,
)
from sandbox.terraform_provider.rules.lookups import AzurermApplicationInsights, AzurermUserAssignedIdentity
from sandbox.terraform_provider.rules.machine_learning import (
    ComputeClusterRules,
    ComputeInstanceRules,
    WorkspaceRules,
)
from sandbox.terraform_provider.rules.managed_identity import UserAssignedIdentityRules
from sandbox.terraform_provider.rules.managed_network import (
    FqdnRuleRules,
    PrivateEndpointRuleRules,
    ServiceTagRuleRules,
)
from sandbox.terraform_provider.rules.monitoring import ApplicationInsightsRules, LogAnalyticsWorkspaceRules
from sandbox.terraform_provider.rules.network import (
    NatGatewayRules,
    NetworkSecurityGroupRules,
    PublicIpRules,
    SubnetRules,
    VirtualNetworkRules,
)
from sandbox.terraform_provider.rules.network_associations import (
    NatGatewayPublicIpRules,
    SubnetNatGatewayRules,
    SubnetSecurityGroupRules,
)
from sandbox.terraform_provider.rules.private_link import (
    PrivateDnsZoneLinkRules,
    PrivateDnsZoneRules,
    PrivateEndpointRules,
)
from sandbox.terraform_provider.rules.resources import ManagementLockRules, ResourceGroupRules
from sandbox.terraform_provider.rules.storage import StorageAccountRules, StorageContainerRules
from sandbox.terraform_provider.rules.storage_lifecycle import StorageManagementPolicyRules

RESOURCES: dict[str, ResourceRules] = {
    rules.type_name: rules
    for rules in (
        ResourceGroupRules(),
        ManagementLockRules(),
        LogAnalyticsWorkspaceRules(),
        ApplicationInsightsRules(),
        StorageAccountRules(),
        StorageContainerRules(),
        StorageManagementPolicyRules(),
        VirtualNetworkRules(),
        SubnetRules(),
        NetworkSecurityGroupRules(),
        SubnetSecurityGroupRules(),
        PublicIpRules(),
        NatGatewayRules(),
        NatGatewayPublicIpRules(),
        SubnetNatGatewayRules(),
        PrivateDnsZoneRules(),
        PrivateDnsZoneLinkRules(),
        PrivateEndpointRules(),
        FqdnRuleRules(),
        ServiceTagRuleRules(),
        PrivateEndpointRuleRules(),
        KeyVaultRules(),
        KeyVaultAccessPolicyRules(),
        KeyVaultSecretRules(),
        KeyVaultKeyRules(),
        ContainerRegistryRules(),
        UserAssignedIdentityRules(),
        RoleAssignmentRules(),
        ActionGroupRules(),
        MetricAlertRules(),
        ScheduledQueryRules(),
        ActivityLogAlertRules(),
        DiagnosticSettingRules(),
        ResourceGroupBudgetRules(),
        WorkspaceRules(),
        ComputeInstanceRules(),
        ComputeClusterRules(),
        ApplicationRules(),
        ApplicationPasswordRules(),
        FederatedCredentialRules(),
        ServicePrincipalRules(),
        UserRules(),
    )
}

DATA_SOURCES: dict[str, DataSourceRules] = {
    rules.type_name: rules
    for rules in (
        AzurermClientConfig(),
        AzurermSubscription(),
        AzurermApplicationInsights(),
        AzurermUserAssignedIdentity(),
        AzureadClientConfig(),
        AzureadDomains(),
        AzureadGroup(),
        AzureadUser(),
    )
}
