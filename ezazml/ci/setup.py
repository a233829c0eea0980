"""What must be set in GitHub, once? The calls of its program ``gh``, made from the promotion and the bootstraps."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ezazml.config.environment import Environment
from ezazml.config.promotion import Promotion, Step
from ezazml.errors import InputError

CLEANUP_CHECK = "Ensure Workspace Cleanup"
#: Jobs of ci.yml and pr.yml that must pass before a merge.
TEST_CHECKS = ("test (3.12, 22)", "Synth")
DEPLOY_LABEL = "deploy-env"
_VARIABLES = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID")
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LABELS = {
    DEPLOY_LABEL: "Gives the pull request an environment of its own",
    "drift": "Something was changed in Azure past the project",
}


@dataclass(frozen=True)
class Settings:
    """What is known of one environment: its file, and the output of its bootstrap if that was given."""

    environment: Environment
    step: Step
    variables: Mapping[str, str]

    @property
    def needs_approval(self) -> bool:
        """Whether a deployment waits for somebody: the environment is protected, or a release's tag deploys it."""
        return self.environment.settings.protected or self.step.tag is not None

    @property
    def github_environment(self) -> str:
        """The GitHub environment whose reviewers approve a deployment."""
        github = self.environment.settings.bootstrap.github
        return (github.environment if github else None) or self.environment.name

    @property
    def plan_environment(self) -> str:
        """The GitHub environment whose jobs plan."""
        github = self.environment.settings.bootstrap.github
        return (github.plan_environment if github else None) or f"{self.github_environment}-plan"


def variables_in(bootstrap: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Environment and variables in ``ezazml bootstrap ENV --output json``. Raises :class:`InputError` for others."""
    name, found = bootstrap.get("environment"), bootstrap.get("github_variables")
    if not isinstance(name, str) or not isinstance(found, dict) or set(found) != set(_VARIABLES):
        raise InputError("--bootstrap: is not the output of `ezazml bootstrap ENV -o json`.", hint="Print it again.")
    wrong = [key for key in _VARIABLES if not _ID.fullmatch(str(found[key]))]
    if wrong:
        raise InputError(f"--bootstrap: {', '.join(wrong)} is no id.", hint="Print it again.")
    return name, {key: str(found[key]) for key in _VARIABLES}


def setup_commands(
    repository: str, promotion: Promotion, settings: list[Settings], *, reviewers: list[int]
) -> list[str]:
    """The calls, in the order in which they are made. They may be repeated."""
    lines = [
        f"gh label create {name} --repo {repository} --force --description {shlex.quote(text)}"
        for name, text in _LABELS.items()
    ]
    for one in settings:
        lines += _environment(repository, one, reviewers)
    branches = dict.fromkeys(filter(None, (value for one in promotion.steps for value in (one.branch, one.from_))))
    for branch in branches:
        lines.append(_call("PUT", f"repos/{repository}/branches/{quote(branch, safe='')}/protection", _PROTECTION))
    if any(step.tag for step in promotion.steps):
        lines.append(_call("POST", f"repos/{repository}/rulesets", _TAG_RULES))
    lines.append(_call("PUT", f"repos/{repository}/actions/permissions/workflow", _WORKFLOW_PERMISSIONS))
    return lines


#: "Branch protection" of GitHub's REST API; also for administrators.
_PROTECTION = {
    "required_status_checks": {"strict": True, "contexts": [*TEST_CHECKS, CLEANUP_CHECK]},
    "enforce_admins": True,
    "required_pull_request_reviews": {
        "required_approving_review_count": 1,
        "require_code_owner_reviews": True,
        "dismiss_stale_reviews": True,
    },
    "restrictions": None,
    "allow_force_pushes": False,
    "allow_deletions": False,
}
#: A release's tag is never moved.
_TAG_RULES = {
    "name": "release tags",
    "target": "tag",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["refs/tags/*.*.*"], "exclude": []}},
    "rules": [{"type": "deletion"}, {"type": "update"}],
}
_WORKFLOW_PERMISSIONS = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}


def _environment(repository: str, one: Settings, reviewers: list[int]) -> list[str]:
    protected = one.needs_approval
    refs = [("branch", name) for name in filter(None, [one.step.branch, one.step.from_])]
    refs += [("tag", "*.*.*")] if one.step.tag else []
    if not refs:  # deployed by hand: from the branch where every change is reviewed
        refs = [("branch", "main")]
    deploying: dict[str, Any] = {"deployment_branch_policy": _BY_NAME}
    if protected and reviewers:
        deploying["reviewers"] = [{"type": "User", "id": identifier} for identifier in reviewers]
        deploying["prevent_self_review"] = True
    lines = [f"# {one.environment.name}: {one.step.trigger}"]
    # The nightly look for drift runs on the default branch.
    planning = list(dict.fromkeys([*refs, ("branch", "main"), *([] if protected else [_PULL_REQUESTS])]))
    for name, body, allowed in (
        (one.github_environment, deploying, refs),
        (one.plan_environment, {"deployment_branch_policy": _BY_NAME}, planning),
    ):
        address = f"repos/{repository}/environments/{quote(name, safe='')}"
        lines.append(_call("PUT", address, body))
        for kind, pattern in allowed:
            lines.append(_call("POST", f"{address}/deployment-branch-policies", {"name": pattern, "type": kind}))
        for variable in _VARIABLES:
            value = one.variables.get(variable)
            command = f"gh variable set {variable} --repo {repository} --env {shlex.quote(name)}"
            lines.append(f"{command} --body {value}" if value else f"# after the bootstrap: {command} --body ID")
    return lines


_PULL_REQUESTS = ("branch", "refs/pull/*/merge")
_BY_NAME = {"protected_branches": False, "custom_branch_policies": True}


def _call(method: str, path: str, body: Mapping[str, Any]) -> str:
    return f"gh api --method {method} {shlex.quote(path)} --input - <<< {shlex.quote(json.dumps(body))}"
