"""What does a pipeline do? Its steps run when what they need is there; outputs of one are inputs of the next."""

from __future__ import annotations

import re
from typing import Any

from sandbox.azureml_api.references import identifier_of
from sandbox.compute.context import Context
from sandbox.compute.errors import ComputeError
from sandbox.compute.parents import Children
from sandbox.compute.records import RUN
from sandbox.compute.runner import Execution, Runner
from sandbox.store import ArmObject

_PARENT_INPUT = re.compile(r"\$\{\{\s*parent\.inputs\.([\w.\-]+)\s*\}\}")
_PARENT_OUTPUT = re.compile(r"\$\{\{\s*parent\.outputs\.([\w.\-]+)\s*\}\}")
_STEP_OUTPUT = re.compile(r"\$\{\{\s*parent\.jobs\.([\w\-]+)\.outputs\.([\w\-]+)\s*\}\}")


def run(runner: Runner, execution: Execution) -> None:
    """Run the steps. Raises :class:`ComputeError` when one fails."""
    context = runner.context
    job, workspace = context.records.job(execution.id), context.records.workspace(execution.id)
    context.records.status(execution.id, "Running")
    pipeline = _Pipeline(context, workspace, job)
    children = Children(runner, execution, workspace)
    left = dict(job["properties"]["jobs"])
    done: dict[str, ArmObject] = {}
    failed: ComputeError | None = None
    while (left and failed is None) or children.waiting:
        ready = [name for name, step in left.items() if needs(step) <= done.keys()] if failed is None else []
        if not ready and not children.waiting:
            raise ComputeError(f"The steps {', '.join(left)} wait for each other.")
        for name in ready:
            children.start(name, pipeline.child(name, left.pop(name), done))
        for name, ended in children.next():
            try:
                done[name] = children.require(name, ended)
            except ComputeError as error:
                failed = failed or error
    if failed is not None:
        raise failed
    pipeline.finish(done)


def needs(step: dict[str, Any]) -> set[str]:
    """The steps whose outputs a step reads."""
    given = [
        str((value or {}).get("value") or (value or {}).get("uri")) for value in (step.get("inputs") or {}).values()
    ]
    return {found[1] for text in given if (found := _STEP_OUTPUT.search(text))}


class _Pipeline:
    def __init__(self, context: Context, workspace: ArmObject, job: ArmObject) -> None:
        self._context = context
        self._workspace = workspace
        self._job = job
        self._properties: dict[str, Any] = job["properties"]
        #: Which step's output an output of the pipeline is.
        self._outputs: dict[str, tuple[str, str]] = {}

    def child(self, name: str, step: dict[str, Any], done: dict[str, ArmObject]) -> dict[str, Any]:
        """The properties of a step's job."""
        spec = component_spec(self._context, self._workspace, step)
        settings = self._properties.get("settings") or {}
        inputs = {
            key: self._input(name, key, described, (step.get("inputs") or {}).get(key), done)
            for key, described in (spec.get("inputs") or {}).items()
        }
        outputs = {
            key: self._output(name, key, described or {}, (step.get("outputs") or {}).get(key))
            for key, described in (spec.get("outputs") or {}).items()
        }
        compute = step.get("computeId") or self._properties.get("computeId") or settings.get("default_compute")
        return {
            "jobType": "Command",
            "displayName": step.get("display_name") or step.get("displayName") or name,
            "experimentName": self._properties.get("experimentName"),
            "command": spec["command"],
            "codeId": str(spec.get("code") or "").removeprefix("azureml:") or None,
            "environmentId": str(step.get("environment") or spec.get("environment") or "").removeprefix("azureml:"),
            "environmentVariables": step.get("environment_variables") or {},
            "computeId": compute,
            "inputs": {key: value for key, value in inputs.items() if value is not None},
            "outputs": outputs,
        }

    def finish(self, done: dict[str, ArmObject]) -> None:
        """Say where the pipeline's own outputs are."""
        given: dict[str, Any] = self._properties.get("outputs") or {}
        known = {
            name: {**(given.get(name) or {}), "uri": done[step]["properties"]["outputs"][output]["uri"]}
            for name, (step, output) in self._outputs.items()
        }

        made = {name: (done[step].get(RUN) or {}).get("outputs") or {} for name, (step, _) in self._outputs.items()}
        assets = {name: made[name][output] for name, (_, output) in self._outputs.items() if output in made[name]}

        def change(body: ArmObject) -> None:
            body["properties"]["outputs"] = {**given, **known}
            # Where downloads look for them.
            body.setdefault(RUN, {})["outputs"] = assets

        self._context.records.change(self._job["id"], change)

    def _input(self, step: str, name: str, described: Any, given: Any, done: dict[str, ArmObject]) -> Any:
        described = described or {}
        if given is None:
            if described.get("default") is not None:
                return {"jobInputType": "literal", "value": str(described["default"])}
            if described.get("optional"):
                return None
            raise ComputeError(f"The step '{step}' lacks its input '{name}'.")
        text = str(given.get("value") if given.get("value") is not None else given.get("uri"))
        if found := _PARENT_INPUT.fullmatch(text):
            own = self._properties.get("inputs") or {}
            if found[1] not in own:
                raise ComputeError(f"The input '{name}' of the step '{step}' names {text}, which the pipeline lacks.")
            return own[found[1]]
        if found := _STEP_OUTPUT.fullmatch(text):
            outputs = done[found[1]]["properties"].get("outputs") or {}
            if found[2] not in outputs:
                raise ComputeError(f"The input '{name}' of the step '{step}' names {text}, which that step lacks.")
            kind = outputs[found[2]].get("jobOutputType") or "uri_folder"
            return {"jobInputType": kind, "uri": outputs[found[2]]["uri"]}
        kind = str(given.get("jobInputType") or given.get("job_input_type") or "literal")
        return {**given, "jobInputType": kind}

    def _output(self, step: str, name: str, described: dict[str, Any], given: Any) -> dict[str, Any]:
        made: dict[str, Any] = {"jobOutputType": described.get("type") or "uri_folder"}
        given = given or {}
        found = _PARENT_OUTPUT.fullmatch(str(given.get("value") or ""))
        if found is not None:
            self._outputs[found[1]] = (step, name)
            given = (self._properties.get("outputs") or {}).get(found[1]) or {}
        named = {key: given[key] for key in ("uri", "assetName", "assetVersion", "mode") if given.get(key)}
        if named.get("uri"):
            named["uri"] = named["uri"].replace("${{name}}", self._job["name"])
        return {**made, **named}


def component_spec(context: Context, workspace: ArmObject, step: dict[str, Any]) -> dict[str, Any]:
    """The component that a step runs. Raises :class:`ComputeError`."""
    reference = str(step.get("componentId") or "")
    body = context.records.read(lambda store: store.get(identifier_of(workspace, "components", reference)))
    if body is None:
        raise ComputeError(f"The component '{reference}' does not exist.")
    spec: dict[str, Any] = body["properties"]["componentSpec"]
    return spec
