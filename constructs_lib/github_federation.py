"""Which workflows of GitHub may log in, without a secret? Federated credentials of an application."""

from __future__ import annotations

from constructs_lib import bindings as tf
from constructs_lib.application_identity import GITHUB_ISSUER, TOKEN_EXCHANGE_AUDIENCE, ApplicationIdentity


class GitHubFederation(tf.Construct):
    """Lets workflows of one repository log in as an application, one credential for each way.

    ``environment``: jobs that run in this GitHub environment, with its reviewers. ``branch``: every workflow on the
    branch. ``pull_requests``: workflows of pull requests; not those from forks, which GitHub gives no token. The
    subjects are GitHub's (GitHub Docs, "OpenID Connect reference").
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        application: ApplicationIdentity,
        repository: str,
        environment: str | None,
        branch: str | None,
        pull_requests: bool,
    ) -> None:
        super().__init__(scope, id)
        self._application = application.application
        self._repository = repository
        if environment is not None:
            self._credential("environment", f"environment:{environment}")
        if branch is not None:
            self._credential("branch", f"ref:refs/heads/{branch}")
        if pull_requests:
            self._credential("pull_request", "pull_request")

    def _credential(self, kind: str, subject: str) -> None:
        credential = tf.ApplicationFederatedIdentityCredential(
            self,
            kind,
            application_id=self._application.id,
            # The name cannot be changed, so it holds nothing that may change.
            display_name=f"github-{kind.replace('_', '-')}",
            description=f"GitHub Actions of {self._repository}",
            issuer=GITHUB_ISSUER,
            audiences=[TOKEN_EXCHANGE_AUDIENCE],
            subject=f"repo:{self._repository}:{subject}",
        )
        credential.override_logical_id(f"github_{kind}")
