"""Which programs are measured? Stacks of a given size, in a process of their own: ``python -m benchmarks.programs``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path


def empty(out: str) -> None:
    """An app with one empty stack: what cdktf and jsii take to start, without any provider."""
    from cdktf import App, TerraformStack

    app = App(outdir=out)
    TerraformStack(app, "empty")
    app.synth()


def resources(out: str, count: str) -> None:
    """One stack with so many storage containers."""
    from constructs_lib import bindings as tf

    app = tf.App(outdir=out)
    stack = tf.TerraformStack(app, "many")
    tf.AzurermProvider(stack, "azurerm", features=[tf.AzurermProviderFeatures()])
    for number in range(int(count)):
        tf.StorageContainer(stack, f"c{number}", name=f"container{number}", storage_account_id="x")
    app.synth()


def environments(out: str, count: str) -> None:
    """So many environments like dev in one process."""
    import dataclasses

    from constructs_lib import bindings as tf
    from ezazml.config.loading import load_environment
    from stacks.environment import EnvironmentStack

    app = tf.App(outdir=out)
    dev = load_environment("dev", root=Path(__file__).resolve().parent.parent, environ={})
    for number in range(int(count)):
        EnvironmentStack(app, dataclasses.replace(dev, name=f"dev{number}"))
    app.synth()


if __name__ == "__main__":
    programs: dict[str, Callable[..., None]] = {
        "empty": empty,
        "resources": resources,
        "environments": environments,
    }
    programs[sys.argv[1]](*sys.argv[2:])
