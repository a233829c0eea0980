"""The command ``ezazml init``: a project of one's own."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ezazml.cli.common import asking, output_option, print_json
from ezazml.errors import InputError
from ezazml.progress import progress
from ezazml.scaffold import answers as checks
from ezazml.scaffold.answers import Answers
from ezazml.scaffold.project import make_project, require_empty
from ezazml.scaffold.template import template_folder


@click.command()
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--prefix", help="Starts every name in Azure; storage names are unique in all of Azure.")
@click.option("--location", help="Region of Azure, such as westeurope.")
@click.option("--environments", metavar="NAMES", help="Separated by commas, such as dev,uat,prd.")
@click.option("--subscription", "subscriptions", multiple=True, metavar="[ENV=]ID", help="Repeatable; may come later.")
@click.option("--backend", metavar="azurerm|local", help="Where Terraform keeps the state.")
@click.option("--github", metavar="OWNER/NAME", help="Repository whose workflows deploy (docs/ci.md); may come later.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask: defaults for what is not given.")
@output_option
def init(
    *,
    folder: Path | None,
    prefix: str | None,
    location: str | None,
    environments: str | None,
    subscriptions: tuple[str, ...],
    backend: str | None,
    github: str | None,
    yes: bool,
    output: str,
) -> None:
    """Make a project of your own in DIR, which must be new or empty: all code, your environments, tests, workflows.

    Copies this installation; needs no network. EZAZML_REPOSITORY_URL names another folder or repository to copy,
    PROJECT_FOLDER_NAME a folder where DIR is not given.
    """
    ask = _Asker(quiet=yes or output == "json")
    named = os.environ.get("PROJECT_FOLDER_NAME", "").strip()
    if folder is None:
        folder = Path(checks.check_folder_name(named) if named else ask("Folder", None, "my-mlops", str))
    target = folder.expanduser().resolve()
    require_empty(target)
    names = ask("Environments, separated by commas", environments, "dev,uat,prd", checks.check_environments)
    chosen = Answers(
        prefix=ask(
            "Prefix of all names in Azure", prefix, _own_prefix(target), lambda text: checks.check_prefix(text, names)
        ),
        location=ask("Region", location, "westeurope", checks.check_location),
        environments=names,
        subscriptions=ask(
            "Subscription id (may come later)",
            subscriptions or None,
            "",
            lambda given: checks.check_subscriptions(
                given if isinstance(given, tuple) else tuple(given.split()), names
            ),
        ),
        backend=ask("State: azurerm for a team, local to try", backend, "azurerm", checks.check_backend),
        github=ask("GitHub repository, owner/name (may come later)", github, "", checks.check_github),
    )
    with template_folder(os.environ.get("EZAZML_REPOSITORY_URL")) as template, progress("Making the project") as show:
        left = make_project(chosen, target, template=template, show=show)
    if output == "json":
        print_json({"folder": str(target), **dataclasses.asdict(chosen), "left_to_do": left})
        return
    for line in left:
        click.secho(line, fg="yellow", err=True)
    click.secho(f"Your project is in {target}.", fg="green")
    click.echo(f"Next: cd {shlex.quote(str(folder))} && git init && make test")
    click.echo(f"Then: ezazml bootstrap {names[0]} --write, and ezazml deploy {names[0]}")


class _Asker:
    """Takes what was given, else asks until the answer is right, else the default."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, question: str, given: Any, default: str, check: Callable[[Any], Any]) -> Any:
        if given is not None or self._quiet:
            return check(default if given is None else given)
        with asking("--yes, or the options"):
            return click.prompt(question, default=default, show_default=bool(default), value_proc=_retrying(check))


def _retrying(check: Callable[[Any], Any]) -> Callable[[str], Any]:
    """click asks again after an error of its own."""

    def process(text: str) -> Any:
        try:
            return check(text)
        except InputError as error:
            raise click.UsageError(str(error)) from error

    return process


def _own_prefix(target: Path) -> str:
    """A prefix from the folder's name: letters and digits, few enough for every name."""
    letters = "".join(one for one in target.name.lower() if one.isascii() and one.isalnum()).lstrip("0123456789")
    return letters[:6] if len(letters) >= 2 else "mlops"
