"""Where do MLflow's runs, metrics and models go? Into MLflow's own store of plain files, one per workspace.

A job gets ``MLFLOW_TRACKING_URI`` and ``MLFLOW_RUN_ID``, so that MLflow works unmodified. The folders are made and
read here in MLflow's format (mlflow/store/tracking/file_store.py), without importing MLflow.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import yaml

from sandbox.whole_files import write_whole

_STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
#: How often, and after how many seconds, half a description is read again.
_TRIES, _WRITING_SECONDS = 5, 0.02
_ENDED = {"Completed": 3, "Failed": 4, "Canceled": 5}


class Tracking:
    """The MLflow store of one workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def uri(self) -> str:
        """For ``MLFLOW_TRACKING_URI``."""
        return self.root.as_uri()

    def start(self, run: str, experiment: str, name: str, tags: dict[str, str]) -> str:
        """Make a run; returns its experiment's id."""
        number = experiment_id(experiment)
        base = self.root / number
        now = int(time.time() * 1000)
        base.mkdir(parents=True, exist_ok=True)
        if not (base / "meta.yaml").exists():
            new = {
                "artifact_location": base.as_uri(),
                "creation_time": now,
                "experiment_id": number,
                "last_update_time": now,
                "lifecycle_stage": "active",
                "name": experiment,
            }
            _write(base / "meta.yaml", new)
        folder = base / run
        for part in ("metrics", "params", "tags", "artifacts"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        _write(folder / "meta.yaml", _new_run(folder, name, now))
        for key, value in {"mlflow.runName": name, "mlflow.user": "sandbox", **tags}.items():
            (folder / "tags" / key).write_text(value, encoding="utf-8")
        return number

    def end(self, run: str, status: str) -> None:
        """Say how a run ended, whatever the program said."""
        folder = self.folder(run)
        if folder is not None:
            now = int(time.time() * 1000)
            # A program that was killed while it wrote leaves half a file.
            found = described(folder / "meta.yaml") or _new_run(folder, run, now)
            found |= {"status": _ENDED.get(status, 3), "end_time": now}
            _write(folder / "meta.yaml", found)

    def folder(self, run: str) -> Path | None:
        """Where a run is; ``None`` when there is none."""
        if not self.root.is_dir() or "/" in run or run.startswith("."):
            return None
        return next((base / run for base in self.root.iterdir() if (base / run / "meta.yaml").is_file()), None)

    def artifacts(self, run: str) -> Path | None:
        """What the run logged as artifacts."""
        folder = self.folder(run)
        return folder / "artifacts" if folder else None

    def read(self, run: str) -> dict[str, Any] | None:
        """A run as MLflow's REST API shows it (``runs/get``); ``None`` when there is none."""
        folder = self.folder(run)
        found = described(folder / "meta.yaml") if folder else None
        if folder is None or found is None:
            return None
        info = {
            "run_id": run,
            "run_uuid": run,
            "run_name": found["run_name"],
            "experiment_id": str(found["experiment_id"]),
            "status": _STATUS.get(found["status"], "RUNNING"),
            "start_time": found["start_time"],
            "artifact_uri": found["artifact_uri"],
            "lifecycle_stage": found["lifecycle_stage"],
        }
        if found.get("end_time"):
            info["end_time"] = found["end_time"]
        metrics = [
            max(points, key=lambda point: (point["step"], point["timestamp"]))
            for points in self.history(run).values()
            if points
        ]
        data = {"metrics": metrics, "params": _texts(folder / "params"), "tags": _texts(folder / "tags")}
        return {"info": info, "data": data}

    def history(self, run: str) -> dict[str, list[dict[str, Any]]]:
        """Every value of every metric of a run."""
        folder = self.folder(run)
        found: dict[str, list[dict[str, Any]]] = {}
        if folder is None:
            return found
        base = folder / "metrics"
        for file in sorted(path for path in base.rglob("*") if path.is_file()):
            key = file.relative_to(base).as_posix()
            points = [_point(key, line.split()) for line in file.read_text(encoding="utf-8").splitlines()]
            found[key] = [point for point in points if point is not None]
        return found

    def runs(self, experiments: list[str]) -> list[dict[str, Any]]:
        """The runs of experiments, the newest first."""
        names = [
            folder.name
            for number in experiments
            if (self.root / number).is_dir()
            for folder in (self.root / number).iterdir()
            if (folder / "meta.yaml").is_file()
        ]
        found = [run for run in map(self.read, names) if run is not None]
        return sorted(found, key=lambda run: -int(run["info"]["start_time"]))

    def experiments(self) -> list[dict[str, Any]]:
        """The experiments."""
        found = [described(file) for file in sorted(self.root.glob("*/meta.yaml"))]
        return [{**one, "experiment_id": str(one["experiment_id"])} for one in found if one is not None]


def experiment_id(name: str) -> str:
    """The id of an experiment: MLflow wants digits."""
    return str(int(hashlib.sha256(name.encode()).hexdigest()[:15], 16))


def _point(key: str, parts: list[str]) -> dict[str, Any] | None:
    """One line of a metric's file: time, value and, in newer files, step."""
    if len(parts) not in (2, 3):
        return None  # a line that is being written
    try:
        step = int(parts[2]) if len(parts) == 3 else 0
        return {"key": key, "value": float(parts[1]), "timestamp": int(parts[0]), "step": step}
    except ValueError:
        return None


def _texts(folder: Path) -> list[dict[str, str]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [{"key": path.relative_to(folder).as_posix(), "value": path.read_text(encoding="utf-8")} for path in files]


def _new_run(folder: Path, name: str, now: int) -> dict[str, Any]:
    """What MLflow writes of a run that begins. ``now`` in milliseconds."""
    return {
        "artifact_uri": (folder / "artifacts").as_uri(),
        "end_time": None,
        "entry_point_name": "",
        "experiment_id": folder.parent.name,
        "lifecycle_stage": "active",
        "run_id": folder.name,
        "run_name": name,
        "run_uuid": folder.name,
        "source_name": "",
        "source_type": 4,
        "source_version": "",
        "start_time": now,
        "status": 1,
        "tags": [],
        "user_id": "sandbox",
    }


def described(file: Path) -> dict[str, Any] | None:
    """What a ``meta.yaml`` says; ``None`` where a program that was killed never finished it."""
    for _ in range(_TRIES):
        with contextlib.suppress(OSError, ValueError, yaml.YAMLError):
            found = yaml.safe_load(file.read_text(encoding="utf-8"))
            if isinstance(found, dict):
                return found
        time.sleep(_WRITING_SECONDS)  # MLflow writes it in place
    return None


def _write(file: Path, description: dict[str, Any]) -> None:
    """JSON is YAML too."""
    write_whole(file, json.dumps(description))
