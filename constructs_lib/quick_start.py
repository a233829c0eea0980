"""How does a synthesis waste no time? Node.js starts while the configuration loads; nothing is torn down at the end.

Half of a small synthesis is waiting: for Node.js to start and to load cdktf. :func:`load_bindings_early` does that
waiting in a thread. And a process that is about to end need not collect garbage, nor free what it holds.
``EZAZML_EAGER_BINDINGS=1`` turns both off, as it does with lazy loading.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import sys
import threading
from collections.abc import Callable

from constructs_lib.lazy_bindings import lazy_loading_enabled

#: What both the bindings and the configuration import. Two threads that import the same modules in different orders
#: may see one of them half made; so these are imported first. A test checks that nothing else is shared.
_SHARED = ("importlib.metadata", "jsii", "publication", "typeguard", "typing_extensions")


def load_bindings_early() -> Callable[[], None]:
    """Begin to import the bindings in a thread. Call what it returns before you import ``constructs_lib.bindings``."""
    if not lazy_loading_enabled():
        return lambda: None
    for module in _SHARED:
        importlib.import_module(module)
    thread = threading.Thread(target=_import_bindings, name="bindings")
    thread.start()
    return thread.join


def end_quickly() -> None:
    """From now on the process does not collect garbage, and a successful end skips the interpreter's teardown.

    Call it before anything that registers exit handlers, so that they still run; jsii's ends Node.js. An exception
    or ``sys.exit`` ends the process in the ordinary way.
    """
    if not lazy_loading_enabled():
        return
    gc.disable()
    atexit.register(_exit_without_teardown)


_succeeded = False


def succeeded() -> None:
    """Say that the work is done, and the process may end with exit code 0."""
    global _succeeded  # noqa: PLW0603 - the exit handler has no other way to know
    _succeeded = True


def _exit_without_teardown() -> None:
    if _succeeded:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _import_bindings() -> None:
    with contextlib.suppress(Exception):  # whoever needs the bindings imports them again, and gets the error
        import constructs_lib.bindings  # noqa: F401, PLC0415
