"""How fast is it? Measures side by side, prints tables, writes JSON and ``docs/performance.md``: ``make bench``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import peers
from benchmarks.assets import WAYS, registration
from benchmarks.measure import Case, Result, measure
from benchmarks.report import PEERS, merged, page, table
from benchmarks.uploads import FULL, uploads
from ezazml.terraform.engine import find_engine, require_cdktf, require_node
from sandbox.home import SandboxHome

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
_BIN = Path(PYTHON).parent
PARTS = ("synthesis", "start-up", "deployments", "assets", "many-assets", "uploads", "peers")


def main() -> None:
    """Run the benchmarks, all or some of the parts; what is not measured again stays as it was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", action="store_true", help="Also cdktn and TypeScript; installs them once.")
    parser.add_argument("--only", choices=PARTS, action="append", help="Only this part; may be given again.")
    arguments = parser.parse_args()
    parts = arguments.only or [part for part in PARTS if part != "peers" or arguments.peers]
    with tempfile.TemporaryDirectory(prefix="ezazml-bench-") as folder:
        project = _project(Path(folder))
        groups: dict[str, list[Result]] = {}
        for part in PARTS:
            if part in parts:
                print(part, file=sys.stderr, flush=True)
                groups |= _measured(part, project, arguments.rounds)
    document = merged(groups, machine=_machine(), rounds=arguments.rounds)
    (ROOT / "docs" / "performance.md").write_text(page(document), encoding="utf-8")
    print("".join(table(title, document["results"][title]) for title in groups))


def _measured(part: str, project: Path, rounds: int) -> dict[str, list[Result]]:
    """Title of a table -> its rows."""
    if part == "synthesis":
        return {
            "Synthesis of dev": synthesis(project, rounds),
            "Synthesis by number of resources": by_resources(project, rounds),
            "Synthesis by number of environments": by_environments(project, rounds),
        }
    if part == "start-up":
        return {"Start of the command line": start_up(project, rounds)}
    if part == "deployments":
        return {"Deployment into the sandbox": deployments(project, rounds)}
    if part == "assets":
        return registration(project, _environ(), count=10) | registration(project, _environ(), count=100)
    if part == "many-assets":
        # Of files that are in the storage: the loop alone takes minutes.
        return registration(project, _environ(), count=1000, ways=WAYS[1:])
    if part == "uploads":
        return uploads(FULL, min(rounds, 3), _environ())
    return {PEERS: beside_peers(project, rounds)}


def synthesis(project: Path, rounds: int) -> list[Result]:
    """One environment: naive, ours, the floor, and through the cdktf command line."""
    ours = {**_environ(), "EZAZML_ENVIRONMENTS": "dev"}
    naive = {**ours, "EZAZML_EAGER_BINDINGS": "1"}
    cdktf = require_cdktf(ROOT, ours)
    main_py = [PYTHON, "main.py"]
    stack = project / "cdktf.out" / "stacks" / "dev"
    cases = [
        Case("naive: python main.py", main_py, project, naive),
        Case("ours: python main.py", main_py, project, ours),
        Case("empty stack", _program("empty", str(project / "empty")), ROOT, ours),
        Case("naive: cdktf synth", [cdktf, "synth"], project, naive),
        Case("ours: cdktf synth", [cdktf, "synth"], project, ours),
        Case("ours, nothing changed: ezazml synth dev", [str(_BIN / "ezazml"), "synth", "dev"], project, ours),
    ]
    results = measure(cases, rounds=rounds)
    home = SandboxHome(project / ".sandbox")
    home.up()
    environ = home.environ(["dev"], ours)
    engine = find_engine(environ).program
    measure([Case("init", [engine, "init", "-backend=false"], stack, environ)], rounds=1, warm=False)
    return results + measure([Case("terraform validate", [engine, "validate"], stack, environ)], rounds=rounds)


def beside_peers(project: Path, rounds: int) -> list[Result]:
    """Ours beside the same resources with cdktn and in TypeScript."""
    ours = {**_environ(), "EZAZML_ENVIRONMENTS": "dev"}
    subprocess.run([PYTHON, "main.py"], cwd=project, env=ours, check=True)
    stack = json.loads((project / "cdktf.out" / "stacks" / "dev" / "cdk.tf.json").read_text(encoding="utf-8"))
    bench = ROOT / ".bench"
    cases = [
        peers.cdktn(ROOT, bench, _environ()),
        *peers.typescript(stack, bench, _environ()),
        Case("ours: python main.py", [PYTHON, "main.py"], project, ours),
    ]
    return measure(cases, rounds=rounds)


def by_resources(project: Path, rounds: int) -> list[Result]:
    """Cost of each further resource."""
    return measure(
        [
            Case(f"{count} resources", _program("resources", str(project / "many"), str(count)), ROOT, _environ())
            for count in (1, 10, 100, 1000)
        ],
        rounds=rounds,
    )


def by_environments(project: Path, rounds: int) -> list[Result]:
    """Cost of each further environment in one process."""
    return measure(
        [
            Case(f"{count} environments", _program("environments", str(project / "envs"), str(count)), ROOT, _environ())
            for count in (1, 4, 16)
        ],
        rounds=rounds,
    )


def start_up(project: Path, rounds: int) -> list[Result]:
    """What everybody waits for at every command."""
    program = str(_BIN / "ezazml")
    cases = [
        Case("import azure.ai.ml", [PYTHON, "-c", "import azure.ai.ml"], project, _environ()),
        Case("ezazml --help", [program, "--help"], project, _environ()),
        Case("ezazml config validate", [program, "config", "validate"], project, _environ()),
    ]
    return measure(cases, rounds=rounds)


def deployments(project: Path, rounds: int) -> list[Result]:
    """The sandbox with its assets from nothing, again without a change, and Terraform's own share of that."""
    program = str(_BIN / "ezazml")
    home = SandboxHome(project / ".sandbox")
    home.up()
    environ = home.environ(["sandbox"], _environ())
    deploy = [program, "deploy", "sandbox", "--yes"]
    cold = Result("deploy, first")
    for _ in range(rounds):
        measure([Case("reset", [program, "sandbox", "reset", "--yes"], project, _environ())], rounds=1, warm=False)
        (once,) = measure([Case("deploy", deploy, project, environ)], rounds=1, warm=False)
        cold.seconds += once.seconds
        cold.mebibytes += once.mebibytes
    cases = {
        "deploy, no change": deploy,
        "deploy --no-assets, no change": [*deploy, "--no-assets"],
    }
    results = {name: (Result(name), Result("of that: Terraform's processes")) for name in cases}
    shim, log = _timed_engine(project, find_engine(environ).program)
    timed = {**environ, "TERRAFORM_BINARY_NAME": str(shim)}
    for number in range(-1, rounds):
        for name, command in cases.items():
            log.unlink(missing_ok=True)
            (once,) = measure([Case(name, command, project, timed)], rounds=1, warm=False)
            if number >= 0:
                whole, terraform = results[name]
                whole.seconds += once.seconds
                whole.mebibytes += once.mebibytes
                spans = [[float(part) for part in line.split()] for line in log.read_text().splitlines()]
                terraform.seconds.append(sum(end - start for start, end in spans))
                terraform.mebibytes.append(0)
    home.services.stop()
    return [cold, *(result for pair in results.values() for result in pair)]


def _timed_engine(folder: Path, engine: str) -> tuple[Path, Path]:
    """A program that runs the engine and writes down when it started and ended; and the file it writes to."""
    shim, log = folder / "terraform", folder / "terraform.log"
    shim.write_text(
        "#!/bin/sh\n"
        "start=$(date +%s.%N)\n"
        f'{shlex.quote(engine)} "$@"\n'
        "code=$?\n"
        f"echo $start $(date +%s.%N) >> {shlex.quote(str(log))}\n"
        "exit $code\n",
        encoding="utf-8",
    )
    shim.chmod(0o755)
    return shim, log


def _project(folder: Path) -> Path:
    project = folder / "project"
    project.mkdir()
    for name in ("main.py", "cdktf.json"):
        shutil.copy(ROOT / name, project)
    for name in ("environments", "assets", "examples"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("*.env"))
    (project / "node_modules").symlink_to(ROOT / "node_modules")  # Azurite
    return project


def _environ() -> dict[str, str]:
    # Compiled modules are kept, as Python does unless it is told otherwise: else every run would compile ours again.
    dropped = ("ARM_", "AZURE_", "EZAZML_", "TF_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    path = f"{Path(PYTHON).parent}{os.pathsep}{kept['PATH']}"
    require_node(kept)
    return {**kept, "PATH": path, "CHECKPOINT_DISABLE": "1", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"}


def _program(*arguments: str) -> list[str]:
    return [PYTHON, "-m", "benchmarks.programs", *arguments]


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GiB, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
