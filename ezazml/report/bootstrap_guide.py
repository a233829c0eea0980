"""What is left to do after a bootstrap? Variables for GitHub, an administrator's step, lines for the file."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from ezazml.config.bootstrap_names import BootstrapNames
from ezazml.config.environment import Environment
from ezazml.config.github import ids_command, repository_name

#: Microsoft Graph, and its permissions for applications that a deployment uses (Microsoft Graph, "permissions
#: reference"): make and change applications of one's own, read the directory; and for the environment's user the last.
_GRAPH = "00000003-0000-0000-c000-000000000000"
_PERMISSIONS = {
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
}
_USER_PERMISSIONS = {"User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca"}


@dataclass(frozen=True)
class Guide:
    """The steps that are left. Ids only: with federated credentials there is no secret.

    ``ids_command`` prints the repository as its tokens may name it; empty where it is named so.
    """

    github_environment: str
    github_variables: dict[str, str]
    github_commands: list[str]
    subjects: list[str]
    backend: dict[str, str]
    deployer: dict[str, str]
    graph_permissions: list[str]
    administrator_commands: list[str]
    ids_command: str


def guide_for(environment: Environment, names: BootstrapNames, outputs: Mapping[str, str]) -> Guide:
    """The guide for an environment whose bootstrap has these outputs."""
    settings = environment.settings
    github = settings.bootstrap.github
    github_environment = (github.environment if github else None) or environment.name
    variables = {
        "AZURE_CLIENT_ID": outputs["client_id"],
        "AZURE_TENANT_ID": outputs["tenant_id"],
        "AZURE_SUBSCRIPTION_ID": outputs["subscription_id"],
    }
    commands = []
    if github is not None:
        target = f"--repo {shlex.quote(repository_name(github.repository))} --env {shlex.quote(github_environment)}"
        commands = [f"gh variable set {name} {target} --body {value}" for name, value in variables.items()]
    permissions = {**_PERMISSIONS, **(_USER_PERMISSIONS if settings.user.enabled else {})}
    roles = " ".join(f"{identifier}=Role" for identifier in permissions.values())
    client = outputs["client_id"]
    return Guide(
        github_environment=github_environment,
        github_variables=variables,
        github_commands=commands,
        subjects=_subjects(environment),
        backend={
            "type": "azurerm",
            "resource_group_name": names.resource_group,
            "storage_account_name": names.storage_account,
            "container_name": names.container,
            "key": names.state_key,
        },
        deployer={"object_id": outputs["service_principal_object_id"], "principal_type": "ServicePrincipal"},
        graph_permissions=list(permissions),
        administrator_commands=[
            f"az ad app permission add --id {client} --api {_GRAPH} --api-permissions {roles}",
            f"az ad app permission admin-consent --id {client}",
        ],
        ids_command=ids_command(github.repository) if github is not None else "",
    )


def _subjects(environment: Environment) -> list[str]:
    """Who may log in, as people read it."""
    github = environment.settings.bootstrap.github
    if github is None:
        return []
    return [
        f"jobs in the GitHub environment {github.environment or environment.name} of {github.repository}",
        f"jobs in the GitHub environment {github.plan_environment or f'{github.environment or environment.name}-plan'}",
        *([f"workflows on the branch {github.branch}"] if github.branch else []),
        *(["workflows of pull requests"] if github.pull_requests else []),
    ]
