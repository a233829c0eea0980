"""How does a batch endpoint start a job? It checks the request, writes the job down, and lets it run."""

from __future__ import annotations

from sandbox.cloud import Cloud
from sandbox.store import ArmObject
from sandbox.web import Answer, Call, Refusal


def start_batch(cloud: Cloud, call: Call, endpoint: ArmObject) -> Answer:
    raise Refusal(501, "NotImplemented", "later")
