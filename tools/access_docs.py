"""Who can do what in an environment? Tables for the documentation, from a synthesised stack."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from ezazml.config.loading import load_environment
from ezazml.config.roles import BUNDLES

ROOT = Path(__file__).resolve().parent.parent
_PRINCIPALS = (
    (r"data\.azurerm_client_config\.", "the deploying identity"),
    (r"azuread_service_principal\.application", "the project's application"),
    (r"azuread_user\.", "the Entra user"),
    (r"azurerm_user_assigned_identity\.workspace", "the workspace's identity"),
    (r"azurerm_machine_learning_workspace\.", "the workspace's identity"),
    (r"azurerm_machine_learning_compute_cluster\.([\w-]+)", r"cluster \1"),
)
_SCOPES = {
    "azurerm_resource_group": "resource group",
    "azurerm_machine_learning_workspace": "workspace",
    "azurerm_storage_account": "storage account",
    "azurerm_key_vault": "key vault",
    "azurerm_container_registry": "registry",
    "azurerm_application_insights": "Application Insights",
    "azurerm_log_analytics_workspace": "Log Analytics",
}


def access_table() -> str:
    """Identity, role and scope of every assignment and policy."""
    stack = _stack()["resource"]
    rows = [
        (_principal(one["principal_id"]), one["role_definition_name"], _scope(one["scope"]))
        for one in stack["azurerm_role_assignment"].values()
    ]
    for policy in stack.get("azurerm_key_vault_access_policy", {}).values():
        kinds = [
            f"{kind}s: {', '.join(policy[f'{kind}_permissions'])}"
            for kind in ("secret", "key", "certificate")
            if policy.get(f"{kind}_permissions")
        ]
        rows.append((_principal(policy["object_id"]), f"access policy ({'; '.join(kinds)})", "key vault"))
    lines = ["| who | role | on |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {who} | {role} | {scope} |" for who, role, scope in sorted(set(rows)))])


def bundles_table() -> str:
    """What each bundle is for and holds."""
    vault = {"none": "no access", "read": "reads secrets", "read_write": "reads and writes secrets"}
    lines = ["| bundle | for whom that | roles | key vault |", "|---|---|---|---|"]
    for name, bundle in BUNDLES.items():
        roles = ", ".join(f"{grant.role} on {grant.scope}" for grant in bundle.grants)
        lines.append(f"| `{name}` | {bundle.purpose} | {roles} | {vault[bundle.vault]} |")
    return "\n".join(lines)


@cache
def _stack() -> dict[str, Any]:
    from constructs_lib.bindings import Testing  # noqa: PLC0415 - starts Node.js
    from stacks.environment import EnvironmentStack  # noqa: PLC0415

    settings = yaml.safe_load((ROOT / "environments" / "sandbox.yaml").read_text(encoding="utf-8"))
    settings["workspace"]["identity"] = "user_assigned"
    with TemporaryDirectory() as folder:
        (Path(folder) / "environments").mkdir()
        path = Path(folder) / "environments" / "sandbox.yaml"
        path.write_text(yaml.safe_dump(settings), encoding="utf-8")
        environment = load_environment("sandbox", root=Path(folder), environ={})
        result: dict[str, Any] = json.loads(Testing.synth(EnvironmentStack(Testing.app(), environment)))
    return result


def _principal(reference: str) -> str:
    for pattern, label in _PRINCIPALS:
        match = re.search(pattern, reference)
        if match:
            return match.expand(label)
    # The sandbox names its deployer by object id.
    return "the deploying identity"


def _scope(reference: str) -> str:
    kind = reference.removeprefix("${").split(".")[0]
    return _SCOPES.get(kind, reference)
