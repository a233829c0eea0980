"""What does a sweep do? A trial per set of values, one after the other, and the best of them by its metric."""

from __future__ import annotations

import itertools
import json
import math
import random
from typing import Any

from sandbox.compute.errors import ComputeError
from sandbox.compute.parents import Children
from sandbox.compute.runner import Execution, Runner
from sandbox.store import ArmObject

_BEST = "best_child_run_id"
_MOST_TRIALS = 100


def run(runner: Runner, execution: Execution) -> None:
    """Run the trials. Raises :class:`ComputeError` when none completes."""
    context = runner.context
    job, workspace = context.records.job(execution.id), context.records.workspace(execution.id)
    context.records.status(execution.id, "Running")
    properties: dict[str, Any] = job["properties"]
    objective = properties["objective"]
    children = Children(runner, execution, workspace)
    results: list[tuple[float, str]] = []
    for number, values in enumerate(trials(properties)):
        name = f"{job['name']}_{number}"
        trial = {
            **(properties.get("trial") or {}),
            "jobType": "Command",
            "displayName": name,
            "experimentName": properties.get("experimentName"),
            "computeId": properties.get("computeId"),
            "inputs": properties.get("inputs") or {},
            "outputs": properties.get("outputs") or {},
        }
        space = {f"search_space.{key}": str(value) for key, value in values.items()}
        children.start(name, trial, name=name, searchSpace=space)
        for _, ended in children.next():
            execution.check()
            results += _measured(context.tracking(workspace).read(ended["name"]), ended, objective["primaryMetric"])
    if not results:
        raise ComputeError(f"No trial completed with the metric '{objective['primaryMetric']}'.")
    best = (max if str(objective["goal"]).lower() == "maximize" else min)(results)

    def change(body: ArmObject) -> None:
        body["properties"].setdefault("properties", {}).update({_BEST: best[1], "score": str(best[0])})

    context.records.change(execution.id, change)
    context.log(execution.id).say(f"The best trial is {best[1]}: {objective['primaryMetric']} = {best[0]:g}.")


def trials(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """The sets of values to try. Raises :class:`ComputeError` for a space that the sandbox does not know."""
    space = {name: _parsed(name, value) for name, value in properties["searchSpace"].items()}
    limits = properties.get("limits") or {}
    most = min(int(limits.get("maxTotalTrials") or _MOST_TRIALS), _MOST_TRIALS)
    sampling = properties["samplingAlgorithm"]
    if sampling["samplingAlgorithmType"] == "Grid":
        wrong = [name for name, (kind, _) in space.items() if kind != "choice"]
        if wrong:
            raise ComputeError(f"Grid sampling needs choices; '{wrong[0]}' is none.")
        lists = [arguments[0] for _, arguments in space.values()]
        return [dict(zip(space, values, strict=True)) for values in itertools.islice(itertools.product(*lists), most)]
    seed = sampling.get("seed")
    source = random.Random(seed) if seed is not None else random.Random()  # noqa: S311 - no secret
    return [{name: _drawn(source, *one) for name, one in space.items()} for _ in range(most)]


def _parsed(name: str, value: Any) -> tuple[str, list[Any]]:
    """A parameter's expression as Azure ML writes it: ``["uniform", [0.1, 1.0]]``."""
    given = json.loads(value) if isinstance(value, str) else value
    kind, arguments = given[0], given[1]
    if kind not in ("choice", "uniform", "loguniform", "quniform", "randint", "normal"):
        raise ComputeError(f"The sandbox does not draw '{name}' from {kind}.")
    return kind, arguments


def _drawn(source: random.Random, kind: str, arguments: list[Any]) -> Any:
    if kind == "choice":
        return source.choice(arguments[0])
    if kind == "randint":
        return source.randrange(int(arguments[0]))
    if kind == "normal":
        return source.gauss(arguments[0], arguments[1])
    low, high = float(arguments[0]), float(arguments[1])
    value = source.uniform(low, high)
    if kind == "quniform":
        return round(value / float(arguments[2])) * float(arguments[2])
    return math.exp(value) if kind == "loguniform" else value


def _measured(run: dict[str, Any] | None, job: ArmObject, metric: str) -> list[tuple[float, str]]:
    if run is None or job["properties"]["status"] != "Completed":
        return []
    found = [point["value"] for point in run["data"]["metrics"] if point["key"] == metric]
    return [(found[0], job["name"])] if found else []
