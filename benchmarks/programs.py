"""Which programs are measured? Stacks of a given size, in a process of their own: ``python -m benchmarks.programs``."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


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


def upload_sdk(source: str, concurrency: str) -> None:
    """A file or folder with azure-storage-blob's own loop."""
    from benchmarks.uploads import paused

    container, path = _container(), Path(source)
    files = [path] if path.is_file() else sorted(path.iterdir())
    with paused(float(os.environ["UPLOAD_PAUSE"])):
        for file in files:
            with file.open("rb") as stream:
                container.upload_blob(file.name, stream, overwrite=True, max_concurrency=int(concurrency))


def upload_ours(source: str, _concurrency: str) -> None:
    """The same with our upload."""
    from benchmarks.uploads import paused
    from jobs.data.upload import UploadMode, upload

    with paused(float(os.environ["UPLOAD_PAUSE"])):
        upload(Path(source), container=_container(), prefix="", mode=UploadMode.OVERWRITE)


def _container() -> ContainerClient:
    """The container to fill: a new one, or the one that is kept."""
    from azure.storage.blob import BlobServiceClient

    key = {"account_name": os.environ["UPLOAD_ACCOUNT"], "account_key": os.environ["UPLOAD_KEY"]}
    service = BlobServiceClient(os.environ["UPLOAD_URL"], credential=key)
    container = service.get_container_client(os.environ.get("UPLOAD_CONTAINER") or f"c{uuid.uuid4().hex[:20]}")
    if not container.exists():
        container.create_container()
    return container


if __name__ == "__main__":
    programs: dict[str, Callable[..., None]] = {
        "empty": empty,
        "resources": resources,
        "environments": environments,
        "upload_sdk": upload_sdk,
        "upload_ours": upload_ours,
    }
    programs[sys.argv[1]](*sys.argv[2:])
