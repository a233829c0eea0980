"""What remains of a job that has ended? Its log and artifacts, where Azure ML keeps them; the rest is removed."""

from __future__ import annotations

import shutil

from sandbox.compute import addresses, registering
from sandbox.compute.context import Context

_REMOVED = ("code", "inputs", "outputs", "tmp", "home")


def leave(context: Context, identifier: str) -> None:
    """Upload the logs and what was logged, register logged models, and remove the job's other files.

    Raises :class:`ComputeError` when the blobs cannot be written or a model is refused: then the files stay.
    """
    name, folder = identifier.rsplit("/", 1)[-1], context.job_folder(identifier)
    workspace = context.records.workspace(identifier)
    uri = addresses.artifacts_uri(name)
    place = context.place(workspace, uri)
    artifacts = context.tracking(workspace).artifacts(name)
    if artifacts is not None:
        context.files.upload(artifacts, place)
    for part in ("outputs", "logs"):
        if (folder / "code" / part).is_dir():
            context.files.upload(folder / "code" / part, place.below(part))
    context.files.upload(folder / "user_logs", place.below("user_logs"))
    # Last: a name that the workspace refuses must not take the logs with it.
    if artifacts is not None:
        registering.register_logged_models(context, workspace, name, artifacts, context.log(identifier))
    for part in _REMOVED:
        shutil.rmtree(folder / part, ignore_errors=True)
