"""The only module that imports cdktf and the provider packages: to move to other bindings, change this file."""

from __future__ import annotations

import os

from constructs_lib.lazy_bindings import kernel_hook, load_lazily

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
from cdktf_cdktf_provider_azuread.application import Application  # noqa: E402
from cdktf_cdktf_provider_azuread.application_federated_identity_credential import (  # noqa: E402
    ApplicationFederatedIdentityCredential,
)
from cdktf_cdktf_provider_azuread.application_password import ApplicationPasswordA as ApplicationPassword  # noqa: E402
from cdktf_cdktf_provider_azuread.data_azuread_domains import DataAzureadDomains  # noqa: E402
from cdktf_cdktf_provider_azuread.data_azuread_group import DataAzureadGroup  # noqa: E402
from cdktf_cdktf_provider_azuread.data_azuread_user import DataAzureadUser  # noqa: E402
from cdktf_cdktf_provider_azuread.provider import AzureadProvider  # noqa: E402
from cdktf_cdktf_provider_azuread.service_principal import ServicePrincipal  # noqa: E402
from cdktf_cdktf_provider_azuread.user import User  # noqa: E402
from cdktf_cdktf_provider_azurerm.application_insights import ApplicationInsights  # noqa: E402
from cdktf_cdktf_provider_azurerm.consumption_budget_resource_group import (  # noqa: E402
    ConsumptionBudgetResourceGroup,
    ConsumptionBudgetResourceGroupNotification,
    ConsumptionBudgetResourceGroupTimePeriod,
)
from cdktf_cdktf_provider_azurerm.container_registry import (  # noqa: E402
    ContainerRegistry,
    ContainerRegistryEncryption,
    ContainerRegistryIdentity,
    ContainerRegistryNetworkRuleSet,
    ContainerRegistryNetworkRuleSetIpRule,
)
from cdktf_cdktf_provider_azurerm.data_azurerm_application_insights import (  # noqa: E402
    DataAzurermApplicationInsights,
)
from cdktf_cdktf_provider_azurerm.data_azurerm_client_config import DataAzurermClientConfig  # noqa: E402
from cdktf_cdktf_provider_azurerm.data_azurerm_user_assigned_identity import (  # noqa: E402
    DataAzurermUserAssignedIdentity,
)
from cdktf_cdktf_provider_azurerm.key_vault import (  # noqa: E402
    KeyVault,
    KeyVaultNetworkAcls,
)
from cdktf_cdktf_provider_azurerm.key_vault_access_policy import (  # noqa: E402
    KeyVaultAccessPolicyA as KeyVaultAccessPolicy,
)
from cdktf_cdktf_provider_azurerm.key_vault_key import KeyVaultKey  # noqa: E402
from cdktf_cdktf_provider_azurerm.key_vault_secret import KeyVaultSecret  # noqa: E402
from cdktf_cdktf_provider_azurerm.log_analytics_workspace import LogAnalyticsWorkspace  # noqa: E402
from cdktf_cdktf_provider_azurerm.machine_learning_compute_cluster import (  # noqa: E402
    MachineLearningComputeCluster,
    MachineLearningComputeClusterIdentity,
    MachineLearningComputeClusterScaleSettings,
)
from cdktf_cdktf_provider_azurerm.machine_learning_compute_instance import (  # noqa: E402
    MachineLearningComputeInstance,
    MachineLearningComputeInstanceAssignToUser,
)
from cdktf_cdktf_provider_azurerm.machine_learning_workspace import (  # noqa: E402
    MachineLearningWorkspace,
    MachineLearningWorkspaceEncryption,
    MachineLearningWorkspaceIdentity,
    MachineLearningWorkspaceManagedNetwork,
    MachineLearningWorkspaceServerlessCompute,
)
from cdktf_cdktf_provider_azurerm.machine_learning_workspace_network_outbound_rule_fqdn import (  # noqa: E402
    MachineLearningWorkspaceNetworkOutboundRuleFqdn,
)
from cdktf_cdktf_provider_azurerm.machine_learning_workspace_network_outbound_rule_private_endpoint import (  # noqa: E402
    MachineLearningWorkspaceNetworkOutboundRulePrivateEndpoint,
)
from cdktf_cdktf_provider_azurerm.machine_learning_workspace_network_outbound_rule_service_tag import (  # noqa: E402
    MachineLearningWorkspaceNetworkOutboundRuleServiceTag,
)
from cdktf_cdktf_provider_azurerm.management_lock import ManagementLock  # noqa: E402
from cdktf_cdktf_provider_azurerm.monitor_action_group import (  # noqa: E402
    MonitorActionGroup,
    MonitorActionGroupEmailReceiver,
)
from cdktf_cdktf_provider_azurerm.monitor_activity_log_alert import (  # noqa: E402
    MonitorActivityLogAlert,
    MonitorActivityLogAlertAction,
    MonitorActivityLogAlertCriteria,
)
from cdktf_cdktf_provider_azurerm.monitor_diagnostic_setting import (  # noqa: E402
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
    MonitorDiagnosticSettingEnabledMetric,
)
from cdktf_cdktf_provider_azurerm.monitor_metric_alert import (  # noqa: E402
    MonitorMetricAlert,
    MonitorMetricAlertAction,
    MonitorMetricAlertCriteria,
    MonitorMetricAlertCriteriaDimension,
)
from cdktf_cdktf_provider_azurerm.monitor_scheduled_query_rules_alert_v2 import (  # noqa: E402
    MonitorScheduledQueryRulesAlertV2,
    MonitorScheduledQueryRulesAlertV2Action,
    MonitorScheduledQueryRulesAlertV2Criteria,
    MonitorScheduledQueryRulesAlertV2CriteriaDimension,
    MonitorScheduledQueryRulesAlertV2CriteriaFailingPeriods,
)
from cdktf_cdktf_provider_azurerm.nat_gateway import NatGateway  # noqa: E402
from cdktf_cdktf_provider_azurerm.nat_gateway_public_ip_association import (  # noqa: E402
    NatGatewayPublicIpAssociation,
)
from cdktf_cdktf_provider_azurerm.network_security_group import NetworkSecurityGroup  # noqa: E402
from cdktf_cdktf_provider_azurerm.private_dns_zone import PrivateDnsZone  # noqa: E402
from cdktf_cdktf_provider_azurerm.private_dns_zone_virtual_network_link import (  # noqa: E402
    PrivateDnsZoneVirtualNetworkLink,
)
from cdktf_cdktf_provider_azurerm.private_endpoint import (  # noqa: E402
    PrivateEndpoint,
    PrivateEndpointPrivateDnsZoneGroup,
    PrivateEndpointPrivateServiceConnection,
)
from cdktf_cdktf_provider_azurerm.provider import (  # noqa: E402
    AzurermProvider,
    AzurermProviderFeatures,
    AzurermProviderFeaturesKeyVault,
    AzurermProviderFeaturesLogAnalyticsWorkspace,
    AzurermProviderFeaturesMachineLearning,
    AzurermProviderFeaturesResourceGroup,
    AzurermProviderFeaturesStorage,
)
from cdktf_cdktf_provider_azurerm.public_ip import PublicIp  # noqa: E402
from cdktf_cdktf_provider_azurerm.resource_group import ResourceGroup  # noqa: E402
from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment  # noqa: E402
from cdktf_cdktf_provider_azurerm.storage_account import (  # noqa: E402
    StorageAccount,
    StorageAccountBlobProperties,
    StorageAccountBlobPropertiesContainerDeleteRetentionPolicy,
    StorageAccountBlobPropertiesDeleteRetentionPolicy,
    StorageAccountCustomerManagedKey,
    StorageAccountIdentity,
    StorageAccountNetworkRules,
)
from cdktf_cdktf_provider_azurerm.storage_container import StorageContainer  # noqa: E402
from cdktf_cdktf_provider_azurerm.storage_management_policy import (  # noqa: E402
    StorageManagementPolicy,
    StorageManagementPolicyRule,
    StorageManagementPolicyRuleActions,
    StorageManagementPolicyRuleActionsBaseBlob,
    StorageManagementPolicyRuleActionsVersion,
    StorageManagementPolicyRuleFilters,
)
from cdktf_cdktf_provider_azurerm.subnet import Subnet  # noqa: E402
from cdktf_cdktf_provider_azurerm.subnet_nat_gateway_association import SubnetNatGatewayAssociation  # noqa: E402
from cdktf_cdktf_provider_azurerm.subnet_network_security_group_association import (  # noqa: E402
    SubnetNetworkSecurityGroupAssociation,
)
from cdktf_cdktf_provider_azurerm.user_assigned_identity import UserAssignedIdentity  # noqa: E402
from cdktf_cdktf_provider_azurerm.virtual_network import VirtualNetwork  # noqa: E402

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
