"""How do a job and a model read on a workflow's summary page? With their metrics, and what to do with them next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ezazml.ci.comment import text_of


def job_to_markdown(environment: str, job: Mapping[str, Any]) -> str:
    """A job of `ezazml train | jobs stream --output json`."""
    name = text_of(str(job["name"]))
    lines = [f"### Job {name} in {text_of(environment)}: {text_of(str(job['status']))}", ""]
    if address := _address(job.get("studio_url")):
        lines += [f"[Studio]({address})", ""]
    lines += _metrics(job.get("metrics"))
    if job["status"] == "Completed":
        lines += [
            "Deploy its model, where no event does that: "
            f"`gh workflow run deploy-model.yml -f environment={_word(environment)} -f job={_word(str(job['name']))} "
            "-f reason=...`",
            "",
        ]
    return "\n".join(lines)


def model_to_markdown(environment: str, model: Mapping[str, Any]) -> str:
    """A model of `ezazml model register | show --output json`."""
    stage = f", {text_of(str(model['stage']))}" if model.get("stage") else ""
    head = f"### Model {text_of(str(model['name']))} version {text_of(str(model['version']))} in {text_of(environment)}"
    return "\n".join([f"{head}{stage}", "", *_metrics(model.get("metrics"))])


def _metrics(metrics: Any) -> list[str]:
    if not isinstance(metrics, Mapping) or not metrics:
        return []
    rows = [f"| {text_of(str(name))} | {text_of(f'{value:.4f}')} |" for name, value in sorted(metrics.items())]
    return ["| metric | value |", "|---|--:|", *rows, ""]


def _address(value: Any) -> str:
    """An address for a link; nothing else, so that no text becomes one."""
    text = str(value or "")
    return text.replace(")", "%29").replace(" ", "%20") if text.startswith("https://") else ""


def _word(text: str) -> str:
    """For a command in backticks, which a backtick would end."""
    return text.replace("`", "").replace("\n", " ")
