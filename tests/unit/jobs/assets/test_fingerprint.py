"""What makes an asset another one, and what does not."""

from __future__ import annotations

import pytest

from tests.unit.jobs.assets.conftest import SCHEMAS, Project


def fingerprint(declared: Project, key: str = "data titanic") -> str:
    return declared.assets()[key].fingerprint


def test_the_same_content_has_the_same_hash_wherever_it_lies(
    declared: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Project(tmp_path_factory.mktemp("clone"))
    for project in (declared, other):
        project.write("environments/dev.yaml", "location: westeurope\n")
        project.data("titanic")
    assert fingerprint(declared) == fingerprint(other)


@pytest.mark.parametrize("field", ["description", "tags", "path"])
def test_a_changed_definition_is_another_asset(declared: Project, field: str) -> None:
    declared.data("titanic")
    before = fingerprint(declared)
    declared.write("assets/data/other.csv", "a,b\n1,2\n")
    declared.data("titanic", **{field: {"description": "new", "tags": "{a: b}", "path": "other.csv"}[field]})
    assert fingerprint(declared) != before


def test_a_changed_byte_is_another_asset(declared: Project) -> None:
    declared.data("titanic")
    before = fingerprint(declared)
    declared.write("assets/data/titanic.csv", "a,b\n1,3\n")
    assert fingerprint(declared) != before


def test_a_renamed_file_in_a_folder_is_another_asset(declared: Project) -> None:
    declared.write("assets/data/folder/one.csv", "a\n1\n")
    declared.data("titanic", type="uri_folder", path="folder")
    before = fingerprint(declared)
    (declared.root / "assets/data/folder/one.csv").rename(declared.root / "assets/data/folder/two.csv")
    assert fingerprint(declared) != before


def test_order_comments_version_and_bytecode_do_not_count(declared: Project) -> None:
    declared.write("assets/data/folder/one.csv", "a\n1\n")
    declared.data("titanic", type="uri_folder", path="folder", description="x")
    before = fingerprint(declared)
    declared.write("assets/data/folder/__pycache__/x.pyc", "bytecode")
    declared.write(
        "assets/data/titanic.yml",
        f"""
        # a comment
        description: x
        path: folder
        version: 7
        type: uri_folder
        name: titanic
        $schema: {SCHEMAS.replace("latest", "1.0")}/data.schema.json
        """,
    )
    assert fingerprint(declared) == before


def test_what_latest_means_is_part_of_the_asset(declared: Project) -> None:
    def deployment(model: str) -> None:
        declared.write(
            "assets/endpoints/a/blue.yml",
            f"""
            $schema: {SCHEMAS}/managedOnlineDeployment.schema.json
            name: blue
            endpoint_name: scores
            model: azureml:model{model}
            instance_type: Standard_DS3_v2
            instance_count: 1
            """,
        )

    declared.write("assets/models/w.txt", "1\n")
    declared.write("assets/models/m.yml", f"$schema: {SCHEMAS}/model.schema.json\nname: model\npath: w.txt\n")
    key = "online-deployment scores/blue"
    deployment("@latest")
    latest = fingerprint(declared, key)
    deployment(":1")
    pinned = fingerprint(declared, key)
    declared.write("assets/models/w.txt", "2\n")
    assert fingerprint(declared, key) == pinned
    deployment("@latest")
    assert fingerprint(declared, key) != latest


def test_files_of_files_count_too(declared: Project) -> None:
    declared.write("assets/components/src/a.py", "print(1)\n")
    declared.write(
        "assets/components/step/step.yml",
        "type: command\nname: step\ncode: ../src\nenvironment: azureml:own:1\ncommand: python a.py\n",
    )
    declared.write(
        "assets/components/all.yml",
        f"""
        $schema: {SCHEMAS}/pipelineComponent.schema.json
        type: pipeline
        name: all
        jobs:
          one: {{type: command, component: ./step/step.yml}}
        """,
    )
    before = fingerprint(declared, "component all")
    declared.write("assets/components/src/a.py", "print(2)\n")
    assert fingerprint(declared, "component all") != before
