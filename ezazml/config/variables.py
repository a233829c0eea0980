"""Which variable sets which setting? The names of the original EZAZ ML tool, and ``EZAZML_<SETTING>``.

``EZAZML_STORAGE__REPLICATION`` sets ``storage.replication``: two underscores stand between the levels, numbers
are indexes (``EZAZML_COMPUTE__CLUSTERS__0__MAX_NODES``).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ezazml.config.models import EnvironmentModel
from ezazml.config.paths import Path, field_at, is_list, leaf_fields, models_in, parse_path
from ezazml.errors import Problem

#: Original name -> setting. Where several names set one setting, the first that is set wins.
ORIGINAL_VARIABLES: dict[str, str] = {
    "TF_VAR_tenant_id": "tenant_id",
    "ARM_TENANT_ID": "tenant_id",
    "AZURE_TENANT_ID": "tenant_id",
    "ARM_SUBSCRIPTION_ID": "subscription_id",
    "AZURE_SUBSCRIPTION_ID": "subscription_id",
    "ARM_CLIENT_ID": "credentials.client_id",
    "AZURE_CLIENT_ID": "credentials.client_id",
    "ARM_CLIENT_SECRET": "credentials.client_secret",
    "AZURE_CLIENT_SECRET": "credentials.client_secret",
    "ARM_USE_OIDC": "credentials.use_oidc",
    "TF_VAR_location": "location",
    "TF_VAR_resource_name_prefix": "prefix",
    "TF_VAR_devops_spn_object_id": "identities.deployer.object_id",
    "TF_VAR_auth_application_name_prefix": "identities.application.name_prefix",
    "TF_VAR_user_principal_name_prefix": "user.principal_name_prefix",
    "TF_VAR_user_display_name": "user.display_name",
    "TF_VAR_user_password": "user.password",
    "TF_VAR_adls_container_name": "storage.containers[0]",
    "AML_WORKSPACE_NAME": "work_in.workspace_name",
    "AML_RESOURCE_GROUP": "work_in.resource_group_name",
    "DATA_PATH": "data.path",
    "DATA_INPUTS_EXTENSION": "data.extension",
    "DATA_MLTABLE_SAVE_PATH": "data.mltable_save_path",
    "DATA_HEADERS": "data.headers",
    "DATA_DESCRIPTION": "data.description",
    "DATA_INFER_COLUMN_TYPES_CSV": "data.infer_column_types",
    "DATA_INPUT_KEEP_COLUMNS": "data.keep_columns",
    "DATA_INPUT_DROP_COLUMNS": "data.drop_columns",
    "ADLS_ACTIVATE": "datastore.enabled",
    "ADLS_ACCOUNT_KEY": "datastore.account_key",
    "ABDS_NAME": "datastore.name",
    "ABDS_DESCRIPTION": "datastore.description",
    "ABDS_ACCOUNT_NAME": "datastore.account_name",
    "ABDS_CONTAINER_NAME": "datastore.container_name",
    "ABDS_PROTOCOL": "datastore.protocol",
    "DATABRICKS_ACTIVATE": "databricks.enabled",
    "DATABRICKS_HOST": "databricks.host",
    "DATABRICKS_PAT": "databricks.token",
    "DATABRICKS_DBFS_PREFIX": "databricks.dbfs_prefix",
    "MODEL_PATH": "model.path",
    "MODEL_NAME": "model.name",
    "MODEL_VERSION": "model.version",
    "MODEL_VERSION_NOTE": "model.version_note",
    "LOG_FILE_PATH_TEMPLATE": "logging.file",
    "LOG_FORMAT": "logging.format",
    "LOG_DATETIME_FORMAT": "logging.datetime_format",
    "SMTP_SERVER": "notifications.smtp_server",
    "SMTP_PORT": "notifications.smtp_port",
    "SMTP_USERNAME": "notifications.smtp_username",
    "SMTP_PASSWORD": "notifications.smtp_password",
    "EMAIL_NOTIFICATIONS": "notifications.recipients",
    "EZAZML_REPOSITORY_URL": "project.repository_url",
    "PROJECT_FOLDER_NAME": "project.folder_name",
    "TF_OUTPUT_NAME": "project.plan_file",
}

#: Original name without its ``_<environment>`` ending -> setting. They describe the first instance and cluster.
ENVIRONMENT_VARIABLES: dict[str, str] = {
    "TF_VAR_compute_instance_size": "compute.instances[0].size",
    "TF_VAR_compute_instance_count": "compute.instances[0].count",
    "TF_VAR_compute_cluster_size": "compute.clusters[0].size",
    "TF_VAR_compute_cluster_count": "compute.clusters[0].count",
    "TF_VAR_compute_cluster_priority": "compute.clusters[0].priority",
    "TF_VAR_compute_cluster_scale_min_node": "compute.clusters[0].min_nodes",
    "TF_VAR_compute_cluster_scale_max_node": "compute.clusters[0].max_nodes",
}

STATE_ACCOUNT_VARIABLE = "TF_VAR_tf_backend_storage_account_id"
_STATE_ACCOUNT_ID = re.compile(
    r"^/subscriptions/(?P<subscription_id>[^/]+)/resourceGroups/(?P<resource_group_name>[^/]+)"
    r"/providers/Microsoft\.Storage/storageAccounts/(?P<storage_account_name>[^/]+)$",
    re.IGNORECASE,
)

#: Login variables of the person at the keyboard: they never count for an environment of the sandbox.
LOGIN_VARIABLES = frozenset(name for name in ORIGINAL_VARIABLES if name.startswith(("ARM_", "AZURE_"))) | {
    "TF_VAR_tenant_id",
    "TF_VAR_user_password",
    STATE_ACCOUNT_VARIABLE,
}

_OWN_PREFIX = "EZAZML_"
#: What counts as an index in a variable's name: no more digits than any list needs.
_INDEX = re.compile(r"[0-9]{1,4}")
#: Variables of the program itself, which are no settings.
PROGRAM_VARIABLES = frozenset(
    {
        "EZAZML_TARGET",
        "EZAZML_ENVIRONMENTS",
        "EZAZML_SANDBOX_HOME",
        "EZAZML_SANDBOX_RUNTIME",
        "EZAZML_SANDBOX_ENVIRONMENTS",
        "EZAZML_DEBUG",
        "EZAZML_EAGER_BINDINGS",
        "EZAZML_SYNTH_CACHE",
        "EZAZML_REPOSITORY_URL",
    }
)


@dataclass(frozen=True)
class Assignment:
    """One setting set by one variable."""

    path: Path
    value: Any
    variable: str


def environment_suffix(environment: str) -> str:
    """How an environment's name ends a variable's name: ``feature-1`` as ``feature_1``."""
    return environment.replace("-", "_")


def assignments(
    environment: str, variables: Mapping[str, str], *, label: str
) -> tuple[list[Assignment], list[Problem]]:
    """What ``variables`` set for ``environment``, weakest first, and what is wrong with them.

    ``label`` says where the variables stand (``variable`` or ``environments/dev.env``). Empty variables count as
    not set.
    """
    given = {name: value for name, value in variables.items() if value.strip()}
    found: list[Assignment] = []
    problems: list[Problem] = []
    for assign in (_state_account(given, problems, label), _original(environment, given)):
        found.extend(assign)
    own: list[Assignment] = []
    for name, value in given.items():
        if not name.startswith(_OWN_PREFIX) or name in PROGRAM_VARIABLES:
            continue
        path = _own_path(name)
        if path is None:
            problems.append(_unknown_variable(name, label))
        else:
            own.append(Assignment(path, _typed(path, value), name))
    return [*found, *sorted(own, key=_order)], problems


def _order(assignment: Assignment) -> tuple[bool, list[str]]:
    """The order of own variables must not depend on the shell's: the backend's type comes first, as it decides which
    settings the backend has; a list comes before its items, and those in their order."""
    parts = [f"{part:04}" if isinstance(part, int) else part for part in assignment.path]
    return assignment.path != ("backend", "type"), parts


def variable_names(path: Path) -> list[str]:
    """Original names first, then the own name that sets the setting at ``path``."""
    text_path = [name for name, target in ORIGINAL_VARIABLES.items() if parse_path(target) == path]
    return [*text_path, _OWN_PREFIX + "__".join(str(part) for part in path).upper()]


def _original(environment: str, given: Mapping[str, str]) -> Iterator[Assignment]:
    suffix = "_" + environment_suffix(environment)
    for name, target in ENVIRONMENT_VARIABLES.items():
        if name + suffix in given:
            path = parse_path(target)
            yield Assignment(path, _typed(path, given[name + suffix]), name + suffix)
    # Reversed: the first name of a setting must be assigned last, to win.
    for name, target in reversed(ORIGINAL_VARIABLES.items()):
        if name in given:
            path = parse_path(target)
            yield Assignment(path, _typed(path, given[name]), name)


def _state_account(given: Mapping[str, str], problems: list[Problem], label: str) -> Iterator[Assignment]:
    value = given.get(STATE_ACCOUNT_VARIABLE)
    if value is None:
        return
    match = _STATE_ACCOUNT_ID.match(value.strip())
    if match is None:
        problems.append(
            Problem(
                _where(label, STATE_ACCOUNT_VARIABLE),
                "backend",
                f"{value!r} is not the resource id of a storage account.",
                "Use /subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Storage/storageAccounts/<name>.",
            )
        )
        return
    yield Assignment(("backend", "type"), "azurerm", STATE_ACCOUNT_VARIABLE)
    for key, part in match.groupdict().items():
        yield Assignment(("backend", key), part, STATE_ACCOUNT_VARIABLE)


def _own_path(name: str) -> Path | None:
    parts = name.removeprefix(_OWN_PREFIX).lower().split("__")
    path: Path = tuple(int(part) if _INDEX.fullmatch(part) else part for part in parts)
    if path[0] == "tags" and len(path) == 2:
        return path
    annotation = field_at(EnvironmentModel, path)
    return None if annotation is None or models_in(annotation) else path


def _typed(path: Path, value: str) -> Any:
    """Variables are text: split what is a list, leave the rest to the model."""
    annotation = field_at(EnvironmentModel, path)
    if is_list(annotation):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value.strip()


def _unknown_variable(name: str, label: str) -> Problem:
    known = [_OWN_PREFIX + "__".join(map(str, path)).upper() for path, _ in leaf_fields(EnvironmentModel)]
    near = difflib.get_close_matches(name, known, n=1)
    return Problem(
        _where(label, name),
        "",
        "is not a setting.",
        f"Did you mean {near[0]}?" if near else "Remove it; `ezazml config schema` lists the settings.",
    )


def _where(label: str, variable: str) -> str:
    return f"{label} {variable}" if label == "variable" else f"{label}: {variable}"
