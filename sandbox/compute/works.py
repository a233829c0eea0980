"""What does each kind of job do? One function per kind."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.compute import command
from sandbox.compute.runner import Work

WORKS: Mapping[str, Work] = {"Command": command.run}
