"""How do the bindings load quickly? Only the provider modules in use, in Python and in the jsii kernel.

The provider packages import every resource type when they are imported: over 1,500 modules in Python and as many
files in Node, several seconds each time. :func:`load_lazily` makes both load on demand. The synthesised output is
the same to the byte. ``EZAZML_EAGER_BINDINGS=1`` turns it off; where the installed packages do not look as
expected they load the slow way, and a debug message says so.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import logging
import os
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_LOG = logging.getLogger(__name__)
_NODE_HOOK = Path(__file__).with_name("lazy_provider_index.cjs")
#: jsii warns about Node.js versions past their end of life on every start. The project's own check says which
#: versions it supports, once.
_SILENCED = "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"


def lazy_loading_enabled() -> bool:
    """Whether the bindings load lazily; ``EZAZML_EAGER_BINDINGS`` turns it off."""
    return os.environ.get("EZAZML_EAGER_BINDINGS", "") in ("", "0")


def load_lazily(package: str) -> bool:
    """Make ``import package`` load submodules on demand. Returns whether it does.

    Without effect when the package is loaded already, or does not look like provider bindings.
    """
    if not lazy_loading_enabled() or package in sys.modules:
        return False
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None or not spec.submodule_search_locations:
        return False
    source = Path(spec.origin).read_text(encoding="utf-8")
    if "from ._jsii import *" not in source or "\nfrom . import provider\n" not in source:
        _LOG.debug("%s does not look as expected; importing all of it", package)
        return False
    module = importlib.util.module_from_spec(spec)
    module.__getattr__ = _submodule_importer(module)  # type: ignore[method-assign]
    sys.modules[package] = module
    return True


@contextmanager
def kernel_hook() -> Iterator[None]:
    """Start the jsii kernel inside: it then loads provider files on demand.

    ``NODE_OPTIONS`` reaches every Node.js child process, so it is put back at the end.
    """
    node_options = os.environ.get("NODE_OPTIONS")
    silenced = os.environ.get(_SILENCED)
    if lazy_loading_enabled() and _NODE_HOOK.is_file():
        os.environ["NODE_OPTIONS"] = f'{node_options or ""} --require "{_quoted(_NODE_HOOK)}"'.strip()
    os.environ.setdefault(_SILENCED, "20")
    try:
        yield
    finally:
        _restore("NODE_OPTIONS", node_options)
        _restore(_SILENCED, silenced)


def names_on_demand(module_name: str) -> Callable[[str], Any]:
    """A module's ``__getattr__`` for the names that its source imports below ``if TYPE_CHECKING:``.

    Each is imported when it is asked for, and then an ordinary attribute of the module: what no stack uses costs
    nothing. With ``EZAZML_EAGER_BINDINGS=1`` all of them are imported at once.
    """
    module = sys.modules[module_name]
    origins = _type_checking_imports(Path(str(module.__file__)))

    def get(name: str) -> Any:
        if name not in origins:
            raise AttributeError(f"module {module_name!r} has no attribute {name!r}")
        package, original = origins[name]
        value = getattr(importlib.import_module(package), original)
        setattr(module, name, value)
        return value

    if not lazy_loading_enabled():
        for name in origins:
            get(name)
    return get


def _type_checking_imports(source: Path) -> dict[str, tuple[str, str]]:
    """Name -> where it comes from and what it is called there."""
    found: dict[str, tuple[str, str]] = {}
    for block in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING":
            for statement in block.body:
                if isinstance(statement, ast.ImportFrom):
                    for alias in statement.names:
                        found[alias.asname or alias.name] = (str(statement.module), alias.name)
    return found


def _submodule_importer(module: types.ModuleType) -> Callable[[str], Any]:
    def import_submodule(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return importlib.import_module(f"{module.__name__}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}") from error

    return import_submodule


def _quoted(path: Path) -> str:
    """``path`` for the inside of double quotes in NODE_OPTIONS."""
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
