"""The demonstration: ``ezazml demo`` deploys an environment into the sandbox and shows what exists."""

from __future__ import annotations

import click

from ezazml.cli.context import enter
from ezazml.cli.environment import print_inventory, write_graph
from ezazml.operations.cdktf import cdktf_deploy
from ezazml.operations.inspection import inspect
from ezazml.operations.workbench import prepare
from ezazml.progress import progress

_ENVIRONMENT = "sandbox"
_NEXT = """
What you saw: environments/sandbox.yaml became a Terraform stack with CDK for Terraform, and Terraform deployed it
into the sandbox in .sandbox/, which stands in for Azure. Nothing left this machine.

Next steps:
  . .venv/bin/activate                 use ezazml and cdktf in this shell
  ezazml config show sandbox           every setting, and where it comes from
  edit environments/sandbox.yaml       change a tag or a cluster, then:
  ezazml plan sandbox                  what would change
  ezazml deploy sandbox                change it
  ezazml destroy sandbox               remove it
  README.md, "Five steps to real Azure"
"""


@click.command()
def demo() -> None:
    """Deploy the environment `sandbox` into the sandbox with cdktf, and show what exists."""
    _step(1, "The sandbox: Azure on this machine")
    context = enter(_ENVIRONMENT)
    _step(2, f"cdktf deploy {_ENVIRONMENT}: synthesise, plan, apply")
    log = context.root / ".sandbox" / "logs" / "cdktf-deploy.log"
    with progress("Deploying") as show:
        closing = cdktf_deploy(_ENVIRONMENT, root=context.root, environ=context.environ, log=log, show=show)
    click.secho(closing, fg="green")
    _step(3, "What exists now")
    with progress("Looking"):
        bench = prepare(_ENVIRONMENT, root=context.root, environ=context.environ, show=lambda _line: None)
        inventory = inspect(bench)
    print_inventory(_ENVIRONMENT, inventory)
    _step(4, "A picture of it")
    for path in write_graph(_ENVIRONMENT, context.root / "graphs"):
        click.echo(f"Wrote {path.relative_to(context.root)}")
    click.echo(_NEXT)


def _step(number: int, title: str) -> None:
    click.secho(f"\n[{number}/4] {title}", bold=True)
