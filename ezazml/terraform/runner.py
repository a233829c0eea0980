"""How is Terraform run on a synthesised stack? init, plan, apply, destroy, outputs, with progress and clear errors."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ezazml.interruption import TERMINATIONS, handled
from ezazml.terraform.cut_state import local_state, mend
from ezazml.terraform.diagnostics import Diagnostic, TerraformError, failure, format_diagnostic
from ezazml.terraform.engine import Engine, without_overrides
from ezazml.terraform.init_stamp import InitStamp, wanted_by
from ezazml.terraform.provider_cache import ProviderCache, alone

_LOG = logging.getLogger(__name__)

__all__ = ["Progress", "StateVersion", "Terraform", "TerraformError"]

Progress = Callable[[str], None]
#: How Terraform says that it stops after what it is doing.
_INTERRUPTED = "Interrupt received"


@dataclass(frozen=True)
class StateVersion:
    """Which state it is (``lineage``), how often it changed (``serial``), and how much it holds."""

    lineage: str
    serial: int
    resources: int


class Terraform:
    """Terraform in the folder of one stack."""

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        environ: Mapping[str, str],
        *,
        providers: ProviderCache,
        progress: Progress = lambda _line: None,
        lock_timeout_seconds: int = 60,
    ) -> None:
        self.engine = engine
        self._providers = providers
        self.folder = folder
        self._progress = progress
        self._lock_timeout = f"-lock-timeout={lock_timeout_seconds}s"
        own = {
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            # Every 20 seconds is the default: a killed apply would forget all that it made since.
            "TF_STATE_PERSIST_INTERVAL": "1",
        }
        self._environ = without_overrides(environ) | own

    def report_to(self, progress: Progress) -> None:
        """Send progress there from now on."""
        self._progress = progress

    def init(self) -> None:
        """Prepare the folder: backend and providers. Skipped while the stack needs nothing new.

        A state on this machine that a killed Terraform cut short is mended first.
        """
        stack = json.loads((self.folder / "cdk.tf.json").read_text(encoding="utf-8"))
        state = local_state(stack, self.folder)
        if state is not None and mend(state):
            self._progress(f"{state.name} was cut short when Terraform was killed; its backup is used")
        stamp, wanted = InitStamp(self.folder), self._wanted_of_init(stack)
        if stamp.is_current(wanted):
            return
        with alone(self.folder / ".init.lock"):
            if stamp.is_current(wanted):  # another process made it meanwhile
                return
            # An init that fails may have changed the backend already: what the stamp says no longer holds.
            stamp.forget()
            with self._providers.for_init(self.folder, self._environ, engine=self.engine.product) as environ:
                answer = self._run(["init", "-input=false", "-no-color", "-reconfigure"], environ)
                if answer.returncode != 0:
                    raise TerraformError(f"terraform init failed:\n{(answer.stderr or answer.stdout).strip()}")
            stamp.remember(wanted)

    def plan(self, file: Path, *, destroy: bool = False, options: Sequence[str] = ()) -> bool:
        """Plan into ``file`` and return whether there is anything to change. The file holds secrets: mode 0600.

        ``options`` are further ones of Terraform, such as ``-refresh-only`` and ``-target=ADDRESS``.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        arguments = ["plan", "-json", "-input=false", "-detailed-exitcode", self._lock_timeout, f"-out={file}"]
        options = [*(["-destroy"] if destroy else []), *options]
        return self._stream([*arguments, *options], "plan", accept=(0, 2)) == 2

    def show_plan(self, file: Path) -> dict[str, Any]:
        """A saved plan as Terraform's JSON. It holds secrets: do not keep or print it."""
        return self._json(["show", "-json", str(file)])

    def apply(self, file: Path) -> None:
        """Apply exactly a saved plan. Raises :class:`TerraformError`; what was done stays done and in the state."""
        self._stream(["apply", "-json", "-input=false", self._lock_timeout, str(file)], "apply", accept=(0,))

    def outputs(self) -> dict[str, Any]:
        """Outputs by name, each with ``value`` and ``sensitive``."""
        return self._json(["output", "-json"])

    def state(self) -> dict[str, Any]:
        """The state as Terraform's JSON. It holds secrets."""
        return self._json(["show", "-json"])

    def state_version(self) -> StateVersion:
        """Which state there is now; an empty one has no lineage and serial 0. Reads all of it."""
        answer = self._run(["state", "pull", "-no-color"])
        if answer.returncode != 0:
            raise TerraformError(f"terraform state pull failed:\n{answer.stderr.strip()}")
        start = answer.stdout.find("{")
        if start < 0:
            return StateVersion("", 0, 0)
        state = json.loads(answer.stdout[start:])
        managed = sum(len(one["instances"]) for one in state.get("resources", []) if one["mode"] == "managed")
        return StateVersion(state.get("lineage", ""), state.get("serial", 0), managed)

    def force_unlock(self, lock_id: str) -> None:
        """Break the lock with that id. Raises :class:`TerraformError` if it is not the one that is held."""
        answer = self._run(["force-unlock", "-force", "-no-color", lock_id])
        if answer.returncode != 0:
            raise TerraformError(f"terraform force-unlock failed:\n{(answer.stderr or answer.stdout).strip()}")

    # --- helpers ---------------------------------------------------------------------------------------

    def _wanted_of_init(self, stack: Mapping[str, Any]) -> str:
        rc = self._environ.get("TF_CLI_CONFIG_FILE", "")
        return wanted_by(stack, self.engine.program, self.engine.version, rc)

    def _run(
        self, arguments: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.engine.program, *arguments],
            cwd=self.folder,
            env=self._environ if environ is None else environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def _json(self, arguments: Sequence[str]) -> dict[str, Any]:
        answer = self._run(arguments)
        if answer.returncode != 0:
            raise TerraformError(f"terraform {arguments[0]} failed:\n{answer.stderr.strip()}")
        result: dict[str, Any] = json.loads(answer.stdout[answer.stdout.index("{") :])
        return result

    def _stream(self, arguments: Sequence[str], what: str, *, accept: tuple[int, ...]) -> int:
        """Run with Terraform's JSON messages: progress as it comes, diagnostics as one error at the end."""
        process = subprocess.Popen(
            [self.engine.program, *arguments],
            cwd=self.folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A local state and its backup hold secrets, as saved plans do: what is new is its owner's alone.
            umask=0o077,
            # Its own group: Ctrl-C reaches us alone, and we pass it on once, so that Terraform stops in order.
            start_new_session=True,
        )
        assert process.stdout is not None
        diagnostics: list[Diagnostic] = []
        with _forward_interrupt(process):
            for line in process.stdout:
                self._take(line, diagnostics)
            code = process.wait()
        if code not in accept:
            raise failure(what, self.folder.name, diagnostics, code=code)
        return code

    def _take(self, line: str, diagnostics: list[Diagnostic]) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            return  # a warning about Terraform's own configuration, before its JSON begins
        if message.get("type") == "diagnostic":
            if message["diagnostic"]["severity"] == "error":
                diagnostics.append(message["diagnostic"])
                _LOG.error("%s", format_diagnostic(message["diagnostic"]).strip())
        elif str(message.get("type")).startswith("apply_") and message["hook"].get("action") != "read":
            line = message["@message"].split(" [id=")[0]
            _LOG.info("%s", line)
            self._progress(line)
        elif message.get("type") == "log" and message["@message"].strip().startswith(_INTERRUPTED):
            line = " ".join(message["@message"].split())
            _LOG.warning("%s", line)
            self._progress(line)


@contextmanager
def _forward_interrupt(process: subprocess.Popen[str]) -> Iterator[None]:
    """Ctrl-C, and the end of a pipeline or a terminal, let Terraform stop in order; then they interrupt us too.

    A second Ctrl-C reaches Terraform as well, which then gives up at once. Nothing else does: a pipeline that is
    cancelled sends several signals, and state would be lost.
    """
    interrupted = False

    def forward(number: int, _frame: Any) -> None:
        nonlocal interrupted
        if number == signal.SIGINT or not interrupted:
            process.send_signal(signal.SIGINT)
        interrupted = True

    with handled((signal.SIGINT, *TERMINATIONS), forward):
        yield
    if interrupted:
        raise KeyboardInterrupt
