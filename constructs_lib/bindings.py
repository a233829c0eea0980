"""The only module that imports cdktf and the provider packages: to move to other bindings, change this file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from constructs_lib.lazy_bindings import kernel_hook, load_lazily, names_on_demand

os.environ.setdefault("CHECKPOINT_DISABLE", "1")
load_lazily("cdktf_cdktf_provider_azurerm")
load_lazily("cdktf_cdktf_provider_azuread")

with kernel_hook():
    # The first import of constructs starts the jsii kernel.
    from constructs import Construct, IConstruct, IValidation
    from jsii import implements

from cdktf import (  # noqa: E402
    App,
    Aspects,
    AzurermBackend,
    IAspect,
    LocalBackend,
    LocalExecProvisioner,
    TerraformOutput,
    TerraformResource,
    TerraformResourceLifecycle,
    TerraformStack,
    TerraformVariable,
    Testing,
)

if TYPE_CHECKING:
    # For mypy, editors and readers. At run time, each class is imported from there when it is first used.
    from cdktf_cdktf_provider_azuread.application import Application
    from cdktf_cdktf_provider_azuread.application_federated_identity_credential import (
        ApplicationFederatedIdentityCredential,
    )
    from cdktf_cdktf_provider_azuread.application_password import ApplicationPasswordA as ApplicationPassword
    from cdktf_cdktf_provider_azuread.data_azuread_domains import DataAzureadDomains
    from cdktf_cdktf_provider_azuread.data_azuread_group import DataAzureadGroup
    from cdktf_cdktf_provider_azuread.data_azuread_user import DataAzureadUser
    from cdktf_cdktf_provider_azuread.provider import AzureadProvider
    from cdktf_cdktf_provider_azuread.service_principal import ServicePrincipal
    from cdktf_cdktf_provider_azuread.user import User
    from cdktf_cdktf_provider_azurerm.application_insights import ApplicationInsights
    from cdktf_cdktf_provider_azurerm.consumption_budget_resource_group import (
        ConsumptionBudgetResourceGroup,
        ConsumptionBudgetResourceGroupNotification,
        ConsumptionBudgetResourceGroupTimePeriod,
    )
    from cdktf_cdktf_provider_azurerm.container_registry import (
        ContainerRegistry,
        ContainerRegistryEncryption,
        ContainerRegistryIdentity,
        ContainerRegistryNetworkRuleSet,
        ContainerRegistryNetworkRuleSetIpRule,
    )
    from cdktf_cdktf_provider_azurerm.data_azurerm_application_insights import (
        DataAzurermApplicationInsights,
    )
    from cdktf_cdktf_provider_azurerm.data_azurerm_client_config import DataAzurermClientConfig
    from cdktf_cdktf_provider_azurerm.data_azurerm_user_assigned_identity import (
        DataAzurermUserAssignedIdentity,
    )
    from cdktf_cdktf_provider_azurerm.key_vault import (
        KeyVault,
        KeyVaultNetworkAcls,
    )
    from cdktf_cdktf_provider_azurerm.key_vault_access_policy import (
        KeyVaultAccessPolicyA as KeyVaultAccessPolicy,
    )
    from cdktf_cdktf_provider_azurerm.key_vault_key import KeyVaultKey
    from cdktf_cdktf_provider_azurerm.key_vault_secret import KeyVaultSecret
    from cdktf_cdktf_provider_azurerm.log_analytics_workspace import LogAnalyticsWorkspace
    from cdktf_cdktf_provider_azurerm.machine_learning_compute_cluster import (
        MachineLearningComputeCluster,
        MachineLearningComputeClusterIdentity,
        MachineLearningComputeClusterScaleSettings,
    )
    from cdktf_cdktf_provider_azurerm.machine_learning_compute_instance import (
        MachineLearningComputeInstance,
        MachineLearningComputeInstanceAssignToUser,
    )
    from cdktf_cdktf_provider_azurerm.machine_learning_workspace import (
        MachineLearningWorkspace,
        MachineLearningWorkspaceEncryption,
        MachineLearningWorkspaceIdentity,
        MachineLearningWorkspaceManagedNetwork,
        MachineLearningWorkspaceServerlessCompute,
    )
    from cdktf_cdktf_provider_azurerm.machine_learning_workspace_network_outbound_rule_fqdn import (
        MachineLearningWorkspaceNetworkOutboundRuleFqdn,
    )
    from cdktf_cdktf_provider_azurerm.machine_learning_workspace_network_outbound_rule_private_endpoint import (
        MachineLearningWorkspaceNetworkOutboundRulePrivateEndpoint,
    )
    from cdktf_cdktf_provider_azurerm.machine_learning_workspace_network_outbound_rule_service_tag import (
        MachineLearningWorkspaceNetworkOutboundRuleServiceTag,
    )
    from cdktf_cdktf_provider_azurerm.management_lock import ManagementLock
    from cdktf_cdktf_provider_azurerm.monitor_action_group import (
        MonitorActionGroup,
        MonitorActionGroupEmailReceiver,
    )
    from cdktf_cdktf_provider_azurerm.monitor_activity_log_alert import (
        MonitorActivityLogAlert,
        MonitorActivityLogAlertAction,
        MonitorActivityLogAlertCriteria,
    )
    from cdktf_cdktf_provider_azurerm.monitor_diagnostic_setting import (
        MonitorDiagnosticSetting,
        MonitorDiagnosticSettingEnabledLog,
        MonitorDiagnosticSettingEnabledMetric,
    )
    from cdktf_cdktf_provider_azurerm.monitor_metric_alert import (
        MonitorMetricAlert,
        MonitorMetricAlertAction,
        MonitorMetricAlertCriteria,
        MonitorMetricAlertCriteriaDimension,
    )
    from cdktf_cdktf_provider_azurerm.monitor_scheduled_query_rules_alert_v2 import (
        MonitorScheduledQueryRulesAlertV2,
        MonitorScheduledQueryRulesAlertV2Action,
        MonitorScheduledQueryRulesAlertV2Criteria,
        MonitorScheduledQueryRulesAlertV2CriteriaDimension,
        MonitorScheduledQueryRulesAlertV2CriteriaFailingPeriods,
    )
    from cdktf_cdktf_provider_azurerm.nat_gateway import NatGateway
    from cdktf_cdktf_provider_azurerm.nat_gateway_public_ip_association import (
        NatGatewayPublicIpAssociation,
    )
    from cdktf_cdktf_provider_azurerm.network_security_group import NetworkSecurityGroup
    from cdktf_cdktf_provider_azurerm.private_dns_zone import PrivateDnsZone
    from cdktf_cdktf_provider_azurerm.private_dns_zone_virtual_network_link import (
        PrivateDnsZoneVirtualNetworkLink,
    )
    from cdktf_cdktf_provider_azurerm.private_endpoint import (
        PrivateEndpoint,
        PrivateEndpointPrivateDnsZoneGroup,
        PrivateEndpointPrivateServiceConnection,
    )
    from cdktf_cdktf_provider_azurerm.provider import (
        AzurermProvider,
        AzurermProviderFeatures,
        AzurermProviderFeaturesKeyVault,
        AzurermProviderFeaturesLogAnalyticsWorkspace,
        AzurermProviderFeaturesMachineLearning,
        AzurermProviderFeaturesResourceGroup,
        AzurermProviderFeaturesStorage,
    )
    from cdktf_cdktf_provider_azurerm.public_ip import PublicIp
    from cdktf_cdktf_provider_azurerm.resource_group import ResourceGroup
    from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment
    from cdktf_cdktf_provider_azurerm.storage_account import (
        StorageAccount,
        StorageAccountBlobProperties,
        StorageAccountBlobPropertiesContainerDeleteRetentionPolicy,
        StorageAccountBlobPropertiesDeleteRetentionPolicy,
        StorageAccountCustomerManagedKey,
        StorageAccountIdentity,
        StorageAccountNetworkRules,
    )
    from cdktf_cdktf_provider_azurerm.storage_container import StorageContainer
    from cdktf_cdktf_provider_azurerm.storage_management_policy import (
        StorageManagementPolicy,
        StorageManagementPolicyRule,
        StorageManagementPolicyRuleActions,
        StorageManagementPolicyRuleActionsBaseBlob,
        StorageManagementPolicyRuleActionsVersion,
        StorageManagementPolicyRuleFilters,
    )
    from cdktf_cdktf_provider_azurerm.subnet import Subnet
    from cdktf_cdktf_provider_azurerm.subnet_nat_gateway_association import SubnetNatGatewayAssociation
    from cdktf_cdktf_provider_azurerm.subnet_network_security_group_association import (
        SubnetNetworkSecurityGroupAssociation,
    )
    from cdktf_cdktf_provider_azurerm.user_assigned_identity import UserAssignedIdentity
    from cdktf_cdktf_provider_azurerm.virtual_network import VirtualNetwork
else:
    __getattr__ = names_on_demand(__name__)

__all__ = [
    "App",
    "Application",
    "ApplicationFederatedIdentityCredential",
    "ApplicationInsights",
    "ApplicationPassword",
    "Aspects",
    "AzureadProvider",
    "AzurermBackend",
    "AzurermProvider",
    "AzurermProviderFeatures",
    "AzurermProviderFeaturesKeyVault",
    "AzurermProviderFeaturesLogAnalyticsWorkspace",
    "AzurermProviderFeaturesMachineLearning",
    "AzurermProviderFeaturesResourceGroup",
    "AzurermProviderFeaturesStorage",
    "Construct",
    "ConsumptionBudgetResourceGroup",
    "ConsumptionBudgetResourceGroupNotification",
    "ConsumptionBudgetResourceGroupTimePeriod",
    "ContainerRegistry",
    "ContainerRegistryEncryption",
    "ContainerRegistryIdentity",
    "ContainerRegistryNetworkRuleSet",
    "ContainerRegistryNetworkRuleSetIpRule",
    "DataAzureadDomains",
    "DataAzureadGroup",
    "DataAzureadUser",
    "DataAzurermApplicationInsights",
    "DataAzurermClientConfig",
    "DataAzurermUserAssignedIdentity",
    "IAspect",
    "IConstruct",
    "IValidation",
    "KeyVault",
    "KeyVaultAccessPolicy",
    "KeyVaultKey",
    "KeyVaultNetworkAcls",
    "KeyVaultSecret",
    "LocalBackend",
    "LocalExecProvisioner",
    "LogAnalyticsWorkspace",
    "MachineLearningComputeCluster",
    "MachineLearningComputeClusterIdentity",
    "MachineLearningComputeClusterScaleSettings",
    "MachineLearningComputeInstance",
    "MachineLearningComputeInstanceAssignToUser",
    "MachineLearningWorkspace",
    "MachineLearningWorkspaceEncryption",
    "MachineLearningWorkspaceIdentity",
    "MachineLearningWorkspaceManagedNetwork",
    "MachineLearningWorkspaceNetworkOutboundRuleFqdn",
    "MachineLearningWorkspaceNetworkOutboundRulePrivateEndpoint",
    "MachineLearningWorkspaceNetworkOutboundRuleServiceTag",
    "MachineLearningWorkspaceServerlessCompute",
    "ManagementLock",
    "MonitorActionGroup",
    "MonitorActionGroupEmailReceiver",
    "MonitorActivityLogAlert",
    "MonitorActivityLogAlertAction",
    "MonitorActivityLogAlertCriteria",
    "MonitorDiagnosticSetting",
    "MonitorDiagnosticSettingEnabledLog",
    "MonitorDiagnosticSettingEnabledMetric",
    "MonitorMetricAlert",
    "MonitorMetricAlertAction",
    "MonitorMetricAlertCriteria",
    "MonitorMetricAlertCriteriaDimension",
    "MonitorScheduledQueryRulesAlertV2",
    "MonitorScheduledQueryRulesAlertV2Action",
    "MonitorScheduledQueryRulesAlertV2Criteria",
    "MonitorScheduledQueryRulesAlertV2CriteriaDimension",
    "MonitorScheduledQueryRulesAlertV2CriteriaFailingPeriods",
    "NatGateway",
    "NatGatewayPublicIpAssociation",
    "NetworkSecurityGroup",
    "PrivateDnsZone",
    "PrivateDnsZoneVirtualNetworkLink",
    "PrivateEndpoint",
    "PrivateEndpointPrivateDnsZoneGroup",
    "PrivateEndpointPrivateServiceConnection",
    "PublicIp",
    "ResourceGroup",
    "RoleAssignment",
    "ServicePrincipal",
    "StorageAccount",
    "StorageAccountBlobProperties",
    "StorageAccountBlobPropertiesContainerDeleteRetentionPolicy",
    "StorageAccountBlobPropertiesDeleteRetentionPolicy",
    "StorageAccountCustomerManagedKey",
    "StorageAccountIdentity",
    "StorageAccountNetworkRules",
    "StorageContainer",
    "StorageManagementPolicy",
    "StorageManagementPolicyRule",
    "StorageManagementPolicyRuleActions",
    "StorageManagementPolicyRuleActionsBaseBlob",
    "StorageManagementPolicyRuleActionsVersion",
    "StorageManagementPolicyRuleFilters",
    "Subnet",
    "SubnetNatGatewayAssociation",
    "SubnetNetworkSecurityGroupAssociation",
    "TerraformOutput",
    "TerraformResource",
    "TerraformResourceLifecycle",
    "TerraformStack",
    "TerraformVariable",
    "Testing",
    "User",
    "UserAssignedIdentity",
    "VirtualNetwork",
    "implements",
]
