"""What is said about a pipeline whose steps do not fit together, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ezazml.config.yaml_file import read_yaml
from jobs.assets.asset import Definition, Kind
from jobs.lifecycle.pipeline_checks import pipeline_problems
from tests.unit.jobs.assets.conftest import SCHEMAS, Project

COMPONENT = f"""
    $schema: {SCHEMAS}/commandComponent.schema.json
    name: prepare
    type: command
    inputs:
      data: {{type: uri_file}}
      rate: {{type: number, default: 1.0}}
      note: {{type: string, optional: true}}
    outputs:
      prepared: {{type: uri_folder}}
    command: echo
    """
PIPELINE = f"""
    $schema: {SCHEMAS}/pipelineJob.schema.json
    type: pipeline
    inputs:
      raw: {{type: uri_file, path: azureml:numbers@latest}}
    outputs:
      model: {{type: uri_folder}}
    jobs:
      prepare:
        type: command
        component: components/prepare.yml
        inputs:
          data: ${{{{parent.inputs.raw}}}}
      train:
        type: command
        command: echo ${{{{inputs.rows}}}}
        environment: azureml:env@latest
        inputs:
          rows:
            type: uri_folder
            path: ${{{{parent.jobs.prepare.outputs.prepared}}}}
        outputs:
          model: ${{{{parent.outputs.model}}}}
      score:
        type: command
        component: azureml:score@latest
        inputs:
          model: ${{{{parent.jobs.train.outputs.model}}}}
          anything: 1
    """


def problems(project: Project, text: str = PIPELINE, component: str = COMPONENT) -> list[str]:
    project.write("ml/components/prepare.yml", component)
    path: Path = project.write("ml/pipeline.yml", text)
    file: Any = read_yaml(path, label="ml/pipeline.yml")
    places = {field: f"{file.label}:{line}" for field, line in file.lines.items()}
    definition = Definition(Kind.JOB, "", path, file.label, file.data, places)
    return [str(problem) for problem in pipeline_problems(definition)]


def test_steps_that_fit_together(project: Project) -> None:
    assert problems(project) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "parent.inputs.raw",
            "parent.inputs.row",
            "names ${{parent.inputs.row}}, which the pipeline does not declare. ",
        ),
        (
            "parent.outputs.model",
            "parent.outputs.made",
            "${{parent.outputs.made}}, which the pipeline does not declare",
        ),
        (
            "jobs.prepare.outputs",
            "jobs.clean.outputs",
            "the step 'clean', which the pipeline does not have. There is p",
        ),
        ("outputs.prepared", "outputs.rows", "the output 'rows' of step 'prepare', which it does not have. There is p"),
        ("train.outputs.model", "train.outputs.rows", "the output 'rows' of step 'train', which it does not have"),
        (
            "          data: ",
            "          speed: 1\n          data: ",
            "the component of step 'prepare' has no input 'speed'",
        ),
        ("          data: ", "          rate: ", "lacks 'data', which the component of step 'prepare' needs"),
    ],
)
def test_what_does_not_fit_is_told_with_what_there_is(project: Project, old: str, new: str, said: str) -> None:
    found = problems(project, PIPELINE.replace(old, new))
    assert len(found) == 1, found
    assert found[0].startswith("ml/pipeline.yml:")
    assert said in found[0]


@pytest.mark.parametrize("jobs", ["jobs: 5", "jobs: [1]", "jobs: {a: 1}", "jobs: {a: {inputs: 3}}"])
def test_what_is_no_pipeline_is_left_to_loading_it(project: Project, jobs: str) -> None:
    assert problems(project, f"type: pipeline\n{jobs}\n") == []


@pytest.mark.parametrize("component", ["[1, 2]", "name: [", ""])
def test_a_component_that_cannot_be_read_is_left_to_loading_it(project: Project, component: str) -> None:
    assert problems(project, component=component) == []
