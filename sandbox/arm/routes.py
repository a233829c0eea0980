"""What does management.azure.com answer? All its operations, in the order in which they are tried."""

from __future__ import annotations

from sandbox.arm import (
    access,
    diagnostic_settings,
    groups,
    keys,
    locks,
    log_analytics,
    names,
    quota,
    recovery,
    registrations,
    resources,
    subscriptions,
    vaults,
    workspaces,
)
from sandbox.azureml_api import KINDS
from sandbox.web import Routes

routes = Routes()
subscriptions.register(routes)
keys.register(routes)
workspaces.register(routes)
for _module in (
    access,
    diagnostic_settings,
    groups,
    locks,
    log_analytics,
    names,
    quota,
    recovery,
    registrations,
    vaults,
):
    _module.register(routes)
for _kind in KINDS:
    _kind.register(routes)
# Takes whatever is left, so it comes last.
resources.register(routes)
