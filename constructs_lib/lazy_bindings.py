"""How do the bindings load quickly? Only the provider modules in use, in Python and in the jsii kernel.

The provider packages import every resource type when they are imported: over 1,500 modules in Python and as many
files in Node, several seconds each time. :func:`load_lazily` makes both load on demand. The synthesised output is
the same to the byte. ``EZAZML_EAGER_BINDINGS=1`` turns it off; where the installed packages do not look as
expected they load the slow way, and a debug message says so (``EZAZML_DEBUG=1 python main.py`` shows it).
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import logging
import os
import re
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_LOG = logging.getLogger(__name__)
_NODE_HOOKS = [Path(__file__).with_name(name) for name in ("lazy_provider_index.cjs", "kernel_in_one_process.cjs")]
#: jsii warns on every start, in fifteen lines, about Node.js versions past their end of life and about those newer
#: than itself. The project's own check says which versions it supports, once.
_SILENCED = {
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
}
#: What a provider package's ``__init__.py`` has, besides comments: the names of its submodules, and their imports.
_ALL = re.compile(r"^__all__ = (\[\n(?:    \"\w+\",\n)+\])$", re.MULTILINE)
_MARKS = ("\nfrom ._jsii import *\n", "\nfrom . import provider\n")


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
    submodules = _submodules_named_in(Path(spec.origin))
    if submodules is None:
        _LOG.debug("%s does not look as expected; importing all of it", package)
        return False
    module = importlib.util.module_from_spec(spec)
    module.__getattr__ = _submodule_importer(module, submodules)  # type: ignore[method-assign]
    module.__dir__ = lambda: sorted({*vars(module), *submodules()})  # type: ignore[method-assign]
    sys.modules[package] = module
    return True


@contextmanager
def kernel_hook() -> Iterator[None]:
    """Start the jsii kernel inside: it then loads provider files on demand, and is one process instead of two.

    ``NODE_OPTIONS`` reaches every Node.js child process, so it is put back at the end.
    """
    before = {name: os.environ.get(name) for name in ("NODE_OPTIONS", *_SILENCED)}
    if lazy_loading_enabled() and all(hook.is_file() for hook in _NODE_HOOKS):
        hooks = "".join(f' --require "{_quoted(hook)}"' for hook in _NODE_HOOKS)
        # jsii starts its kernel with this option; the packages that it loads are links into its cache.
        os.environ["NODE_OPTIONS"] = f"{before['NODE_OPTIONS'] or ''} --preserve-symlinks{hooks}".strip()
    for name, value in _SILENCED.items():
        os.environ.setdefault(name, value)
    try:
        yield
    finally:
        for name, former in before.items():
            _restore(name, former)


def names_on_demand(module_name: str) -> Callable[[str], Any]:
    """A module's ``__getattr__`` for the names that its source imports below ``if TYPE_CHECKING:``.

    Each is imported when it is asked for, and then an ordinary attribute of the module: what no stack uses costs
    nothing. With ``EZAZML_EAGER_BINDINGS=1`` all of them are imported at once.
    """
    module = sys.modules[module_name]
    origins = _type_checking_imports(_source_of(module))

    def get(name: str) -> Any:
        if name not in origins:
            raise AttributeError(f"module {module_name!r} has no attribute {name!r}")
        package, original = origins[name]
        origin = importlib.import_module(package)
        if not hasattr(origin, original):
            # As the import statement says it. An AttributeError would look as if ``name`` were no name of ours.
            raise ImportError(f"cannot import name {original!r} from {package!r} ({origin.__file__})", name=package)
        value = getattr(origin, original)
        setattr(module, name, value)
        return value

    module.__dir__ = lambda: sorted({*vars(module), *origins})  # type: ignore[method-assign]
    if not lazy_loading_enabled():
        for name in origins:
            get(name)
    return get


def _source_of(module: types.ModuleType) -> str:
    """Raises ``ImportError`` where the source is not installed beside the compiled code."""
    loader = getattr(module.__spec__, "loader", None)
    source = loader.get_source(module.__name__) if loader is not None else None
    if source is None:
        raise ImportError(f"The source of {module.__name__} is needed: it says where its names come from.")
    return str(source)


def _type_checking_imports(source: str) -> dict[str, tuple[str, str]]:
    """Name -> where it comes from and what it is called there."""
    found: dict[str, tuple[str, str]] = {}
    for block in ast.parse(source).body:
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING":
            for statement in block.body:
                if isinstance(statement, ast.ImportFrom):
                    for alias in statement.names:
                        found[alias.asname or alias.name] = (str(statement.module), alias.name)
    return found


def _submodules_named_in(init: Path) -> Callable[[], list[str]] | None:
    """The submodules of a provider package in the order of its ``__all__``, read when asked for; ``None`` when its
    ``__init__.py`` cannot be read or does not look like one."""
    try:
        source = init.read_text(encoding="utf-8")
    except (OSError, ValueError):  # in an archive, or only compiled
        return None
    found = _ALL.search(source)
    if found is None or not all(mark in source for mark in _MARKS):
        return None
    names = found[1]
    return lambda: list(ast.literal_eval(names))


def _submodule_importer(module: types.ModuleType, submodules: Callable[[], list[str]]) -> Callable[[str], Any]:
    def import_submodule(name: str) -> Any:
        if name == "__all__":  # ``from package import *`` asks for it, and then for everything
            return submodules()
        if name.startswith("__"):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        full_name = f"{module.__name__}.{name}"
        try:
            return importlib.import_module(full_name)
        except ModuleNotFoundError as error:
            if error.name != full_name:  # it is there, and something that it imports is not
                raise
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
