"""The command that sets the sandbox's Azure: ``ezazml sandbox limits`` (quota, taken names, late roles, services)."""

from __future__ import annotations

import re

import click

from ezazml.errors import InputError
from ezazml.project import find_project
from sandbox import limits as azure
from sandbox.home import SandboxHome
from sandbox.store import Store

_QUOTA = re.compile(r"(?P<family>[A-Za-z0-9]+)(@(?P<region>[a-z0-9]+))?=(?P<cores>\d+)")


@click.command()
@click.option("--quota", multiple=True, metavar="FAMILY[@REGION]=CORES", help="Such as StandardDSv2Family=8.")
@click.option("--taken", multiple=True, metavar="NAME", help="A name that somebody else in Azure has.")
@click.option("--role-delay", type=click.FloatRange(0, 3600), metavar="SECONDS", help="New roles count only then.")
@click.option("--unregister", multiple=True, metavar="SERVICE", help="Such as Microsoft.MachineLearningServices.")
@click.option("--off", is_flag=True, help="Back to how the sandbox is by itself.")
def limits(
    quota: tuple[str, ...], taken: tuple[str, ...], role_delay: float | None, unregister: tuple[str, ...], off: bool
) -> None:
    """Set limits that Azure has: quota, taken names, roles that count late, services not registered.

    FAMILY is one of Azure ML's quota, or LowPriority. Counts at once and until --off; `ezazml sandbox reset` ends it
    too.
    """
    if not (quota or taken or unregister or off) and role_delay is None:
        raise InputError("Say what to set.", hint="For example --quota StandardDSv2Family=8, or --off.")
    parsed = [_parse(text) for text in quota]
    _require_known(unregister)
    home = SandboxHome(find_project() / ".sandbox")
    home.up()
    with Store.transaction(home.store_file) as store:
        if off:
            azure.clear(store)
        for family, region, cores in parsed:
            azure.set_quota(store, family, cores, region=region)
        for name in taken:
            azure.hold_name(store, name)
        for service in unregister:
            azure.unregister(store, service)
        if role_delay is not None:
            azure.set_role_delay(store, role_delay)
    click.echo("The sandbox's Azure is set.")


def _parse(text: str) -> tuple[str, str | None, int]:
    match = _QUOTA.fullmatch(text)
    if match is None:
        raise InputError(f"--quota: {text!r} is not FAMILY=CORES or FAMILY@REGION=CORES.")
    return match["family"], match["region"], int(match["cores"])


def _require_known(services: tuple[str, ...]) -> None:
    known = {name.lower() for name in azure.SERVICES}
    for name in services:
        if name.lower() not in known:
            raise InputError(f"--unregister: {name!r} is unknown.", hint=f"Known: {', '.join(azure.SERVICES)}.")
