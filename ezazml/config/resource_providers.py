"""Which of Azure's services does an environment use? The resource providers that its subscription must have."""

from __future__ import annotations

#: Azure services that a new subscription may not have switched on, beyond azurerm's "core". Spelt as Azure lists them:
#: azurerm compares with upper and lower case (requiring_registration.go).
RESOURCE_PROVIDERS = (
    "Microsoft.MachineLearningServices",
    "Microsoft.ContainerRegistry",
    "Microsoft.KeyVault",
    "microsoft.insights",
    "Microsoft.OperationalInsights",
    # Application Insights' own alert rules.
    "Microsoft.AlertsManagement",
    # Managed online endpoints: without these two, "Resource provider [N/A] isn't registered with Subscription [N/A]"
    # (Microsoft Q&A, learn.microsoft.com/answers/questions/2129910).
    "Microsoft.PolicyInsights",
    "Microsoft.Cdn",
)
