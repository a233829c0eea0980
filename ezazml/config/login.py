"""Which login do Terraform and Azure's SDKs find? The one that is in force, as the variables that both read."""

from __future__ import annotations

from collections.abc import Mapping

from ezazml.config.models import EnvironmentModel
from ezazml.config.targets import Target


def with_login(settings: EnvironmentModel, environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` with the login of ``settings`` as ``ARM_*``.

    It may stand in ``environments/<name>.env`` or in ``EZAZML_CREDENTIALS__*``, which only this program knows. An
    environment of the sandbox keeps ``environ``, which holds the sandbox's own login.
    """
    variables = dict(environ)
    if settings.target is Target.SANDBOX:
        return variables
    login = settings.credentials
    if login.client_id is not None:
        variables["ARM_CLIENT_ID"] = login.client_id
    if login.client_secret is not None:
        variables["ARM_CLIENT_SECRET"] = login.client_secret.get_secret_value()
    if login.use_oidc or "ARM_USE_OIDC" in variables:
        variables["ARM_USE_OIDC"] = "true" if login.use_oidc else "false"
    return variables
