"""How long do many data assets take? A loop of SDK calls, as people write it, and ``ezazml assets apply``.

``python -m benchmarks.assets`` measures both in one run, in a sandbox whose every call takes 150 ms more, like a call
to Azure does. ``--small`` is for trying it out.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Case, Result, measure
from sandbox.faults import Faults, save
from sandbox.home import SandboxHome

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
LATENCY_MS = 150
WAYS = ("a file each", "already in the storage")
_SCHEMA = "https://azuremlschemas.azureedge.net/latest/data.schema.json"


def registration(
    project: Path, environ: Mapping[str, str], *, count: int = 100, ways: Sequence[str] = WAYS
) -> dict[str, list[Result]]:
    """Register ``count`` data assets, with the SDK's loop and with ours: with a file each, or of files that are in
    the storage already.

    The files are as large as a line. Each way registers assets of its own names, so both start from nothing.
    """
    program = str(Path(PYTHON).parent / "ezazml")
    measure([Case("deploy", [program, "deploy", "sandbox", "--yes"], project, environ)], rounds=1, warm=False)
    home = SandboxHome(project / ".sandbox")
    inside = home.environ(["sandbox"], environ, service=home.services.start())
    apply = [program, "assets", "apply", "sandbox", "--yes"]
    save(home.faults_file, Faults(latency_ms=LATENCY_MS))
    try:
        results: dict[str, list[Result]] = {}
        for title in ways:
            declare = _with_files if title == WAYS[0] else _without_files
            folder = _fresh(project)
            declare(folder, f"loop{count}-{declare.__name__.strip('_')}", count)
            group = _once("loop of SDK calls", _loop(folder), ROOT, inside)
            folder = _fresh(project)
            declare(folder, f"ours{count}-{declare.__name__.strip('_')}", count)
            group += _once("ezazml assets apply", apply, project, inside)
            group += _once("ezazml assets apply, again", apply, project, inside)
            results[f"{count} data assets, {title}, {LATENCY_MS} ms per call"] = group
        return results
    finally:
        home.services.stop()


def loop(folder: str) -> None:
    """The program that people write: one call after the other."""
    import json
    import subprocess

    from azure.ai.ml import MLClient, load_data
    from azure.identity import DefaultAzureCredential

    shown = subprocess.run(
        [str(Path(PYTHON).parent / "ezazml"), "show", "sandbox", "--output", "json"],
        cwd=Path(folder).parents[1],
        capture_output=True,
        check=True,
    )
    outputs = json.loads(shown.stdout)["outputs"]
    client = MLClient(
        DefaultAzureCredential(),
        outputs["subscription_id"],
        outputs["resource_group_name"],
        outputs["workspace_name"],
        show_progress=False,
    )
    for file in sorted(Path(folder).glob("*.yml")):
        client.data.create_or_update(load_data(file))


def _once(name: str, command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> list[Result]:
    return measure([Case(name, command, cwd, environ)], rounds=1, warm=False)


def _loop(folder: Path) -> list[str]:
    return [PYTHON, "-c", f"from benchmarks.assets import loop; loop({str(folder)!r})"]


def _fresh(project: Path) -> Path:
    shutil.rmtree(project / "assets", ignore_errors=True)
    folder = project / "assets" / "data"
    folder.mkdir(parents=True)
    return folder


def _with_files(folder: Path, prefix: str, count: int) -> None:
    _declare(folder, prefix, count, lambda name: f"{name}.csv")
    for number in range(count):
        (folder / f"{prefix}-{number:04}.csv").write_text(f"a,b\n{number},{prefix}\n", encoding="utf-8")


def _without_files(folder: Path, prefix: str, count: int) -> None:
    _declare(folder, prefix, count, lambda name: f"azureml://datastores/workspaceblobstore/paths/{name}.csv")


def _declare(folder: Path, prefix: str, count: int, path: Callable[[str], str]) -> None:
    for number in range(count):
        name = f"{prefix}-{number:04}".replace("_", "-")
        text = f"$schema: {_SCHEMA}\nname: {name}\ntype: uri_file\npath: {path(f'{prefix}-{number:04}')}\n"
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")


def main() -> None:
    """Measure and print."""
    from benchmarks.__main__ import _environ, _project

    parser = argparse.ArgumentParser(prog="python -m benchmarks.assets", description=__doc__)
    parser.add_argument("--small", action="store_true", help="five assets instead of a hundred")
    count = 5 if parser.parse_args().small else 100
    with TemporaryDirectory(prefix="ezazml-bench-") as folder:
        project = _project(Path(folder))
        for title, results in registration(project, _environ(), count=count).items():
            print(title)
            for one in results:
                print(f"  {one.name}: {one.median_seconds:.2f} s, {one.median_mebibytes:.0f} MiB")


if __name__ == "__main__":
    main()
