"""How is Terraform run on a synthesised stack? init, plan, apply, destroy, outputs, with progress and clear errors."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ezazml.errors import EzazmlError
from ezazml.terraform.engine import Engine, without_overrides
from ezazml.terraform.provider_cache import ProviderCache

_LOG = logging.getLogger(__name__)

Progress = Callable[[str], None]
#: How long to wait for somebody else's lock on the state, seconds.
_LOCK_TIMEOUT = "-lock-timeout=60s"


class TerraformError(EzazmlError):
    """Terraform ended with errors; the message holds its diagnostics."""


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
    ) -> None:
        self._engine = engine
        self._providers = providers
        self.folder = folder
        self._progress = progress
        own = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
        self._environ = without_overrides(environ) | own

    def report_to(self, progress: Progress) -> None:
        """Send progress there from now on."""
        self._progress = progress

    def init(self) -> None:
        """Prepare the folder: backend and providers. Skipped while the stack needs nothing new."""
        stamp = self.folder / ".terraform" / "ezazml-init"
        wanted = self._init_fingerprint()
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return
        # An init that fails may have changed the backend already: what the stamp says no longer holds.
        stamp.unlink(missing_ok=True)
        with self._providers.for_init(self.folder, self._environ) as environ:
            answer = self._run(["init", "-input=false", "-no-color", "-reconfigure"], environ)
        if answer.returncode != 0:
            raise TerraformError(f"terraform init failed:\n{(answer.stderr or answer.stdout).strip()}")
        stamp.write_text(wanted, encoding="utf-8")

    def plan(self, file: Path, *, destroy: bool = False, replace: Sequence[str] = ()) -> bool:
        """Plan into ``file`` and return whether there is anything to change. The file holds secrets: mode 0600.

        ``replace`` are addresses of what is made anew although nothing about it changed.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        arguments = ["plan", "-json", "-input=false", "-detailed-exitcode", _LOCK_TIMEOUT, f"-out={file}"]
        arguments += [f"-replace={address}" for address in replace]
        return self._stream([*arguments, *(["-destroy"] if destroy else [])], "plan", accept=(0, 2)) == 2

    def show_plan(self, file: Path) -> dict[str, Any]:
        """A saved plan as Terraform's JSON. It holds secrets: do not keep or print it."""
        return self._json(["show", "-json", str(file)])

    def apply(self, file: Path) -> None:
        """Apply exactly a saved plan. Raises :class:`TerraformError`; what was done stays done and in the state."""
        self._stream(["apply", "-json", "-input=false", _LOCK_TIMEOUT, str(file)], "apply", accept=(0,))

    def outputs(self) -> dict[str, Any]:
        """Outputs by name, each with ``value`` and ``sensitive``."""
        return self._json(["output", "-json"])

    def state(self) -> dict[str, Any]:
        """The state as Terraform's JSON. It holds secrets."""
        return self._json(["show", "-json"])

    # --- helpers ---------------------------------------------------------------------------------------

    def _init_fingerprint(self) -> str:
        stack = json.loads((self.folder / "cdk.tf.json").read_text(encoding="utf-8"))["terraform"]
        rc = self._environ.get("TF_CLI_CONFIG_FILE", "")
        return json.dumps([stack, self._engine.program, self._engine.version, rc], sort_keys=True)

    def _run(
        self, arguments: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._engine.program, *arguments],
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
            [self._engine.program, *arguments],
            cwd=self.folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Its own group: Ctrl-C reaches us alone, and we pass it on once, so that Terraform stops in order.
            start_new_session=True,
        )
        assert process.stdout is not None
        diagnostics: list[str] = []
        with _forward_interrupt(process):
            for line in process.stdout:
                self._take(line, diagnostics)
            code = process.wait()
        if code not in accept:
            text = "\n".join(diagnostics) or f"exit code {code}"
            raise TerraformError(f"terraform {what} failed:\n{text}")
        return code

    def _take(self, line: str, diagnostics: list[str]) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            return  # a warning about Terraform's own configuration, before its JSON begins
        if message.get("type") == "diagnostic":
            if message["diagnostic"]["severity"] == "error":
                diagnostics.append(format_diagnostic(message["diagnostic"]))
                _LOG.error("%s", diagnostics[-1].strip())
        elif str(message.get("type")).startswith("apply_") and message["hook"].get("action") != "read":
            line = message["@message"].split(" [id=")[0]
            _LOG.info("%s", line)
            self._progress(line)


def format_diagnostic(diagnostic: Mapping[str, Any]) -> str:
    """One of Terraform's errors as text: address, summary, detail."""
    address = f"{diagnostic['address']}: " if diagnostic.get("address") else ""
    detail = f"\n    {diagnostic['detail']}".replace("\n", "\n    ").rstrip() if diagnostic.get("detail") else ""
    return f"  {address}{diagnostic['summary']}{detail}"


@contextmanager
def _forward_interrupt(process: subprocess.Popen[str]) -> Iterator[None]:
    interrupted = False

    def forward(_number: int, _frame: Any) -> None:
        nonlocal interrupted
        interrupted = True
        os.kill(process.pid, signal.SIGINT)

    try:
        previous = signal.signal(signal.SIGINT, forward)
    except ValueError:  # not in the main thread: nobody sends us signals there
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        if interrupted and process.poll() is not None:
            raise KeyboardInterrupt
