"""How does a state move into a storage account that Terraform itself has just made?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed
from tenacity.wait import wait_base

from ezazml.errors import EzazmlError
from ezazml.terraform.init_stamp import InitStamp
from ezazml.terraform.runner import Terraform, TerraformError

#: How long a new data role may take to count, seconds (Microsoft Learn, "Troubleshoot Azure RBAC": up to 10 minutes).
_ROLE_SECONDS = 600
_PAUSE_SECONDS = 10
#: What the blob service answers to a login without a data role.
_NO_ROLE = ("AuthorizationPermissionMismatch", "AuthorizationFailure", "status 403", "StatusCode=403")

#: A new account's name takes a while to be known everywhere, and connections break.
_TRANSIENT = ("no such host", "unexpected EOF", "connection reset", "connection refused", "i/o timeout", "status 503")


class StateUnreachable(TerraformError):
    """The state's storage cannot be reached, or not yet."""


class StateRoleMissing(EzazmlError):
    """The login may not read or write blobs of the state's container, or not yet."""


def place_state(folder: Path, backend: Mapping[str, Any]) -> None:
    """Write ``{type: settings}`` as the backend of the synthesised stack in ``folder``."""
    file = folder / "cdk.tf.json"
    stack = json.loads(file.read_text(encoding="utf-8"))
    stack["terraform"]["backend"] = dict(backend)
    file.write_text(json.dumps(stack, indent=2), encoding="utf-8")


class RelocatableTerraform(Terraform):
    """Terraform on a stack whose state can be moved to another backend."""

    def init(self) -> None:
        """As :meth:`Terraform.init`. Raises :class:`StateRoleMissing` when the login cannot read the state."""
        try:
            super().init()
        except TerraformError as error:
            raise _role_missing(error) or error from error

    def move_state(self, backend: Mapping[str, Any], *, pause: wait_base | None = None) -> None:
        """Move the state from where it is to ``backend``, and wait while the new storage cannot be used yet.

        Raises :class:`StateRoleMissing` or :class:`StateUnreachable` when that lasts ten minutes; the state is then
        where it was, and a repetition is safe.
        """
        place_state(self.folder, backend)
        for attempt in Retrying(
            retry=retry_if_exception_type((StateRoleMissing, StateUnreachable)),
            stop=stop_after_delay(_ROLE_SECONDS),
            wait=pause or wait_fixed(_PAUSE_SECONDS),
            before_sleep=self._tell_waiting,
            reraise=True,
        ):
            with attempt:
                self._migrate()

    def _migrate(self) -> None:
        # Whatever comes of it, the folder is not as the last init left it.
        InitStamp(self.folder).forget()
        with self._providers.for_init(self.folder, self._environ, engine=self.engine.product) as environ:
            answer = self._run(["init", "-input=false", "-no-color", "-migrate-state", "-force-copy"], environ)
        if answer.returncode != 0:
            text = f"Moving the state failed:\n{(answer.stderr or answer.stdout).strip()}"
            transient = any(sign in text for sign in _TRANSIENT)
            raise _role_missing(TerraformError(text)) or (StateUnreachable if transient else TerraformError)(text)

    def _tell_waiting(self, _state: RetryCallState) -> None:
        self._progress("waiting until the new storage can be used")


def _role_missing(error: TerraformError) -> StateRoleMissing | None:
    if not any(sign in error.message for sign in _NO_ROLE):
        return None
    return StateRoleMissing(
        "The login may not use the blobs of the state's container (Azure answers 403).",
        hint="It needs the role Storage Blob Data Contributor there; a new role counts after some minutes. Let whoever "
        "ran the bootstrap first grant it, or repeat the command later.",
    )
