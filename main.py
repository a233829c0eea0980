"""Synthesises one Terraform stack per environment: what ``cdktf synth`` runs.

``EZAZML_ENVIRONMENTS`` (comma separated) limits it to some environments.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from constructs_lib.quick_start import end_quickly, load_bindings_early, succeeded
from ezazml.errors import EzazmlError, InputError

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Load the configuration first, so that a mistake in it shows without waiting for cdktf."""
    if os.environ.get("EZAZML_DEBUG"):
        logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")
    end_quickly()
    environ = dict(os.environ)  # loading the bindings changes variables for a moment, in its thread
    wait_for_bindings = load_bindings_early()
    from ezazml.config import loading  # noqa: PLC0415

    names = loading.environments_to_synthesise(ROOT, environ)
    environments = [loading.load_environment(name, root=ROOT, environ=environ) for name in names]
    left_out = loading.left_out_here(environments, environ)
    if left_out:
        # On standard output: cdktf shows that as it is, and standard error as errors.
        print(loading.left_out_message(left_out))  # noqa: T201

    wait_for_bindings()
    from constructs_lib.bindings import App  # noqa: PLC0415
    from stacks.environment import EnvironmentStack  # noqa: PLC0415

    app = App()
    stacks = []
    for environment in environments:
        if environment not in left_out:
            stacks.append(EnvironmentStack(app, environment))
    try:
        app.synth()
    except Exception as error:
        violations = [violation for stack in stacks for violation in stack.policy.violations]
        if not violations:
            raise
        # The same as one message; cdktf's own comes with two stacks of calls.
        raise InputError("\n".join(str(violation) for violation in violations)) from error
    succeeded()


if __name__ == "__main__":
    try:
        main()
    except EzazmlError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
