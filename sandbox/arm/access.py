"""What may the caller do, who has which role, and which roles are there?"""

from __future__ import annotations

import re
from typing import Any

from sandbox import tokens
from sandbox.cloud import Cloud
from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.authorization import ASSIGNMENTS, BUILT_IN_ROLES
from sandbox.web import Answer, Call, Refusal, Routes

_DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
_PRINCIPAL = re.compile(r"principalId eq '([^']*)'", re.IGNORECASE)
_ROLE_NAME = re.compile(r"roleName eq '([^']*)'", re.IGNORECASE)
#: What a role may do to resources (Microsoft Learn, "Azure built-in roles"); roles for data alone may do nothing here.
_ACTIONS: dict[str, tuple[list[str], list[str]]] = {
    "Owner": (["*"], []),
    "Contributor": (["*"], ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]),
    "Reader": (["*/read"], []),
    "User Access Administrator": (["*/read", "Microsoft.Authorization/*"], []),
    "Role Based Access Control Administrator": (
        [
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
        ],
        [],
    ),
}


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", "/{scope*}/providers/Microsoft.Authorization/permissions", "What the caller may do", _permissions)
    routes.add("GET", f"/{{scope*}}/providers/{ASSIGNMENTS}", "Role assignments, by principalId if filtered", _assigned)
    routes.add("GET", f"/{{scope*}}/providers/{_DEFINITIONS}", "Roles, by roleName if filtered", _definitions)


def _permissions(cloud: Cloud, call: Call) -> Answer:
    scope = f"/{call.parameters['scope']}".lower()
    claims = tokens.read(call.headers.get("authorization", "").partition(" ")[2]) or {}
    caller = claims.get("oid")
    if caller == cloud.credentials.object_id:
        return Answer(body={"value": [_permission("Owner")]})
    with cloud.stores.reading() as store:
        assigned = [body for body in store.find(ASSIGNMENTS) if body["properties"]["principalId"] == caller]
    above = [body for body in assigned if f"{scope}/".startswith(f"{_scope(body)}/")]
    names = {guid: name for name, guid in BUILT_IN_ROLES.items()}
    roles = [names[body["properties"]["roleDefinitionId"].rsplit("/", 1)[-1]] for body in above]
    return Answer(body={"value": [_permission(role) for role in roles]})


def _permission(role: str) -> dict[str, Any]:
    actions, not_actions = _ACTIONS.get(role, ([], []))
    return {"actions": actions, "notActions": not_actions, "dataActions": [], "notDataActions": []}


def _assigned(cloud: Cloud, call: Call) -> Answer:
    text = call.query.get("$filter", "")
    match = _PRINCIPAL.fullmatch(text.strip())
    if text and match is None and text.strip() != "atScope()":
        raise Refusal(501, "NotImplemented", f"The sandbox does not understand the filter {text!r}.")
    with cloud.stores.reading() as store:
        found = store.below(f"/{call.parameters['scope']}", ASSIGNMENTS)
    if match is not None:
        found = [body for body in found if body["properties"]["principalId"].lower() == match[1].lower()]
    elif text:
        found = [body for body in found if _scope(body) == f"/{call.parameters['scope']}".lower()]
    return Answer(body={"value": found})


def _definitions(_cloud: Cloud, call: Call) -> Answer:
    match = _ROLE_NAME.fullmatch(call.query.get("$filter", "").strip())
    subscription = "/".join(call.path.split("/")[:3])
    found = [
        {
            "id": f"{subscription}/providers/{_DEFINITIONS}/{guid}",
            "name": guid,
            "type": _DEFINITIONS,
            "properties": {"roleName": name, "type": "BuiltInRole", "permissions": [_permission(name)]},
        }
        for name, guid in BUILT_IN_ROLES.items()
        if match is None or match[1] == name
    ]
    return Answer(body={"value": found})


def _scope(body: ArmObject) -> str:
    return str(body["id"]).lower().rsplit(f"/providers/{ASSIGNMENTS.lower()}/", 1)[0]
