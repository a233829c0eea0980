"""How do jobs behave? They are checked as Azure checks them; running them is not served yet."""

from __future__ import annotations

from typing import Any

from sandbox.azureml_api.base import Change, NamedKind
from sandbox.azureml_api.references import require_asset, require_compute
from sandbox.web import Refusal


class Jobs(NamedKind):
    """Jobs: what a program submits. Their place for running is ``sandbox/runner.py``, which does not exist yet."""

    path = "jobs"
    title = "Jobs"

    def check(self, change: Change) -> None:
        """Everything that a job names exists; then it is refused, since nothing runs it."""
        properties: dict[str, Any] = change.properties
        if not properties.get("jobType"):
            raise Refusal(400, "ValidationError", "The field 'jobType' is required.")
        require_compute(change.store, change.workspace, properties.get("computeId"))
        require_asset(change.store, change.workspace, "environments", properties.get("environmentId"))
        require_asset(change.store, change.workspace, "codes", properties.get("codeId"))
        text = f"The sandbox does not run jobs yet: the job '{change.name}' is correct but was not submitted."
        raise Refusal(501, "NotImplemented", text)
