"""What can a team set for an environment? The typed settings behind ``environments/<name>.yaml``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from ezazml.config.access import PrincipalType, RoleAssignment
from ezazml.config.dependency_models import Encryption, Existing
from ezazml.config.github import repository_field
from ezazml.config.lifetime import Bootstrap, Feature
from ezazml.config.network_models import Network
from ezazml.config.operating import Deploy, Destroy, Notifications
from ezazml.config.regions import normalise_region
from ezazml.config.roles import RoleBundle
from ezazml.config.section import Group, Section
from ezazml.config.signals import Alerts, Budget, Diagnostics
from ezazml.config.storage_models import DataLake, LifecycleRule, Replication
from ezazml.config.targets import Target

# --- where and how the state is kept --------------------------------------------------------------------


class AzurermBackend(Group):
    """Terraform state in a blob of a storage account, reached with Entra ID (no account key)."""

    type: Literal["azurerm"] = "azurerm"
    storage_account_name: str | None = None
    container_name: str = "tfstate"
    key: str | None = Field(None, description="Name of the state blob. Default: <environment>.tfstate.")
    resource_group_name: str | None = None
    subscription_id: str | None = Field(
        None, description="Subscription of the state account. Default: the environment's."
    )


class LocalBackend(Group):
    """Terraform state in a file on this machine: for trying things out, not for a team."""

    type: Literal["local"] = "local"
    path: str | None = Field(None, description="Default: .ezazml/state/<environment>.tfstate.")


Backend = Annotated[AzurermBackend | LocalBackend, Field(discriminator="type")]


# --- who acts -------------------------------------------------------------------------------------------


class DeployerIdentity(Section):
    """Who runs Terraform. Empty: whoever is logged in, so that another login replaces the roles."""

    object_id: str | None = Field(
        None,
        description="Object id of who deploys: a group of all who do, or the pipeline's service principal. "
        "Default: the one that is logged in.",
    )
    principal_type: PrincipalType | None = Field(
        None,
        description="Group for a group. Else set it when the principal was created minutes ago; Azure finds older "
        "ones itself.",
    )


class GitHubFederation(Section):
    """Lets GitHub Actions log in as the project's principal, without a secret."""

    repository: str = repository_field()
    environment: str | None = Field(None, description="GitHub environment that may log in.")
    branch: str | None = Field(None, description="Branch that may log in, if no environment is given.")


class ApplicationIdentity(Section):
    """The project's Entra application and service principal, which jobs and pipelines use."""

    enabled: bool = True
    name_prefix: str = "ezazml"
    secret_enabled: bool = Field(
        True, description="Create a client secret and put it with the client id into the key vault."
    )
    secret_rotation: str | None = Field(
        None, description="Any text, such as a date: changing it makes a new secret (ezazml rotate-secret does it now)."
    )
    role: RoleBundle = Field(
        RoleBundle.CONTRIBUTOR, description="What it may do: see docs/security.md for the roles of each."
    )
    github: GitHubFederation | None = None


class Identities(Section):
    """Principals that work with the environment."""

    deployer: DeployerIdentity = DeployerIdentity()
    application: ApplicationIdentity = ApplicationIdentity()


class User(Section):
    """An Entra user for people who try the workspace. Optional: many tenants refuse the Graph permission."""

    enabled: bool = False
    principal_name_prefix: str = "ezazml-user"
    display_name: str = "EZAZ ML user"
    role: RoleBundle = Field(RoleBundle.TRAINER, description="What the user may do: see docs/security.md.")
    domain: str | None = Field(None, description="Verified domain of the tenant. Default: the tenant's initial domain.")
    password: SecretStr | None = Field(
        None,
        description="First password, from the variable TF_VAR_user_password only; must be changed at login.",
    )


# --- what is built ---------------------------------------------------------------------------------------


class Storage(Section):
    """The workspace's storage account."""

    replication: Replication = "LRS"
    containers: tuple[str, ...] = ("data",)
    shared_access_key_enabled: bool = Field(
        False, description="Allow account keys and SAS. Off: only Entra identities reach the data."
    )
    versioning_enabled: bool = True
    soft_delete_days: int = Field(7, ge=1, le=365)
    lifecycle_rules: tuple[LifecycleRule, ...] = ()


class KeyVault(Section):
    """The workspace's key vault."""

    sku: Literal["standard", "premium"] = "standard"
    authorization: Literal["access_policies", "rbac"] = "access_policies"
    role_wait_seconds: int = Field(
        120, ge=0, le=900, description="With rbac: wait for the roles to propagate before writing secrets."
    )
    soft_delete_days: int = Field(7, ge=7, le=90, description="Azure lets it be set once: choose before deploying.")
    purge_protection_enabled: bool = False
    write_only_secrets: bool = Field(
        False,
        description="Keep the secrets' values out of their part of Terraform's state (value_wo). Needs Terraform or "
        "OpenTofu 1.11.",
    )


class ContainerRegistry(Section):
    """The workspace's container registry."""

    enabled: bool = Field(True, description="Off: Azure ML creates a registry at the first image build.")
    sku: Literal["Basic", "Standard", "Premium"] = "Standard"


class Monitoring(Section):
    """Log Analytics workspace and Application Insights."""

    retention_days: Literal[30, 31, 60, 90, 120, 180, 270, 365, 550, 730] = 30
    daily_quota_gb: float | None = Field(None, gt=0, allow_inf_nan=False, description="GiB a day; default: no limit.")


class Workspace(Section):
    """The Azure ML workspace."""

    friendly_name: str | None = None
    description: str | None = None
    high_business_impact: bool = False
    identity: Literal["system", "user_assigned"] = Field(
        "system", description="user_assigned: an identity of its own, with the roles that docs/security.md lists."
    )
    identity_role_wait_seconds: int = Field(
        120, ge=0, le=900, description="With user_assigned: wait for its roles before the workspace is made."
    )
    public_network_access_enabled: bool | None = Field(
        None, description="Default: as network.profile says, off for private."
    )


class ComputeSchedule(Section):
    """When a compute instance is started or stopped."""

    action: Literal["start", "stop"] = "stop"
    cron: str = Field(description='A cron expression with 5 fields, such as "0 19 * * 1-5".')
    time_zone: str = Field("UTC", description="A name of Windows, such as W. Europe Standard Time.")

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, value: str) -> str:
        """Minute, hour, day, month and weekday: Azure takes no seconds."""
        if len(value.split()) != 5:
            text = "a cron expression has 5 fields (minute, hour, day, month, weekday)"
            raise PydanticCustomError("cron", "{text}", {"text": text})
        return value


class ComputeInstance(Section):
    """One kind of compute instance. ``count`` makes copies w01, w02, ..."""

    name: str
    size: str = "Standard_DS3_v2"
    count: int = Field(1, ge=0, le=99)
    assigned_user_object_id: str | None = None
    description: str | None = None
    idle_minutes: int | None = Field(
        None, ge=15, le=4320, description="Minutes without work until it is stopped; set by `ezazml monitor apply`."
    )
    schedules: tuple[ComputeSchedule, ...] | None = Field(
        None, max_length=4, description="When it starts and stops; `[]` removes what there is."
    )


class ComputeCluster(Section):
    """One kind of compute cluster. ``count`` makes copies w01, w02, ..."""

    name: str
    size: str = "Standard_DS3_v2"
    count: int = Field(1, ge=0, le=99)
    priority: Literal["Dedicated", "LowPriority"] = "Dedicated"
    min_nodes: int = Field(0, ge=0)
    max_nodes: int = Field(1, ge=0)
    idle_seconds: int = Field(1800, ge=30, description="Seconds without work until a node is released.")
    identity: Literal["system", "none"] = "system"
    description: str | None = None


class Compute(Section):
    """Computes of the workspace, each with a name of its own."""

    instances: tuple[ComputeInstance, ...] = ()
    clusters: tuple[ComputeCluster, ...] = ()


class NameOverrides(Section):
    """Full names to use instead of the default pattern, for example for resources that exist already."""

    resource_group: str | None = None
    log_analytics_workspace: str | None = None
    application_insights: str | None = None
    storage_account: str | None = None
    key_vault: str | None = None
    container_registry: str | None = None
    workspace: str | None = None
    workspace_identity: str | None = None
    application: str | None = None
    action_group: str | None = None
    budget: str | None = None
    data_lake: str | None = None
    virtual_network: str | None = None
    encryption_identity: str | None = None


# --- what the commands use (variables of the original tool) --------------------------------------------


class WorkIn(Section):
    """Workspace that commands work in, if not the deployed one."""

    workspace_name: str | None = None
    resource_group_name: str | None = None


class DataInputs(Section):
    """Defaults of ``ezazml create-mltable``."""

    path: str | None = None
    extension: Literal["csv", "parquet", "json", "delta"] = "csv"
    mltable_save_path: str | None = None
    headers: Literal["all_files_same_headers", "all_files_different_headers", "from_first_file", "no_header"] = (
        "all_files_same_headers"
    )
    description: str | None = None
    infer_column_types: bool = True
    keep_columns: tuple[str, ...] = ()
    drop_columns: tuple[str, ...] = ()


class Datastore(Section):
    """Defaults of ``ezazml create-or-update-adls-datastore``."""

    enabled: bool = False
    name: str | None = None
    description: str | None = None
    account_name: str | None = None
    container_name: str | None = None
    protocol: Literal["https", "abfss", "wasbs"] = "https"
    account_key: SecretStr | None = None


class Databricks(Section):
    """Databricks as a source of data."""

    enabled: bool = False
    host: str | None = None
    token: SecretStr | None = None
    dbfs_prefix: str = "dbfs://"


class Model(Section):
    """Defaults of the model commands."""

    path: str | None = None
    name: str | None = None
    version: str | None = None
    version_note: str | None = None


class Retraining(Section):
    """Schedules that train anew."""

    enabled: bool = Field(False, description="Let the schedules of the lifecycle folder start jobs.")


class Lifecycle(Section):
    """Training, deploying and monitoring of models."""

    folder: str = Field("examples/passengers", description="The project's jobs, endpoints, gate and schedules.")
    retraining: Retraining = Retraining()


class Logging(Section):
    """Log file of the commands."""

    file: str | None = Field(
        None, description="Path template; [DATETIME_PLACEHOLDER] becomes the date. Default: no log file."
    )
    format: str = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    datetime_format: str = "%Y-%m-%d_%H"


class Project(Section):
    """What ``ezazml init`` makes."""

    repository_url: str | None = None
    folder_name: str | None = None
    plan_file: str = "tf.tfplan"


class Credentials(Section):
    """Login of the deploying or the project's principal, as the Terraform providers read it."""

    client_id: str | None = None
    client_secret: SecretStr | None = None
    use_oidc: bool = False


# --- the environment --------------------------------------------------------------------------------------


class EnvironmentModel(Section):
    """Every setting of one environment."""

    target: Target = Target.AZURE
    location: str = "westeurope"
    prefix: str = "ezazml"
    unique_suffix: bool = Field(
        False,
        description="Add five characters derived from the subscription to the names that must be unique in Azure.",
    )
    protected: bool = Field(False, description="Stateful resources are locked and Terraform refuses to destroy them.")
    on_destroy: Literal["purge", "keep"] = Field(
        "purge", description="purge frees the names of vault and workspace; keep leaves them soft-deleted."
    )
    tags: dict[str, str] = Field(
        default_factory=dict, description="Such as Owner, CostCenter, ExpireOn (a date: 2027-12-31)."
    )
    required_tags: tuple[str, ...] = Field((), description="Names that tags must have; the synthesis checks them too.")
    tag_git_commit: bool = Field(
        False, description="Tag the resource group, and nothing else, with the commit: each commit changes one tag."
    )
    tenant_id: str | None = None
    subscription_id: str | None = None
    backend: Backend = LocalBackend()
    identities: Identities = Identities()
    user: User = User()
    role_assignments: tuple[RoleAssignment, ...] = ()
    network: Network = Network()
    encryption: Encryption = Encryption()
    existing: Existing = Existing()
    storage: Storage = Storage()
    data_lake: DataLake = DataLake()
    key_vault: KeyVault = KeyVault()
    container_registry: ContainerRegistry = ContainerRegistry()
    monitoring: Monitoring = Monitoring()
    diagnostics: Diagnostics = Diagnostics()
    alerts: Alerts = Alerts()
    budget: Budget = Budget()
    workspace: Workspace = Workspace()
    compute: Compute = Compute()
    names: NameOverrides = NameOverrides()
    credentials: Credentials = Credentials()
    work_in: WorkIn = WorkIn()
    data: DataInputs = DataInputs()
    datastore: Datastore = Datastore()
    databricks: Databricks = Databricks()
    model: Model = Model()
    lifecycle: Lifecycle = Lifecycle()
    logging: Logging = Logging()
    notifications: Notifications = Notifications()
    deploy: Deploy = Deploy()
    destroy: Destroy = Destroy()
    project: Project = Project()
    bootstrap: Bootstrap = Bootstrap()
    feature: Feature | None = Field(None, description="Written by `ezazml env create`.")

    @field_validator("location")
    @classmethod
    def _region_by_display_name(cls, value: str) -> str:
        """``West Europe`` is ``westeurope``: Azure takes both, Terraform compares the short form."""
        return normalise_region(value)
