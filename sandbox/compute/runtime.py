"""Which Python do jobs and inference servers run in? The sandbox's runtime, and layers of more packages on it.

The runtime is one virtual environment with what Azure ML's images have (``sandbox/runtime``). `make setup` makes it;
where it is missing the first job does. A layer is a virtual environment on top of it, with what an environment asset
asks for beyond; it is kept by its packages.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.compute.errors import ComputeError, ServiceEndingError
from sandbox.compute.process import Guarded, Log

#: Where the runtime is, if not in the project's own ``.venv-runtime``.
VARIABLE = "EZAZML_SANDBOX_RUNTIME"
_ROOT = Path(__file__).resolve().parents[2]
_REQUIREMENTS = _ROOT / "sandbox" / "runtime" / "requirements.txt"
_INSTALL_SECONDS = 1800
_TICK_SECONDS = 0.2
_SAID_LINES = 10_000
_DONE = ".complete"


def folder() -> Path:
    """The runtime's virtual environment."""
    given = os.environ.get(VARIABLE)
    return Path(given).absolute() if given else _ROOT / ".venv-runtime"


class Runtime:
    """The runtime and its layers, which are in ``layers``."""

    def __init__(self, layers: Path) -> None:
        self._layers = layers
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End what is being installed, and install nothing more."""
        self._stopping.set()

    def ready(self, say: Callable[[str], None]) -> Path:
        """The runtime's folder; installed if it is missing. Raises :class:`ComputeError`."""
        made = folder()
        mark = made / _DONE
        wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
        if _read(mark) == wanted:
            return made
        with self._locked(made.with_name(made.name + ".lock")):
            if _read(mark) != wanted:
                say(f"Installing the sandbox's runtime into {made} (once, about 600 MB).")
                self._make(made, ["--require-hashes", "--no-deps", "-r", str(_REQUIREMENTS)])
                mark.write_text(wanted, encoding="utf-8")
        return made

    def layer(self, packages: Sequence[str], say: Callable[[str], None]) -> Path:
        """A virtual environment with more packages on the runtime. Raises :class:`ComputeError`."""
        runtime = self.ready(say)
        if not packages:
            return runtime
        digest = hashlib.sha256("\n".join([str(runtime), *sorted(packages)]).encode()).hexdigest()[:16]
        made = self._layers / digest
        self._layers.mkdir(parents=True, exist_ok=True)
        with self._locked(self._layers / f"{digest}.lock"):
            if not (made / _DONE).is_file():
                say(f"Installing what the environment has beyond the runtime: {', '.join(packages)}.")
                self._make(made, packages, below=runtime)
                (made / _DONE).write_text("\n".join(packages), encoding="utf-8")
        return made

    @contextmanager
    def _locked(self, file: Path) -> Iterator[None]:
        """Wait until nobody else installs there. Raises :class:`ComputeError` when the service ends meanwhile."""
        with file.open("w") as held:
            while not self._stopping.is_set():
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self._stopping.wait(_TICK_SECONDS)
                else:
                    yield
                    return
            raise ServiceEndingError

    def _make(self, made: Path, arguments: Sequence[str], *, below: Path | None = None) -> None:
        shutil.rmtree(made, ignore_errors=True)
        try:
            self._run([sys.executable, "-m", "venv", str(made)])
            if below is not None:
                # Not --system-site-packages: that would be the packages of the Python below, not of the runtime.
                version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
                packages = made / "lib" / version / "site-packages"
                text = str(below / "lib" / version / "site-packages")
                (packages / "runtime.pth").write_text(text + "\n", encoding="utf-8")
            pip = [str(python_of(made)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            self._run([*pip, *arguments])
        except ComputeError:
            shutil.rmtree(made, ignore_errors=True)
            raise

    def _run(self, command: Sequence[str]) -> None:
        """Run a program that ends with this process, however that ends. Raises :class:`ComputeError`."""
        end = time.monotonic() + _INSTALL_SECONDS
        if self._stopping.is_set():
            raise ServiceEndingError
        with tempfile.TemporaryDirectory() as folder:
            log = Log(Path(folder) / "said.txt", tuple)
            process = Guarded(command, folder=Path.cwd(), environ=os.environ, log=log)
            try:
                while process.running:
                    if self._stopping.wait(_TICK_SECONDS):
                        raise ServiceEndingError
                    if time.monotonic() > end:
                        raise ComputeError(f"The packages cannot be installed within {_INSTALL_SECONDS} seconds.")
            finally:
                process.kill()
                code = process.wait()
            if code:
                raise ComputeError(f"The packages cannot be installed: {_reason(log.tail(_SAID_LINES))}")


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    return environment / "bin" / "python"


def _reason(said: str) -> str:
    """What pip says is wrong: its errors, or of a package that cannot be built the name of the step and the package."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    built = [line for line in lines if line.startswith(("×", "╰─>"))]  # noqa: RUF001 - pip writes it so
    return " ".join((errors or built or lines)[-2:]) or "pip does not say why."


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""


def main() -> None:
    """Install the runtime, for `make setup`."""
    try:
        Runtime(folder()).ready(lambda text: print(text, flush=True))  # noqa: T201 - a program of its own
    except ComputeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
