"""Do the steps of a pipeline fit together? What they name exists, before anything is sent.

Azure ML would tell when the step's turn comes, perhaps after hours. Components that are registered are Azure's to
check; those in files and steps that are written out are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ezazml.config.paths import Path as FieldPath
from ezazml.errors import Problem
from jobs.assets.asset import Definition

_OF_PIPELINE = re.compile(r"\$\{\{\s*parent\.(inputs|outputs)\.([A-Za-z_]\w*)")
_OF_STEP = re.compile(r"\$\{\{\s*parent\.jobs\.([\w-]+)\.outputs\.([A-Za-z_]\w*)")
_YAML = (".yml", ".yaml")
Names = Iterable[str]


def pipeline_problems(definition: Definition) -> Iterator[Problem]:
    """Inputs, outputs and steps that an expression names and nobody declares; inputs that no component has."""
    steps = definition.data.get("jobs")
    if not isinstance(steps, dict):
        return
    for name, step in steps.items():
        if not isinstance(step, dict):
            continue
        component = _component(step, definition.path.parent)
        for group in ("inputs", "outputs"):
            given = step.get(group)
            if not isinstance(given, dict):
                continue
            for key, value in given.items():
                field: FieldPath = ("jobs", name, group, key)
                yield from _expression_problems(definition, field, value, steps)
                if component is not None and key not in (component.get(group) or {}):
                    text = f"the component of step {name!r} has no {group[:-1]} {key!r}."
                    yield definition.problem(field, text, _known(component.get(group) or ()))
        yield from _missing_inputs(definition, name, step, component)


def _expression_problems(
    definition: Definition, field: FieldPath, value: Any, steps: Mapping[str, Any]
) -> Iterator[Problem]:
    text = str(value.get("path") or "") if isinstance(value, dict) else str(value)
    for group, name in _OF_PIPELINE.findall(text):
        declared = definition.data.get(group) or {}
        if name not in declared:
            yield definition.problem(
                field, f"names ${{{{parent.{group}.{name}}}}}, which the pipeline does not declare.", _known(declared)
            )
    for step, output in _OF_STEP.findall(text):
        if step not in steps:
            yield definition.problem(
                field, f"names the step {step!r}, which the pipeline does not have.", _known(steps)
            )
            continue
        outputs = _outputs(steps[step], definition.path.parent)
        if outputs is not None and output not in outputs:
            yield definition.problem(
                field, f"names the output {output!r} of step {step!r}, which it does not have.", _known(outputs)
            )


def _missing_inputs(
    definition: Definition, name: str, step: Mapping[str, Any], component: Mapping[str, Any] | None
) -> Iterator[Problem]:
    given = step.get("inputs") or {}
    for key, described in ((component or {}).get("inputs") or {}).items():
        needed = isinstance(described, dict) and not described.get("optional") and "default" not in described
        if needed and key not in given:
            text = f"lacks {key!r}, which the component of step {name!r} needs."
            yield definition.problem(("jobs", name, "inputs"), text, f"Add jobs.{name}.inputs.{key}.")


def _outputs(step: Any, folder: Path) -> Names | None:
    """The outputs of a step; ``None`` where only Azure knows."""
    if not isinstance(step, dict):
        return None
    component = _component(step, folder)
    if component is not None:
        return component.get("outputs") or {}
    return step.get("outputs") or {} if "component" not in step and "type" in step else None


def _component(step: Mapping[str, Any], folder: Path) -> dict[str, Any] | None:
    """The component of a step that is in a file; ``None`` for others, and for what loading the job refuses anyway."""
    reference = step.get("component")
    if not isinstance(reference, str):
        return reference if isinstance(reference, dict) else None
    path = folder / reference.removeprefix("file:")
    if path.suffix not in _YAML or not path.is_file():
        return None
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    return content if isinstance(content, dict) else None


def _known(names: Names) -> str:
    return f"There is {', '.join(names)}." if (names := list(names)) else "There is none."
