"""How does an environment begin and end? Settings of its bootstrap, and of feature environments that expire."""

from __future__ import annotations

from pydantic import Field

from ezazml.config.github import repository_field
from ezazml.config.section import Section


class BootstrapGitHub(Section):
    """Whose workflows may log in as the deploying identity."""

    repository: str = repository_field()
    environment: str | None = Field(
        None, description="GitHub environment that deploys. Default: the environment's own name."
    )
    plan_environment: str | None = Field(
        None,
        description="GitHub environment without reviewers whose jobs plan, and make feature environments. "
        "Default: the deploying one's name with -plan.",
    )
    branch: str | None = Field(None, description="Branch whose workflows may log in without a GitHub environment.")
    pull_requests: bool = Field(
        False,
        description="Let every workflow of a pull request log in, also without a GitHub environment and its rules. "
        "Plans do not need it.",
    )


class Bootstrap(Section):
    """What `ezazml bootstrap` makes beyond the state storage, which `backend` names."""

    application_name: str | None = Field(
        None, description="Deploying identity. Default: <identities.application.name_prefix>-<environment>-deploy."
    )
    soft_delete_days: int = Field(30, ge=1, le=365, description="For versions of the state and deleted containers.")
    replication: str = Field("ZRS", pattern="^(LRS|ZRS|GRS|RAGRS|GZRS|RAGZRS)$")
    github: BootstrapGitHub | None = None


class Feature(Section):
    """Marks the environment of one branch, which expires."""

    branch: str
    source: str = Field(description="Environment that it was made from.")
    expire_on: str = Field(
        description="UTC time from which `ezazml env expired` lists it.",
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
    )
