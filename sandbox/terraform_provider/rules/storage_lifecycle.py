"""How does the management policy of a storage account behave?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values

_MODIFIED, _ACCESSED = "daysAfterModificationGreaterThan", "daysAfterLastAccessTimeGreaterThan"
_CREATED, _MOVED = "daysAfterCreationGreaterThan", "daysAfterLastTierChangeGreaterThan"
#: Block -> (its name in ARM, attribute -> (action in ARM, condition in ARM)).
_ACTIONS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "base_blob": (
        "baseBlob",
        {
            **{
                f"{verb}_after_days_since_{since}_greater_than": (action, condition)
                for verb, action in (
                    ("tier_to_cool", "tierToCool"),
                    ("tier_to_cold", "tierToCold"),
                    ("tier_to_archive", "tierToArchive"),
                    ("delete", "delete"),
                )
                for since, condition in (
                    ("modification", _MODIFIED),
                    ("last_access_time", _ACCESSED),
                    ("creation", _CREATED),
                )
            },
            "tier_to_archive_after_days_since_last_tier_change_greater_than": ("tierToArchive", _MOVED),
        },
    ),
    **{
        block: (
            block,
            {
                "change_tier_to_archive_after_days_since_creation": ("tierToArchive", _CREATED),
                "tier_to_archive_after_days_since_last_tier_change_greater_than": ("tierToArchive", _MOVED),
                "change_tier_to_cool_after_days_since_creation": ("tierToCool", _CREATED),
                "tier_to_cold_after_days_since_creation_greater_than": ("tierToCold", _CREATED),
                delete: ("delete", _CREATED),
            },
        )
        for block, delete in (
            ("snapshot", "delete_after_days_since_creation_greater_than"),
            ("version", "delete_after_days_since_creation"),
        )
    },
}


class StorageManagementPolicyRules(ArmRules):
    """azurerm_storage_management_policy: an account has one, named default."""

    type_name = "azurerm_storage_management_policy"
    arm_type = "Microsoft.Storage/storageAccounts/managementPolicies"
    force_new = frozenset({"storage_account_id"})
    references: ClassVar = {"storage_account_id": "Storage account"}
    defaults: ClassVar = {
        f"rule.actions.{block}.{attribute}": -1
        for block, (_, attributes) in _ACTIONS.items()
        for attribute in attributes
    } | {"rule.filters.match_blob_index_tag.operation": "=="}

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Days are whole and not negative; blobs are of two kinds."""
        for index, rule in enumerate(config.get("rule") or []):
            for block in rule.get("filters") or []:
                wrong = set(block.get("blob_types") or []) - {"blockBlob", "appendBlob"}
                if wrong:
                    text = f"expected blob_types to be one of ['blockBlob', 'appendBlob'], got {sorted(wrong)}"
                    yield Invalid(f"rule.{index}.filters.0.blob_types", text)
            for name, (_, attributes) in _ACTIONS.items():
                for block in (rule.get("actions") or [{}])[0].get(name) or []:
                    for attribute in attributes:
                        days = block.get(attribute)
                        if isinstance(days, int) and not 0 <= days <= 99999:
                            text = f"expected {attribute} to be in the range (0 - 99999), got {days}"
                            yield Invalid(f"rule.{index}.actions.0.{name}.0.{attribute}", text)

    def resource_id(self, azure: Azure, values: Values) -> str:  # noqa: ARG002
        """The policy is below its account."""
        return f"{values['storage_account_id']}/managementPolicies/default"

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Rules, each with a name of its own and something to do."""
        body.pop("tags", None)
        names = [rule["name"].lower() for rule in values.get("rule") or []]
        if len(set(names)) != len(names):
            raise AzureError("InvalidRequestPropertyValue", "The rule names must be unique.", attribute="rule")
        rules = [_arm_rule(rule) for rule in values.get("rule") or []]
        if any(not rule["definition"]["actions"] for rule in rules):
            raise AzureError("InvalidRequestPropertyValue", "A rule must have an action.", attribute="rule")
        body.setdefault("properties", {})["policy"] = {"rules": rules}

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """The rules as blocks."""
        return {
            "storage_account_id": body["id"].split("/managementPolicies/")[0],
            "rule": [_rule_values(rule) for rule in body["properties"]["policy"]["rules"]],
        }


def _arm_rule(rule: Values) -> dict[str, Any]:
    filters, configured = rule["filters"][0], rule["actions"][0]
    actions: dict[str, Any] = {}
    for block, (arm_name, attributes) in _ACTIONS.items():
        for values in configured.get(block) or []:
            for attribute, (action, condition) in attributes.items():
                days = values.get(attribute)
                if days is not None and days != -1:
                    actions.setdefault(arm_name, {}).setdefault(action, {})[condition] = days
            if values.get("auto_tier_to_hot_from_cool_enabled"):
                actions.setdefault(arm_name, {})["enableAutoTierToHotFromCool"] = True
    return {
        "name": rule["name"],
        "enabled": rule["enabled"],
        "type": "Lifecycle",
        "definition": {
            "filters": {
                "blobTypes": filters["blob_types"],
                "prefixMatch": filters.get("prefix_match") or [],
                "blobIndexMatch": filters.get("match_blob_index_tag") or [],
            },
            "actions": actions,
        },
    }


def _rule_values(rule: dict[str, Any]) -> Values:
    filters, actions = rule["definition"]["filters"], rule["definition"]["actions"]
    blocks: Values = {}
    for block, (arm_name, attributes) in _ACTIONS.items():
        if arm_name not in actions:
            blocks[block] = []
            continue
        values: Values = {
            attribute: actions[arm_name].get(action, {}).get(condition, -1)
            for attribute, (action, condition) in attributes.items()
        }
        if block == "base_blob":
            hot = actions[arm_name].get("enableAutoTierToHotFromCool")
            values["auto_tier_to_hot_from_cool_enabled"] = hot
        blocks[block] = [values]
    return {
        "name": rule["name"],
        "enabled": rule["enabled"],
        "filters": [
            {
                "blob_types": filters["blobTypes"],
                "prefix_match": filters["prefixMatch"] or None,
                "match_blob_index_tag": filters["blobIndexMatch"],
            }
        ],
        "actions": [blocks],
    }
