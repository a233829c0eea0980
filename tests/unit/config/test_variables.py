"""Every variable of the original tool sets its setting, and the setting says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ezazml.config.loading import load_environment
from ezazml.config.models import EnvironmentModel
from ezazml.config.paths import parse_path
from ezazml.config.variables import ENVIRONMENT_VARIABLES, ORIGINAL_VARIABLES
from ezazml.errors import ConfigurationError

GUID = "11111111-2222-4333-8444-555555555555"
ACCOUNT = f"/subscriptions/{GUID}/resourceGroups/states/providers/Microsoft.Storage/storageAccounts/stateaccount"

#: variable, value, setting, value of the setting
CASES: list[tuple[str, str, str, Any]] = [
    ("TF_VAR_tenant_id", GUID, "tenant_id", GUID),
    ("ARM_TENANT_ID", GUID, "tenant_id", GUID),
    ("AZURE_TENANT_ID", GUID, "tenant_id", GUID),
    ("ARM_SUBSCRIPTION_ID", GUID, "subscription_id", GUID),
    ("AZURE_SUBSCRIPTION_ID", GUID, "subscription_id", GUID),
    ("ARM_CLIENT_ID", GUID, "credentials.client_id", GUID),
    ("AZURE_CLIENT_ID", GUID, "credentials.client_id", GUID),
    ("ARM_CLIENT_SECRET", "s3cret", "credentials.client_secret", SecretStr("s3cret")),
    ("AZURE_CLIENT_SECRET", "s3cret", "credentials.client_secret", SecretStr("s3cret")),
    ("ARM_USE_OIDC", "true", "credentials.use_oidc", True),
    ("TF_VAR_location", "northeurope", "location", "northeurope"),
    ("TF_VAR_resource_name_prefix", "team", "prefix", "team"),
    ("TF_VAR_devops_spn_object_id", GUID, "identities.deployer.object_id", GUID),
    ("TF_VAR_auth_application_name_prefix", "app", "identities.application.name_prefix", "app"),
    ("TF_VAR_user_principal_name_prefix", "ada", "user.principal_name_prefix", "ada"),
    ("TF_VAR_user_display_name", "Ada", "user.display_name", "Ada"),
    ("TF_VAR_user_password", "s3cret", "user.password", SecretStr("s3cret")),
    ("TF_VAR_adls_container_name", "lake", "storage.containers", ("lake",)),
    ("TF_VAR_compute_instance_size_dev", "Standard_D2_v2", "compute.instances[0].size", "Standard_D2_v2"),
    ("TF_VAR_compute_instance_count_dev", "2", "compute.instances[0].count", 2),
    ("TF_VAR_compute_cluster_size_dev", "Standard_D2_v2", "compute.clusters[0].size", "Standard_D2_v2"),
    ("TF_VAR_compute_cluster_count_dev", "2", "compute.clusters[0].count", 2),
    ("TF_VAR_compute_cluster_priority_dev", "LowPriority", "compute.clusters[0].priority", "LowPriority"),
    ("TF_VAR_compute_cluster_scale_min_node_dev", "1", "compute.clusters[0].min_nodes", 1),
    ("TF_VAR_compute_cluster_scale_max_node_dev", "7", "compute.clusters[0].max_nodes", 7),
    ("AML_WORKSPACE_NAME", "ws", "work_in.workspace_name", "ws"),
    ("AML_RESOURCE_GROUP", "rg", "work_in.resource_group_name", "rg"),
    ("DATA_PATH", "data/*.csv", "data.path", "data/*.csv"),
    ("DATA_INPUTS_EXTENSION", "parquet", "data.extension", "parquet"),
    ("DATA_MLTABLE_SAVE_PATH", "out", "data.mltable_save_path", "out"),
    ("DATA_HEADERS", "no_header", "data.headers", "no_header"),
    ("DATA_DESCRIPTION", "d", "data.description", "d"),
    ("DATA_INFER_COLUMN_TYPES_CSV", "false", "data.infer_column_types", False),
    ("DATA_INPUT_KEEP_COLUMNS", "a, b", "data.keep_columns", ("a", "b")),
    ("DATA_INPUT_DROP_COLUMNS", "a", "data.drop_columns", ("a",)),
    ("ADLS_ACTIVATE", "true", "datastore.enabled", True),
    ("ADLS_ACCOUNT_KEY", "s3cret", "datastore.account_key", SecretStr("s3cret")),
    ("ABDS_NAME", "store", "datastore.name", "store"),
    ("ABDS_DESCRIPTION", "d", "datastore.description", "d"),
    ("ABDS_ACCOUNT_NAME", "acc", "datastore.account_name", "acc"),
    ("ABDS_CONTAINER_NAME", "con", "datastore.container_name", "con"),
    ("ABDS_PROTOCOL", "https", "datastore.protocol", "https"),
    ("DATABRICKS_ACTIVATE", "true", "databricks.enabled", True),
    ("DATABRICKS_HOST", "https://x", "databricks.host", "https://x"),
    ("DATABRICKS_PAT", "s3cret", "databricks.token", SecretStr("s3cret")),
    ("DATABRICKS_DBFS_PREFIX", "dbfs://x", "databricks.dbfs_prefix", "dbfs://x"),
    ("MODEL_PATH", "m", "model.path", "m"),
    ("MODEL_NAME", "m", "model.name", "m"),
    ("MODEL_VERSION", "3", "model.version", "3"),
    ("MODEL_VERSION_NOTE", "n", "model.version_note", "n"),
    ("LOG_FILE_PATH_TEMPLATE", "logs/x.log", "logging.file", "logs/x.log"),
    ("LOG_FORMAT", "%(message)s", "logging.format", "%(message)s"),
    ("LOG_DATETIME_FORMAT", "%Y", "logging.datetime_format", "%Y"),
    ("SMTP_SERVER", "mail", "notifications.smtp_server", "mail"),
    ("SMTP_PORT", "25", "notifications.smtp_port", 25),
    ("SMTP_USERNAME", "u", "notifications.smtp_username", "u"),
    ("SMTP_PASSWORD", "s3cret", "notifications.smtp_password", SecretStr("s3cret")),
    ("EMAIL_NOTIFICATIONS", "a@b.c,d@e.f", "notifications.recipients", ("a@b.c", "d@e.f")),
    ("EZAZML_REPOSITORY_URL", "https://x", "project.repository_url", "https://x"),
    ("PROJECT_FOLDER_NAME", "mine", "project.folder_name", "mine"),
    ("TF_OUTPUT_NAME", "x.tfplan", "project.plan_file", "x.tfplan"),
    ("TF_VAR_tf_backend_storage_account_id", ACCOUNT, "backend.storage_account_name", "stateaccount"),
    ("TF_VAR_tf_backend_storage_account_id", ACCOUNT, "backend.resource_group_name", "states"),
    ("TF_VAR_tf_backend_storage_account_id", ACCOUNT, "backend.subscription_id", GUID),
    ("EZAZML_STORAGE__REPLICATION", "ZRS", "storage.replication", "ZRS"),
    ("EZAZML_TAGS__Owner", "me", "tags.owner", "me"),
    ("EZAZML_COMPUTE__CLUSTERS__0__MAX_NODES", "9", "compute.clusters[0].max_nodes", 9),
]

FILE = "compute: {instances: [{name: abc}], clusters: [{name: cpu}, {name: gpu}]}\n"


def load(root: Path, environ: dict[str, str], text: str = FILE) -> Any:
    folder = root / "environments"
    folder.mkdir(exist_ok=True)
    (folder / "dev.yaml").write_text(text)
    return load_environment("dev", root=root, environ=environ)


def setting(model: EnvironmentModel, path: str) -> Any:
    value: Any = model
    for part in parse_path(path):
        value = value[part] if isinstance(part, int) or isinstance(value, dict) else getattr(value, part)
    return value


@pytest.mark.parametrize(("variable", "value", "path", "expected"), CASES)
def test_a_variable_sets_its_setting(tmp_path: Path, variable: str, value: str, path: str, expected: Any) -> None:
    environment = load(tmp_path, {variable: value})
    assert setting(environment.settings, path) == expected
    assert environment.origins[path] == f"variable {variable}"


def test_every_known_variable_has_a_case() -> None:
    covered = {variable for variable, *_ in CASES}
    assert set(ORIGINAL_VARIABLES) <= covered
    assert {f"{name}_dev" for name in ENVIRONMENT_VARIABLES} <= covered


def test_variables_of_another_environment_do_not_count(tmp_path: Path) -> None:
    environment = load(tmp_path, {"TF_VAR_compute_cluster_scale_max_node_prd": "7"})
    assert environment.settings.compute.clusters[0].max_nodes == 1


def test_compute_variables_leave_other_clusters_alone(tmp_path: Path) -> None:
    clusters = load(tmp_path, {"TF_VAR_compute_cluster_scale_max_node_dev": "7"}).settings.compute.clusters
    assert [cluster.max_nodes for cluster in clusters] == [7, 1]


def test_compute_variables_make_the_first_compute_where_there_is_none(tmp_path: Path) -> None:
    variables = {"TF_VAR_compute_cluster_count_dev": "2", "TF_VAR_compute_instance_count_dev": "1"}
    names = load(tmp_path, variables, text="").names
    assert [one.full_name for one in names.compute_clusters] == [
        "ezazml-dev-cpu-cluster-w01",
        "ezazml-dev-cpu-cluster-w02",
    ]
    assert [one.full_name for one in names.compute_instances] == ["ezazml-dev-instance-w01"]


def test_the_first_of_several_names_wins(tmp_path: Path) -> None:
    other = GUID.replace("1", "9")
    environment = load(tmp_path, {"AZURE_TENANT_ID": other, "ARM_TENANT_ID": other, "TF_VAR_tenant_id": GUID})
    assert environment.settings.tenant_id == GUID


def test_an_own_name_wins_over_the_original(tmp_path: Path) -> None:
    environment = load(tmp_path, {"EZAZML_LOCATION": "uksouth", "TF_VAR_location": "westus"})
    assert environment.settings.location == "uksouth"


def test_empty_variables_count_as_not_set(tmp_path: Path) -> None:
    assert load(tmp_path, {"TF_VAR_location": " "}).settings.location == "westeurope"


STATE_FILE = "backend: {type: azurerm, storage_account_name: old, container_name: states, key: team/dev.tfstate}\n"


def test_the_state_account_of_a_variable_keeps_the_files_container_and_key(tmp_path: Path) -> None:
    environment = load(tmp_path, {"TF_VAR_tf_backend_storage_account_id": ACCOUNT}, text=STATE_FILE)
    backend = environment.settings.backend
    assert (backend.storage_account_name, backend.resource_group_name) == ("stateaccount", "states")
    assert (backend.container_name, backend.key) == ("states", "team/dev.tfstate")
    assert environment.origins["backend.key"] == "environments/dev.yaml:1"


@pytest.mark.parametrize("text", ["", "backend: {type: local, path: x.tfstate}\n", STATE_FILE])
def test_the_backends_type_may_stand_anywhere_among_the_variables(tmp_path: Path, text: str) -> None:
    variables = {"EZAZML_BACKEND__STORAGE_ACCOUNT_NAME": "abc123", "EZAZML_BACKEND__TYPE": "azurerm"}
    backend = load(tmp_path, variables, text=text).settings.backend
    assert (backend.type, backend.storage_account_name) == ("azurerm", "abc123")


def test_another_type_of_backend_drops_the_settings_of_the_first(tmp_path: Path) -> None:
    variables = {"EZAZML_BACKEND__TYPE": "local", "TF_VAR_tf_backend_storage_account_id": ACCOUNT}
    assert load(tmp_path, variables, text=STATE_FILE).settings.backend.type == "local"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("EZAZML_STORAG__REPLICATION", "x", "Did you mean EZAZML_STORAGE__REPLICATION?"),
        ("EZAZML_STORAGE", "x", "is not a setting"),
        ("EZAZML_COMPUTE__CLUSTERS__999999999__SIZE", "Standard_D2_v2", "is not a setting"),
        ("EZAZML_COMPUTE__CLUSTERS__²__SIZE", "Standard_D2_v2", "EZAZML_COMPUTE__CLUSTERS__²__SIZE: is not a setting"),
        ("EZAZML_COMPUTE__CLUSTERS__2__SIZE", "Standard_D2_v2", "compute.clusters[2].name: is missing"),
        (
            "EZAZML_COMPUTE__CLUSTERS__3__SIZE",
            "Standard_D2_v2",
            "variable EZAZML_COMPUTE__CLUSTERS__3__SIZE: compute.clusters[3].size: index 3 is beyond the end",
        ),
        ("EZAZML_STORAGE__CONTAINERS__7", "data", "storage.containers[7]: index 7 is beyond the end"),
        ("TF_VAR_tf_backend_storage_account_id", "stateaccount", "is not the resource id of a storage account"),
        ("TF_VAR_compute_cluster_count_dev", "many", "variable TF_VAR_compute_cluster_count_dev: compute.clusters[0]"),
        ("TF_VAR_location", "nowhere", "variable TF_VAR_location: location: 'nowhere' is not a region"),
        ("SMTP_PORT", "0", "variable SMTP_PORT: notifications.smtp_port: '0' is not at least 1"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {variable: value})
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("compute: {clusters: [abc]}", "environments/dev.yaml:1: compute.clusters[0]: 'abc' is not a group"),
        ("compute: {clusters: abc}", "compute.clusters: 'abc' is not a list"),
        ("compute: abc", "compute: 'abc' is not a group"),
    ],
)
def test_a_variable_does_not_hide_a_mistake_in_the_file(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {"TF_VAR_compute_cluster_size_dev": "Standard_D2_v2"}, text=text)
    assert expected in str(caught.value)


def test_variables_may_add_items_at_the_end_of_a_list_in_any_order(tmp_path: Path) -> None:
    variables = {"EZAZML_COMPUTE__CLUSTERS__3__NAME": "fourth", "EZAZML_COMPUTE__CLUSTERS__2__NAME": "third"}
    clusters = load(tmp_path, variables).settings.compute.clusters
    assert [cluster.name for cluster in clusters] == ["cpu", "gpu", "third", "fourth"]


def test_a_variable_overrides_the_files_tag_whatever_its_capitals(tmp_path: Path) -> None:
    environment = load(tmp_path, {"EZAZML_TAGS__COSTCENTER": "b"}, text="tags: {CostCenter: a}")
    assert environment.settings.tags == {"CostCenter": "b"}
    assert environment.origins["tags.CostCenter"] == "variable EZAZML_TAGS__COSTCENTER"
