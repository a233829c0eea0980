"""Which identity do the project's jobs and pipelines use? An Entra application and its service principal."""

from __future__ import annotations

from constructs_lib import bindings as tf
from constructs_lib.addresses import address_of

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
#: Audience that Entra expects of exchanged tokens (Microsoft Learn, "Workload identity federation").
TOKEN_EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"  # noqa: S105 - a public constant, not a secret


class ApplicationIdentity(tf.Construct):
    """An application with the deploying identity as owner, and its service principal.

    As owner, the deploying identity needs no more than the Graph permission ``Application.ReadWrite.OwnedBy``
    (Terraform azuread, "azuread_application"). ``secret`` adds a client secret, and another ``secret_rotation`` a new
    one in its place; :meth:`trust_github` lets GitHub Actions log in without one. ``keep_owners`` leaves the owners as
    they were made, for an owner that another login would change. ``notes`` says whose it is: names are not unique in a
    directory, and applications have no tags. Outputs: ``client_id``, ``service_principal_object_id``,
    ``secret_value``, ``secret_id``, ``secret_end``.
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        display_name: str,
        owner_object_id: str,
        secret: bool,
        secret_rotation: str | None = None,
        keep_owners: bool = False,
        notes: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        lifecycle = tf.TerraformResourceLifecycle(ignore_changes=["owners"]) if keep_owners else None
        self.application = tf.Application(
            self, "Default", display_name=display_name, owners=[owner_object_id], notes=notes, lifecycle=lifecycle
        )
        principal = tf.ServicePrincipal(
            self,
            "principal",
            client_id=self.application.client_id,
            owners=[owner_object_id],
            lifecycle=lifecycle,
        )
        principal.override_logical_id("application")
        self.client_id: str = self.application.client_id
        self.service_principal_object_id: str = principal.object_id
        self._password = self._secret(secret_rotation) if secret else None
        self.secret_value: str | None = self._password.value if self._password else None
        #: When the secret ends, in whole seconds as the key vault keeps it.
        self.secret_end: str | None = (
            f"${{formatdate(\"YYYY-MM-DD'T'hh:mm:ss'Z'\", {address_of(self._password)}.end_date)}}"
            if self._password
            else None
        )
        #: An expression that changes with the secret, and is no secret itself.
        self.secret_id: str | None = f"{address_of(self._password)}.key_id" if self._password else None

    def trust_github(self, *, repository: str, environment: str | None, branch: str | None) -> None:
        """Let workflows of ``repository`` log in that run in ``environment``, or on ``branch``.

        The subjects are GitHub's (GitHub Docs, "OpenID Connect reference").
        """
        subject = f"environment:{environment}" if environment else f"ref:refs/heads/{branch}"
        credential = tf.ApplicationFederatedIdentityCredential(
            self,
            "github",
            application_id=self.application.id,
            display_name=f"github-{environment or branch}".replace("/", "-"),
            description=f"GitHub Actions of {repository}",
            issuer=GITHUB_ISSUER,
            audiences=[TOKEN_EXCHANGE_AUDIENCE],
            subject=f"repo:{repository}:{subject}",
        )
        credential.override_logical_id("github")

    def _secret(self, rotation: str | None) -> tf.ApplicationPassword:
        password = tf.ApplicationPassword(
            self,
            "password",
            application_id=self.application.id,
            display_name="ezazml",
            rotate_when_changed=None if rotation is None else {"rotation": rotation},
            # The old secret stays valid until the new one is in the vault.
            lifecycle=tf.TerraformResourceLifecycle(create_before_destroy=True),
        )
        password.override_logical_id("application")
        return password
