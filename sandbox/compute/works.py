"""What does each kind of job do? One function per kind."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.compute import batch, command, pipeline, sweep
from sandbox.compute.runner import Work

WORKS: Mapping[str, Work] = {
    "Batch": batch.run,
    "BatchStep": batch.run_step,
    "Command": command.run,
    "Pipeline": pipeline.run,
    "Sweep": sweep.run,
}
