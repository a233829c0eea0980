"""What a declaration says: kinds, overlays, references, paths, and every mistake in one clear line."""

from __future__ import annotations

import os

import pytest

from tests.unit.jobs.assets.conftest import SCHEMAS, Project


def test_a_file_written_for_az_ml_is_taken_as_it_is(declared: Project) -> None:
    declared.data("titanic", description="Passengers")
    asset = declared.assets()["data titanic"]
    assert asset.data["path"] == "titanic.csv"
    assert asset.version is None
    assert asset.definition.label == "assets/data/titanic.yml"


def test_nothing_declared_is_nothing_wrong(declared: Project) -> None:
    assert declared.assets() == {}


def test_an_overlay_is_merged_and_its_lines_are_named(declared: Project) -> None:
    declared.data("titanic", tags="{team: ml, stage: any}")
    declared.write("environments/dev/assets/data/titanic.yml", "description: in dev\ntags:\n  stage: dev\n")
    data = declared.assets()["data titanic"].data
    assert data["description"] == "in dev"
    assert data["tags"] == {"team": "ml", "stage": "dev"}
    declared.write("environments/dev/assets/data/titanic.yml", "description: in dev\nnonsense: 1\n")
    assert declared.problem().startswith("environments/dev/assets/data/titanic.yml:2: nonsense: is not a field")


def test_an_overlay_adds_assets_and_takes_them_away(declared: Project) -> None:
    declared.data("titanic")
    declared.write("environments/dev/assets/data/titanic.yml", "enabled: false\n")
    declared.write(
        "environments/dev/assets/environments/own.yml",
        f"$schema: {SCHEMAS}/environment.schema.json\nname: own\nimage: python:3.11\n",
    )
    assert set(declared.assets()) == {"environment own"}


def test_an_overlay_of_another_environment_counts_for_nothing(declared: Project) -> None:
    declared.data("titanic")
    declared.write("environments/prd/assets/data/titanic.yml", "enabled: false\n")
    assert set(declared.assets()) == {"data titanic"}


def test_references_are_the_outputs_of_the_stack(declared: Project) -> None:
    declared.write(
        "assets/datastores/data.yml",
        f"""
        $schema: {SCHEMAS}/azureBlob.schema.json
        name: data_${{environment}}
        type: azure_blob
        account_name: ${{storage_account_name}}
        container_name: ${{outputs.storage_container_names[0]}}
        description: costs $${{5}} in ${{environment}}
        """,
    )
    data = declared.assets()["datastore data_dev"].data
    assert data["account_name"] == "contosodata"
    assert data["container_name"] == "data"
    assert data["description"] == "costs ${5} in dev"


def test_expressions_of_azure_ml_and_of_the_shell_stay(declared: Project) -> None:
    command = "echo ${{inputs.text}} ${HOME} ${storage_account_name}"
    declared.write(
        "assets/components/say.yml",
        f"""
        $schema: {SCHEMAS}/commandComponent.schema.json
        type: command
        name: say
        inputs:
          text: {{type: string}}
        environment: azureml:own:1
        command: {command}
        """,
    )
    assert declared.assets()["component say"].data["command"] == "echo ${{inputs.text}} ${HOME} contosodata"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${storage_acount_name}", "${storage_acount_name} is unknown. Did you mean ${storage_account_name}?"),
        ("${outputs.nothing}", "${outputs.nothing} is unknown. Known: "),
        ("${storage_container_names[7]}", "${storage_container_names[7]} is unknown."),
        ("a-${storage_container_names}", "is a list, which cannot be part of a text."),
        ("${HOME}", "${HOME} is unknown."),
        ("${}", "${} is not a reference."),
        ("${env:TOKEN}", "${env:TOKEN} may stand below `credentials` only."),
    ],
)
def test_an_unknown_reference_is_named_with_its_line(declared: Project, text: str, message: str) -> None:
    declared.data("titanic", description=f"'{text}'")
    problem = declared.problem()
    assert problem.startswith("assets/data/titanic.yml:5: description: ")
    assert message in problem


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("data/x.yml", "a: [1\n", "assets/data/x.yml:2:1: is not valid YAML"),
        ("data/x.yml", "- a\n", "must hold settings"),
        ("data/x.yml", "name: x\nname: y\n", "assets/data/x.yml:2: name: stands twice, first on line 1."),
        ("data/x.yml", "name: x\n", "assets/data/x.yml: $schema: is missing"),
        ("data/x.yml", "$schema: https://example.com/nothing.json\n", "is not the schema of an asset"),
        ("data/x.yml", "$schema: S/pipelineJob.schema.json\n", "is not the schema of an asset"),
        (
            "data/x.yml",
            "$schema: S/model.schema.json\nname: x\npath: azureml://datastores/a/paths/b\n",
            "assets/data/x.yml:1: $schema: the schema is of a model, but data/ holds data. Move the file to",
        ),
        ("things/x.yml", "$schema: S/data.schema.json\nname: x\n", "is in no folder of a kind"),
        ("x.yml", "$schema: S/data.schema.json\nname: x\n", "is in no folder of a kind"),
        ("data/x.yml", "$schema: S/data.schema.json\nname: x\n", "assets/data/x.yml: path: is missing."),
        (
            "data/x.yml",
            "$schema: S/data.schema.json\nname: x\npath: azureml://datastores/a/paths/b\ntype: csv\n",
            "assets/data/x.yml:4: type: Must be one of: uri_file, uri_folder, mltable.",
        ),
        (
            "data/x.yml",
            "$schema: S/data.schema.json\nname: x y\npath: azureml://datastores/a/paths/b\n",
            "assets/data/x.yml:2: name: Azure refuses the name 'x y'.",
        ),
        ("data/x.yml", "$schema: S/data.schema.json\npath: azureml://datastores/a/paths/b\n", "name: is missing."),
        (
            "data/x.yml",
            "$schema: S/data.schema.json\nname: x\npath: azureml://datastores/a/paths/b\nversion: 1/2\n",
            "version: Azure refuses the version '1/2'.",
        ),
        (
            "datastores/x.yml",
            "$schema: S/azureBlob.schema.json\ntype: azure_data_lake_gen2\nname: x\naccount_name: a\nfilesystem: b\n",
            "assets/datastores/x.yml:2: type: azure_data_lake_gen2 does not fit the $schema, which is of azure_blob.",
        ),
        (
            "datastores/x.yml",
            "$schema: S/azureBlob.schema.json\ntype: azure_blob\nname: x\naccount_name: a\n",
            "assets/datastores/x.yml: container_name: is missing.",
        ),
        (
            "datastores/x.yml",
            "$schema: S/azureBlob.schema.json\ntype: azure_blob\nname: my-x\naccount_name: a\ncontainer_name: b\n",
            "assets/datastores/x.yml:3: name: Azure refuses the name 'my-x'. Allowed: letters, digits and _,",
        ),
        ("environments/x.yml", "$schema: S/environment.schema.json\nname: x\n", "needs `image` or `build`"),
        (
            "environments/x.yml",
            "$schema: S/environment.schema.json\nname: x\nimage: a\nconda_file: no.yml\n",
            "assets/environments/x.yml:4: conda_file: assets/environments/no.yml does not exist.",
        ),
        (
            "components/x.yml",
            "$schema: S/commandComponent.schema.json\ntype: command\nname: x\ncommand: a\nenvironment: azureml:e:1\n"
            "commando: 1\n",
            "assets/components/x.yml:6: commando: is not a field of a component.",
        ),
        (
            "components/x.yml",
            "$schema: S/commandComponent.schema.json\ntype: command\nname: x\nenvironment: azureml:e:1\n",
            "command: is missing.",
        ),
        (
            "endpoints/a/endpoint.yml",
            "$schema: S/managedOnlineEndpoint.schema.json\nname: -a\nauth_mode: key\n",
            "Azure refuses the name '-a'. Allowed: 3 to 32 letters",
        ),
        (
            "endpoints/a/blue.yml",
            "$schema: S/managedOnlineDeployment.schema.json\nname: blue\nendpoint_name: abc\nmodel: azureml:m:1\n"
            "instance_type: Standard_DS3_v2\nrequest_settings:\n  tiemout: 1\n",
            "assets/endpoints/a/blue.yml:7: request_settings.tiemout: is not a field of a online-deployment.",
        ),
        (
            "schedules/x.yml",
            "$schema: S/schedule.schema.json\nname: x\ntrigger: {type: cron, expression: '* * * * *'}\n"
            "create_job: ./no.yml\n",
            "assets/schedules/x.yml:4: create_job: assets/schedules/no.yml does not exist.",
        ),
    ],
)
def test_a_mistake_is_one_line_with_its_place(declared: Project, path: str, text: str, message: str) -> None:
    declared.write(f"assets/{path}", text.replace("S/", f"{SCHEMAS}/"))
    assert message in declared.problem()


def test_every_problem_is_told_at_once(declared: Project) -> None:
    declared.data("one", nonsense="1")
    declared.data("two", path="nothing.csv")
    declared.data("three", description="${nothing}")
    assert [problem.split(":")[0] for problem in declared.problems()] == [
        "assets/data/one.yml",
        "assets/data/three.yml",
        "assets/data/two.yml",
    ]


def test_two_files_may_not_declare_the_same_asset(declared: Project) -> None:
    declared.data("titanic")
    declared.data("other", name="titanic")
    problem = declared.problem()
    assert problem.startswith("assets/data/titanic.yml:2: name: data titanic is declared already")
    assert "assets/data/other.yml:2" in problem


def test_files_of_an_asset_need_no_schema_of_their_own(declared: Project) -> None:
    declared.write("assets/environments/conda.yml", "name: own\ndependencies: [python=3.11]\n")
    declared.write(
        "assets/environments/own.yml",
        f"$schema: {SCHEMAS}/environment.schema.json\nname: own\nimage: python:3.11\nconda_file: conda.yml\n",
    )
    assert set(declared.assets()) == {"environment own"}


@pytest.mark.parametrize("path", ["../../../outside.csv", "/etc/hostname"])
def test_a_path_outside_of_the_project_is_refused(declared: Project, path: str) -> None:
    (declared.root.parent / "outside.csv").write_text("a\n1\n")
    declared.data("titanic", path=path)
    assert "is outside of the project" in declared.problem()


def test_a_link_out_of_the_project_is_refused(declared: Project) -> None:
    outside = declared.root.parent / "linked.csv"
    outside.write_text("a\n1\n")
    (declared.root / "assets" / "data" / "folder").mkdir(parents=True)
    (declared.root / "assets" / "data" / "folder" / "x.csv").symlink_to(outside)
    declared.data("titanic", type="uri_folder", path="folder")
    assert "assets/data/folder/x.csv links to a file outside of the project." in declared.problem()


def test_a_folder_that_the_upload_would_refuse_is_refused_before(declared: Project) -> None:
    declared.write("assets/data/shared/a.csv", "a\n1\n")
    declared.write("assets/data/folder/b.csv", "a\n1\n")
    (declared.root / "assets/data/folder/link").symlink_to("../shared")
    declared.data("x", type="uri_folder", path="folder")
    assert "the link leaves the folder" in declared.problem()


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_an_unreadable_file_is_named(declared: Project) -> None:
    declared.data("titanic")
    (declared.root / "assets/data/titanic.csv").chmod(0)
    assert "assets/data/titanic.csv cannot be read." in declared.problem()


def test_an_empty_csv_is_refused_and_so_is_an_empty_folder(declared: Project) -> None:
    declared.data("titanic")
    (declared.root / "assets/data/titanic.csv").write_text("")
    assert "assets/data/titanic.yml:4: path: assets/data/titanic.csv is empty (0 bytes)." in declared.problem()
    (declared.root / "assets/data/folder").mkdir()
    declared.data("titanic", type="uri_folder", path="folder")
    assert "assets/data/folder holds no files." in declared.problem()


@pytest.mark.parametrize(
    ("type_", "path", "message"),
    [
        ("uri_file", "folder", "is a folder, but the type is uri_file."),
        ("uri_folder", "titanic.csv", "is a file, but the type is uri_folder."),
        ("mltable", "folder", "assets/data/folder has no file MLTable."),
        ("mltable", "broken", "assets/data/broken/MLTable is not an MLTable"),
        ("mltable", "lost", "assets/data/lost/MLTable names ./gone.csv, which is not in its folder."),
    ],
)
def test_the_type_of_data_must_fit_the_files(declared: Project, type_: str, path: str, message: str) -> None:
    declared.write("assets/data/folder/x.csv", "a\n1\n")
    declared.write("assets/data/broken/MLTable", "transformations: []\n")
    declared.write("assets/data/lost/MLTable", "paths:\n- file: ./gone.csv\n")
    declared.data("titanic", type=type_, path=path)
    assert message in declared.problem()


def test_an_mltable_with_its_files_is_fine(declared: Project) -> None:
    declared.write("assets/data/table/MLTable", "paths:\n- file: ./x.csv\n- pattern: ./*.csv\n")
    declared.write("assets/data/table/x.csv", "a\n1\n")
    declared.data("titanic", type="mltable", path="table")
    assert set(declared.assets()) == {"data titanic"}


def test_a_secret_in_a_file_is_refused_and_not_repeated(declared: Project) -> None:
    declared.write(
        "assets/datastores/x.yml",
        f"""
        $schema: {SCHEMAS}/azureBlob.schema.json
        type: azure_blob
        name: x
        account_name: a
        container_name: b
        credentials:
          account_key: c2VjcmV0LXBsYW50ZWQ=
        """,
    )
    problem = declared.problem()
    assert problem.startswith("assets/datastores/x.yml:7: credentials.account_key: a secret must not stand in a file.")
    assert "c2VjcmV0" not in problem


def test_a_signed_url_is_refused_and_not_repeated(declared: Project) -> None:
    declared.data("x", path="https://contoso.blob.core.windows.net/c/f.csv?sv=1&sig=planted")
    problem = declared.problem()
    assert problem.startswith("assets/data/x.yml:4: path: a signed URL (SAS) is a secret")
    assert "planted" not in problem


def test_a_secret_of_the_environment_must_be_set_and_is_not_kept(declared: Project) -> None:
    declared.write(
        "assets/datastores/x.yml",
        f"""
        $schema: {SCHEMAS}/azureBlob.schema.json
        type: azure_blob
        name: x
        account_name: a
        container_name: b
        credentials: {{sas_token: '${{env:SAS}}'}}
        """,
    )
    assert "credentials.sas_token: variable SAS is not set." in declared.problem()
    asset = declared.assets({"SAS": "planted-token"})["datastore x"]
    assert "planted-token" not in repr(asset)
    assert asset.data["credentials"]["sas_token"] == "${env:SAS}"


def test_the_original_variables_declare_one_more_datastore(declared: Project) -> None:
    variables = {
        "ADLS_ACTIVATE": "true",
        "ABDS_NAME": "lake",
        "ABDS_ACCOUNT_NAME": "contosolake",
        "ABDS_CONTAINER_NAME": "raw",
        "ABDS_PROTOCOL": "abfss",
        "ABDS_DESCRIPTION": "The lake",
    }
    lake = declared.assets(variables)["datastore lake"].data
    assert (lake["type"], lake["filesystem"]) == ("azure_data_lake_gen2", "raw")
    blob = declared.assets({**variables, "ABDS_PROTOCOL": "https", "ADLS_ACCOUNT_KEY": "planted-key"})
    assert blob["datastore lake"].data["credentials"] == {"account_key": "${env:ADLS_ACCOUNT_KEY}"}
    assert "planted-key" not in repr(blob)
    del variables["ABDS_CONTAINER_NAME"]
    assert "datastore.container_name: is missing. Set ABDS_CONTAINER_NAME" in declared.problem(variables)


def test_a_file_that_is_no_text_is_named(declared: Project) -> None:
    declared.data("titanic").write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8 text" in declared.problem()
