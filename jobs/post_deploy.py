"""What comes after the infrastructure? ``python -m jobs.post_deploy --env ENV`` puts the declared assets into it.

For those who deploy with ``cdktf deploy``; ``ezazml deploy`` does it by itself. In the sandbox set the shell up first:
``eval "$(ezazml sandbox env)"``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from ezazml.errors import EzazmlError
from ezazml.operations.assets import plan_assets
from ezazml.operations.workspace import open_deployment
from ezazml.progress import progress
from ezazml.project import find_project
from jobs.assets.applying import Result, Status


def main(arguments: Sequence[str] | None = None) -> int:
    """Plan and apply; returns the exit code: 0 done, 1 something failed, 2 wrong input, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        with progress(f"Assets of {options.env}") as show:
            deployment = open_deployment(options.env, root=find_project(), environ=os.environ, show=show)
            assets = plan_assets(
                deployment, environ=os.environ, orphans=False, prune=options.prune, workers=options.workers, show=show
            )
            show(assets.plan.headline())
            result = assets.apply(workers=options.workers, show=show)
    except EzazmlError as error:
        _say(f"Error: {error}", sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        _say("Interrupted.", sys.stderr)
        return 130
    except OSError as error:
        _say(f"Error: {error.filename or 'reading'}: {error.strerror or error}.", sys.stderr)
        return 1
    return _told(result, options.env)


def _told(result: Result, environment: str) -> int:
    for outcome in result.outcomes:
        if outcome.status in {Status.FAILED, Status.SKIPPED}:
            _say(f"{outcome.status}: {outcome.change.key}: {outcome.message}", sys.stderr)
        elif outcome.message:
            _say(f"Warning: {outcome.message}", sys.stderr)
    counts = ", ".join(f"{result.count(status)} {status}" for status in Status if result.count(status))
    _say(f"Assets of {environment}: {counts or 'nothing is declared'}.", sys.stdout)
    return 130 if result.interrupted else int(result.failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m jobs.post_deploy", description="Put the declared assets into ENV.")
    parser.add_argument(
        "--env", required="TF_WORKSPACE" not in os.environ, default=os.environ.get("TF_WORKSPACE"), help="environment"
    )
    parser.add_argument("--prune", action="store_true", help="archive what is declared no more")
    parser.add_argument(
        "--workers",
        type=int,
        choices=range(1, 33),
        default=16,
        metavar="1-32",
        help="calls at the same time (default: 16)",
    )
    return parser


def _say(line: str, stream: TextIO) -> None:
    print(line, file=stream, flush=True)


if __name__ == "__main__":
    sys.exit(main())
