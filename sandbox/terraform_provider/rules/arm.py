"""What do all Azure resources have in common? Ids, creation, drift, locks, import."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeGuard

from sandbox import limits
from sandbox.locks import lock_message
from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, ResourceRules, Unknown, Values

RESOURCE_GROUPS = "Microsoft.Resources/resourceGroups"


class ArmRules(ResourceRules):
    """Rules of a resource of Azure Resource Manager.

    ``fields`` maps Terraform attributes one to one to places in the ARM object (``properties.minimumTlsVersion``);
    :meth:`extra_arm` and :meth:`extra_values` map the rest. Attributes that are not mapped are kept by Terraform as
    they are configured.
    """

    arm_type: ClassVar[str]
    fields: ClassVar[Mapping[str, str]] = {}
    #: Arguments that hold the id of another object that must exist.
    references: ClassVar[Mapping[str, str]] = {}
    name_pattern: ClassVar[str] = r".+"
    name_rule: ClassVar[str] = "not be empty"
    #: Scope in which the name is unique beyond the id: "azure" (all of Azure) or "" (the id alone).
    unique_in: ClassVar[str] = ""
    taken_code: ClassVar[str] = "NameAlreadyTaken"

    # --- what a type may change ------------------------------------------------------------------------

    def resource_id(self, azure: Azure, values: Values) -> str:
        """Id of the resource that ``values`` describe: in a resource group, unless overridden."""
        group = group_id(azure, values["resource_group_name"])
        return f"{group}/providers/{self.arm_type}/{values['name']}"

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """Fill what ``fields`` does not into the ARM object."""

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Terraform attributes that ``fields`` does not cover, computed ones among them."""
        return {}

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:
        """Checks and side effects before the resource is created."""

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """Take the resource away, and its identity's principal; soft delete overrides it."""
        azure.store.delete(body["id"])
        principal = body.get("identity", {}).get("principalId")
        if principal:
            azure.store.delete(f"/servicePrincipals/{principal}")

    # --- the interface of the engine -------------------------------------------------------------------

    def validate(self, config: Values) -> Iterable[Invalid]:
        """The name's form."""
        name = config.get("name")
        if isinstance(name, str) and not re.fullmatch(self.name_pattern, name):
            yield Invalid("name", f"{name!r} is not a valid name of {self.type_name}: it must {self.name_rule}.")

    def create(self, azure: Azure, values: Values) -> Values:
        """Create the object, after the checks that Azure makes."""
        identifier = self.resource_id(azure, values)
        if azure.store.get(identifier) is not None:
            raise already_exists(self.type_name, identifier)
        _require_registration(azure, self.arm_type.split("/", 1)[0])
        self._require_references(azure, values)
        self._require_free_name(azure, values)
        self.before_create(azure, values, identifier)
        body: ArmObject = {
            "id": identifier,
            "type": self.arm_type,
            "name": values.get("name") or identifier.rsplit("/", 1)[-1],
        }
        self._fill(azure, values, body)
        azure.store.put(body)
        return self._values(azure, body)

    def read(self, azure: Azure, state: Values) -> Values | None:
        """What the store has now."""
        body = azure.store.get(self.store_id(state["id"]))
        if body is None or body["type"].lower() != self.arm_type.lower():
            return None
        return self._values(azure, body)

    def update(self, azure: Azure, prior: Values, values: Values) -> Values:
        """Change the object in place."""
        body = azure.store.get(self.store_id(prior["id"]))
        if body is None:
            raise AzureError("ResourceNotFound", f"The Resource '{prior['id']}' was not found.")
        require_no_lock(azure, body["id"], levels=("ReadOnly",))
        self._require_references(azure, values)
        self._fill(azure, values, body)
        azure.store.put(body)
        return self._values(azure, body)

    def delete(self, azure: Azure, state: Values) -> None:
        """Delete the object, if no lock forbids it."""
        body = azure.store.get(self.store_id(state["id"]))
        if body is None:
            return
        require_no_lock(azure, body["id"], levels=("CanNotDelete", "ReadOnly"))
        self.remove(azure, body)

    def import_state(self, azure: Azure, identifier: str) -> Values:
        """Check the id's form and that the object exists."""
        body = azure.store.get(self.store_id(identifier))
        if body is None or body["type"].lower() != self.arm_type.lower():
            raise AzureError(
                "ResourceNotFound",
                f"Cannot import {self.type_name}: there is no {self.arm_type} with the id {identifier!r}.",
            )
        return {"id": self._values(azure, body).get("id", body["id"])}

    def store_id(self, identifier: str) -> str:
        """Id of the object in the store; for most types the Terraform id itself."""
        return identifier

    # --- helpers ---------------------------------------------------------------------------------------

    def _fill(self, azure: Azure, values: Values, body: ArmObject) -> None:
        if values.get("location"):
            body["location"] = normalised_location(values["location"])
        if "tags" in values:
            body["tags"] = values["tags"] or {}
        for attribute, place in self.fields.items():
            set_at(body, place, values.get(attribute))
        if "identity" in values:
            fill_identity(azure, values.get("identity") or [], body)
        self.extra_arm(azure, values, body)
        body.setdefault("properties", {}).setdefault("provisioningState", "Succeeded")

    def _values(self, azure: Azure, body: ArmObject) -> Values:
        values: Values = {"id": body["id"], "name": body["name"], "tags": body.get("tags") or None}
        if "location" in body:
            values["location"] = body["location"]
        group = re.match(r"^/subscriptions/[^/]+/resourceGroups/([^/]+)/", body["id"])
        if group:
            values["resource_group_name"] = group.group(1)
        values |= {attribute: get_at(body, place) for attribute, place in self.fields.items()}
        if "identity" in body:
            values["identity"] = identity_values(body)
        return {**values, **self.extra_values(azure, body)}

    def _require_references(self, azure: Azure, values: Values) -> None:
        if (
            values.get("resource_group_name")
            and azure.store.get(group_id(azure, values["resource_group_name"])) is None
        ):
            raise AzureError(
                "ResourceGroupNotFound",
                f"Resource group '{values['resource_group_name']}' could not be found.",
                attribute="resource_group_name",
            )
        for attribute, label in self.references.items():
            if values.get(attribute) and azure.store.get(values[attribute]) is None:
                raise AzureError(
                    "ParentResourceNotFound",
                    f"{label} '{values[attribute]}' does not exist.",
                    attribute=attribute,
                )

    def _require_free_name(self, azure: Azure, values: Values) -> None:
        if self.unique_in != "azure":
            return
        taken = limits.is_held(azure.store, values["name"]) or any(
            body["name"].lower() == values["name"].lower() for body in azure.store.find(self.arm_type)
        )
        if taken:
            raise AzureError(
                self.taken_code,
                f"The name {values['name']!r} is taken: names of {self.arm_type} are unique in all of Azure.",
                attribute="name",
            )


def _require_registration(azure: Azure, service: str) -> None:
    """azurerm registers services when it starts; before that (in tests of the rules) all are taken as registered."""
    if azure.store.setting("registered") is None or limits.is_registered(azure.store, service):
        return
    raise AzureError(
        "MissingSubscriptionRegistration",
        f"The subscription is not registered to use namespace '{service}'. See https://aka.ms/rps-not-found for how to "
        "register subscriptions.",
    )


def group_id(azure: Azure, name: str) -> str:
    """Id of a resource group."""
    return f"/subscriptions/{azure.subscription_id}/resourceGroups/{name}"


def normalised_location(location: str) -> str:
    """A region's name, from its name or display name."""
    return location.replace(" ", "").lower()


def already_exists(type_name: str, identifier: str) -> AzureError:
    """What azurerm says when it is asked to create what is there."""
    return AzureError(
        "ResourceAlreadyExists",
        f'A resource with the ID "{identifier}" already exists - to be managed via Terraform this resource needs to '
        f'be imported into the State. Please see the resource documentation for "{type_name}" for more information.',
    )


def require_no_lock(azure: Azure, identifier: str, *, levels: tuple[str, ...]) -> None:
    """Raise ScopeLocked when a lock at or above the resource, or on something in it, forbids the operation."""
    message = lock_message(azure.store, identifier, levels=levels)
    if message is not None:
        raise AzureError("ScopeLocked", message)


def fill_identity(azure: Azure, blocks: list[Values], body: ArmObject) -> None:
    """The ``identity`` block as ARM has it; a system-assigned one gets a principal in Entra."""
    if not blocks:
        body.pop("identity", None)
        return
    kind = blocks[0]["type"]
    identity: dict[str, Any] = {"type": kind}
    if "SystemAssigned" in kind:
        before = body.get("identity", {}).get("principalId")
        identity |= {"principalId": before or _new_principal(azure, body), "tenantId": azure.tenant_id}
    if blocks[0].get("identity_ids"):
        for user_assigned in blocks[0]["identity_ids"]:
            if azure.store.get(user_assigned) is None:
                raise AzureError("FailedIdentityOperation", f"The identity '{user_assigned}' does not exist.")
        identity["userAssignedIdentities"] = {one: {} for one in blocks[0]["identity_ids"]}
    body["identity"] = identity


def identity_values(body: ArmObject) -> list[Values]:
    """ARM's identity as the ``identity`` block."""
    identity = body["identity"]
    return [
        {
            "type": identity["type"],
            "principal_id": identity.get("principalId", ""),
            "tenant_id": identity.get("tenantId", ""),
            "identity_ids": list(identity.get("userAssignedIdentities", {})) or None,
        }
    ]


def put_managed_principal(azure: Azure, name: str, *, object_id: str, app_id: str) -> None:
    """The service principal that Entra keeps for a managed identity."""
    azure.store.put(
        {
            "id": f"/servicePrincipals/{object_id}",
            "type": "Microsoft.Graph/servicePrincipals",
            "name": name,
            "properties": {"appId": app_id, "displayName": name, "servicePrincipalType": "ManagedIdentity"},
        }
    )


def _new_principal(azure: Azure, body: ArmObject) -> str:
    object_id = str(uuid.uuid4())
    put_managed_principal(azure, body["name"], object_id=object_id, app_id=str(uuid.uuid4()))
    return object_id


def get_at(body: Mapping[str, Any], place: str) -> Any:
    """The value at a dotted place, or ``None``."""
    value: Any = body
    for part in place.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def set_at(body: dict[str, Any], place: str, value: Any) -> None:
    """Set the value at a dotted place; ``None`` removes it."""
    *groups, last = place.split(".")
    for part in groups:
        body = body.setdefault(part, {})
    if value is None:
        body.pop(last, None)
    else:
        body[last] = value


def known(value: Any) -> TypeGuard[Any]:
    """Whether a configured value is set and known."""
    return value is not None and not isinstance(value, Unknown)


def one_of(config: Values, attribute: str, allowed: tuple[str, ...]) -> Iterable[Invalid]:
    """A finding when an attribute has a value that is not allowed."""
    value = config.get(attribute)
    if known(value) and value not in allowed:
        yield Invalid(attribute, f"expected {attribute} to be one of {list(allowed)}, got {value}")


def between(config: Values, attribute: str, low: float, high: float) -> Iterable[Invalid]:
    """A finding when a number is out of range."""
    value = config.get(attribute)
    if known(value) and not low <= float(value) <= high:
        yield Invalid(attribute, f"expected {attribute} to be in the range ({low} - {high}), got {value}")
