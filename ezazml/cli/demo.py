"""The demonstration: ``ezazml demo`` deploys an environment into the sandbox, trains a model there and serves it."""

from __future__ import annotations

from collections.abc import Callable

import click

from ezazml.cli.context import enter
from ezazml.cli.environment import print_inventory, write_graph
from ezazml.operations.cdktf import cdktf_deploy
from ezazml.operations.inspection import inspect
from ezazml.operations.workbench import prepare
from ezazml.progress import progress

_ENVIRONMENT = "sandbox"
_STEPS = 11
_NEXT = """
What was made: environments/sandbox.yaml became a Terraform stack with CDK for Terraform, and Terraform deployed it
into the sandbox in .sandbox/, which stands in for Azure. The data of assets/ was registered in its workspace; the
project in examples/passengers trained a model there, which passed the gate, was registered as {model}, answers
requests at an endpoint and scored a file. All of it really ran, and nothing left this machine.

Next steps:
  . .venv/bin/activate                         use ezazml and cdktf in this shell
  edit environments/sandbox.yaml               change a tag or a cluster, then: ezazml plan sandbox
  edit examples/passengers/train/train.py      change the model, then: ezazml train sandbox
  ezazml endpoint deploy sandbox passengers --deployment green --traffic green=10
  ezazml model compare sandbox passengers      metrics side by side
  ezazml destroy sandbox                       remove it
  docs/lifecycle.md                            every step, and what it reads
In Azure the same commands do the same with environments/dev.yaml: README.md, "Five steps to real Azure"
"""


@click.command()
def demo() -> None:
    """Deploy the environment `sandbox` into the sandbox, train a model there and serve it."""
    from ezazml.cli.lifecycle_demo import show_data, show_model, show_serving  # noqa: PLC0415

    step = _steps()
    step("The sandbox: Azure on this machine")
    context = enter(_ENVIRONMENT)
    step(f"cdktf deploy {_ENVIRONMENT}: synthesise, plan, apply")
    log = context.root / ".sandbox" / "logs" / "cdktf-deploy.log"
    with progress("Deploying") as show:
        closing = cdktf_deploy(_ENVIRONMENT, root=context.root, environ=context.environ, log=log, show=show)
    click.secho(closing, fg="green")
    step("What exists now")
    with progress("Looking"):
        bench = prepare(_ENVIRONMENT, root=context.root, environ=context.environ, show=lambda _line: None)
        inventory = inspect(bench)
    print_inventory(_ENVIRONMENT, inventory)
    step("A picture of it")
    for path in write_graph(_ENVIRONMENT, context.root / "graphs"):
        click.echo(f"Wrote {path.relative_to(context.root)}")
    connection = show_data(_ENVIRONMENT, bench, step)
    model = show_model(connection, step)
    show_serving(connection, step)
    click.echo(_NEXT.format(model=f"{model.name}:{model.version}"))


def _steps() -> Callable[[str], None]:
    """Prints the title of each step with its number."""
    count = 0

    def step(title: str) -> None:
        nonlocal count
        count += 1
        click.secho(f"\n[{count}/{_STEPS}] {title}", bold=True)

    return step
