"""What may a synthesis depend on besides the settings? Code and data beside it, installed packages, variables it names.

It is better to name too much: then a stack is synthesised once more than needed. What cannot be seen from here, such
as the time or an answer from a network, is no input; ``EZAZML_SYNTH_CACHE=0`` is for stacks that use such things.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Folders at the top of a project whose code no stack uses.
_NOT_PART_OF_A_STACK = frozenset({"tests", "benchmarks", "sandbox", "jobs", "docs", "examples", "assets", "tools"})
#: Folders that hold what was installed or compiled, wherever they are.
_NOT_OUR_CODE = frozenset({"__pycache__", "node_modules"})
#: The packages behind ``main.py``, wherever they are installed.
_OWN_PACKAGES = ("constructs_lib", "stacks", "ezazml")
#: Files at the top of a project that its code may be, or may read.
_TOP_LEVEL = (".py", ".json", ".yaml", ".yml", ".toml")
_INSTALLED = (".dist-info", ".egg-info")
_READS_VARIABLES = re.compile(r"\b(?:environ|getenv)\b")
_NAME_IN_QUOTES = re.compile(r"""["']([A-Za-z_][A-Za-z0-9_]*)["']""")


def source_files(root: Path, environ: Mapping[str, str]) -> list[Path]:
    """Files that the program of a project may import or read: the project's own, this product's, and those of
    folders that are used in place (``PYTHONPATH``, editable installations). Sorted; hidden files are left out."""
    found = {*_of_project(root)}
    for package in _OWN_PACKAGES:
        spec = find_spec(package)
        for place in (spec.submodule_search_locations if spec else None) or ():
            if not Path(place).is_relative_to(root):
                found.update(_below(Path(place), with_data=True))
    for folder in [*_python_path(environ), *_edited_in_place(sys.path)]:
        if folder != root:
            found.update(_of_project(folder))
    return sorted(found)


def installed_packages(search_path: Iterable[str]) -> list[str]:
    """``name-version`` of everything installed in the folders of ``sys.path``, sorted."""
    return sorted(name for _, name in _installations(search_path))


def named_variables(files: Sequence[Path], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables whose names stand in quotes in those of the ``files`` that read variables.

    Not those of this product's configuration: what it reads becomes settings.
    """
    names: set[str] = set()
    for file in files:
        if file.suffix == ".py" and not any(_is_configuration(folder) for folder in file.parents):
            try:
                text = file.read_text(encoding="utf-8", errors="replace")
            except OSError:  # it went away meanwhile, or nobody may read it
                continue
            if _READS_VARIABLES.search(text):
                names.update(_NAME_IN_QUOTES.findall(text))
    return {name: environ[name] for name in sorted(names & environ.keys())}


@cache
def _is_configuration(folder: Path) -> bool:
    return folder.name == "ezazml" and (folder / "errors.py").is_file()


def _of_project(root: Path) -> Iterator[Path]:
    if not root.is_dir():
        return
    for path in root.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_file() and path.suffix in _TOP_LEVEL:
            yield path
        elif path.is_dir() and path.name not in _NOT_PART_OF_A_STACK:
            yield from _below(path)


def _below(folder: Path, *, with_data: bool = False, seen: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """All files of folders with code, and of the folders in them; links are followed, but not in circles."""
    here = folder.resolve()
    if here in seen or folder.name in _NOT_OUR_CODE:
        return
    try:
        entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except OSError:  # not ours to read, so not the program's either
        return
    if any(entry.name == "pyvenv.cfg" for entry in entries):  # a virtual environment
        return
    files = [Path(entry.path) for entry in entries if entry.is_file()]
    with_data = with_data or any(file.suffix == ".py" for file in files)
    if with_data:
        yield from (file for file in files if file.suffix != ".pyc")
    for entry in entries:
        if entry.is_dir():
            yield from _below(Path(entry.path), with_data=with_data, seen=seen | {here})


def _python_path(environ: Mapping[str, str]) -> Iterator[Path]:
    for entry in environ.get("PYTHONPATH", "").split(os.pathsep):
        # Where packages are installed, their versions count.
        if entry and not any(_installations([entry])):
            yield Path(entry)


def _edited_in_place(search_path: Iterable[str]) -> Iterator[Path]:
    """Folders of ``pip install --editable`` (PEP 610): there the code changes without another version."""
    for folder, name in _installations(search_path):
        try:
            origin = json.loads((folder / name / "direct_url.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if origin.get("dir_info", {}).get("editable"):
            yield Path(unquote(urlsplit(origin["url"]).path))


def _installations(search_path: Iterable[str]) -> Iterator[tuple[Path, str]]:
    for entry in search_path:
        folder = Path(entry)
        if entry and folder.is_dir():
            yield from ((folder, path.name) for path in folder.iterdir() if path.name.endswith(_INSTALLED))
