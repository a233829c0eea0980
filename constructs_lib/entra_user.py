"""Which person may try the workspace? An Entra user, where the tenant allows to create one."""

from __future__ import annotations

from constructs_lib import bindings as tf


class EntraUser(tf.Construct):
    """A user whose first password comes from a sensitive variable and must be changed at the first login.

    ``name`` is the part before the @ and holds the environment's name, so that two environments never share a
    user. Without ``domain`` the tenant's initial domain is used. Later changes of the password are the user's own
    and leave the plan alone. ``department`` says whose it is: users have no tags. Outputs:
    ``object_id``, ``principal_name``.
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        name: str,
        display_name: str,
        password: str,
        domain: str | None,
        department: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        user = tf.User(
            self,
            "Default",
            user_principal_name=f"{name}@{domain or self._initial_domain()}",
            display_name=display_name,
            department=department,
            mail_nickname=name.replace(".", "-"),
            password=password,
            force_password_change=True,
            lifecycle=tf.TerraformResourceLifecycle(ignore_changes=["password", "force_password_change"]),
        )
        self.object_id: str = user.object_id
        self.principal_name: str = user.user_principal_name

    def _initial_domain(self) -> str:
        domains = tf.DataAzureadDomains(self, "domains", only_initial=True)
        domains.override_logical_id("tenant")
        name: str = domains.domains.get(0).domain_name
        return name
