"""Would somebody have to approve a deployment? GitHub's own rules, asked before anything is deployed.

GitHub offers required reviewers for public repositories, and for private ones in GitHub Enterprise alone ("Deployments
and environments"). Elsewhere a job in a GitHub environment starts at once, and nothing says so.
"""

from __future__ import annotations

from ezazml.ci.github import GitHub
from ezazml.ci.setup import Settings
from ezazml.errors import EzazmlError

#: The variable of GitHub with which somebody says that nobody approves, and its value.
UNREVIEWED, ACCEPTED = "UNREVIEWED", "accepted"


def require_reviewers(settings: Settings, github: GitHub) -> str:
    """What is known of the approval, for people. Raises :class:`EzazmlError` where an environment that needs one has
    no reviewers."""
    environment = name = settings.environment.name  # the workflows' jobs run in the GitHub environment of that name
    if not settings.needs_approval:
        return f"{environment} is deployed without approval: it is neither protected nor deployed by a tag."
    rules = github.protection_rules(name)
    if rules is not None and "required_reviewers" in rules:
        return f"{environment} waits for a reviewer of the GitHub environment {name}."
    what = "has no required reviewers" if rules is not None else "does not exist"
    raise EzazmlError(
        f"The GitHub environment {name} {what}: {environment} would be deployed without approval. Nothing was changed.",
        hint="Run the lines of `ezazml ci setup --reviewer ID`. GitHub has no reviewers for private repositories "
        f"outside of GitHub Enterprise: to do without them, set the variable {UNREVIEWED} of the GitHub environment "
        f"{name}-plan to {ACCEPTED}.",
    )
