"""What a deploy of an endpoint changes, what it leaves alone, and what it says when a part of it fails."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from ezazml.errors import ConfigurationError, EzazmlError, InputError
from jobs.lifecycle.declared_endpoints import read_declared
from jobs.lifecycle.endpoints import Deployed, deploy
from tests.unit.jobs.assets.conftest import SCHEMAS, Project

MIXED = {"blue": 90, "green": 10}


class Things:
    """Endpoints or deployments, in memory; every write is remembered."""

    def __init__(self) -> None:
        self.there: dict[str, Any] = {}
        self.written: list[str] = []
        self.failing: set[str] = set()

    def get(self, name: str, endpoint_name: str = "") -> Any:
        del endpoint_name
        if name not in self.there:
            raise ResourceNotFoundError("not there")
        return self.there[name]

    def list(self, endpoint_name: str) -> list[Any]:
        assert endpoint_name == "answers"
        return list(self.there.values())

    def get_logs(self, name: str, endpoint_name: str, lines: int) -> str:
        return f"{endpoint_name}/{name}: ValueError: no weights, of {lines} lines"

    def begin_create_or_update(self, entity: Any) -> Any:
        self.written.append(entity.name)
        failed = entity.name in self.failing
        entity.__dict__["_provisioning_state"] = "Failed" if failed else "Succeeded"
        self.there[entity.name] = entity

        def result() -> Any:
            if failed:
                raise HttpResponseError("User container has crashed or terminated")
            return entity

        return SimpleNamespace(result=result)


class Models:
    """One registered model: m, version 1."""

    def list(self, name: str | None = None) -> list[Any]:
        if name not in {None, "m"}:
            return []
        return [SimpleNamespace(name="m", version="1", type="custom_model", description="", path="", tags={})]


class Azure:
    """A workspace with an endpoint ``answers``, declared in a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.endpoints, self.deployments = Things(), Things()
        ml = SimpleNamespace(online_endpoints=self.endpoints, online_deployments=self.deployments, models=Models())
        self.connection: Any = SimpleNamespace(ml=ml, deployment=project.deployment())
        for name in ("blue", "green"):
            self.declare(name)
        self.declare_endpoint("traffic: {blue: 100}")
        project.write("ml/score/score.py", "def init(): ...\ndef run(data): return data\n")

    def declare_endpoint(self, *lines: str) -> None:
        schema = f"$schema: {SCHEMAS}/managedOnlineEndpoint.schema.json"
        self.project.write("ml/answers.yml", "\n".join([schema, "name: answers", "auth_mode: key", *lines, ""]))

    def declare(self, name: str, count: int = 1) -> None:
        lines = [
            f"$schema: {SCHEMAS}/managedOnlineDeployment.schema.json",
            f"name: {name}",
            "endpoint_name: answers",
            "model: azureml:m:1",
            "code_configuration: {code: score, scoring_script: score.py}",
            "environment: azureml:env:1",
            "instance_type: Standard_DS3_v2",
            f"instance_count: {count}",
        ]
        self.project.write(f"ml/{name}.yml", "\n".join([*lines, ""]))

    def deploy(self, *only: str, **options: Any) -> Deployed:
        return deploy(self.connection, read_declared(self.connection, "answers"), only=only, **options)

    @property
    def traffic(self) -> dict[str, int]:
        return {name: share for name, share in self.endpoints.there["answers"].traffic.items() if share}


@pytest.fixture
def azure(project: Project) -> Azure:
    """Blue has nine requests of ten, green one; the declaration says that blue has all."""
    made = Azure(project)
    made.deploy("blue", "green", traffic=MIXED)
    made.endpoints.written.clear()
    made.deployments.written.clear()
    return made


def test_updating_one_deployment_leaves_everybodys_traffic(azure: Azure) -> None:
    azure.declare("green", count=2)
    done = azure.deploy("green")
    assert (azure.deployments.written, azure.endpoints.written) == (["green"], [])
    assert (azure.traffic, done.splits, done.as_json()["traffic"]) == (MIXED, [], MIXED)


def test_a_declaration_without_traffic_changes_none(azure: Azure) -> None:
    azure.declare_endpoint("description: another")
    azure.declare("blue", count=2)
    done = azure.deploy()
    assert done.parts == {"endpoint": "updated", "blue": "updated", "green": "unchanged"}
    assert azure.traffic == MIXED


def test_a_changed_endpoint_keeps_traffic_and_the_tags_of_others(azure: Azure) -> None:
    azure.endpoints.there["answers"].tags["owner"] = "somebody"
    azure.declare_endpoint("description: another", "traffic: {blue: 90, green: 10}")
    azure.deploy()
    assert azure.traffic == MIXED
    assert azure.endpoints.there["answers"].tags["owner"] == "somebody"


def test_declared_traffic_moves_and_the_split_before_can_be_restored(azure: Azure) -> None:
    done = azure.deploy()
    assert (azure.traffic, done.splits) == ({"blue": 100}, [{"blue": 100}])
    assert azure.endpoints.there["answers"].tags["ezazml.previous_traffic"] == '{"blue": 90, "green": 10}'


def test_a_share_that_is_declared_counts_for_its_deployment_alone(azure: Azure) -> None:
    azure.declare_endpoint("traffic: {blue: 70, green: 30}")
    azure.deploy("green")
    assert azure.traffic == {"blue": 70, "green": 30}


def test_what_is_as_declared_is_left_alone(azure: Azure) -> None:
    azure.deploy()
    azure.endpoints.written.clear()
    assert azure.deploy().is_unchanged
    assert (azure.endpoints.written, azure.deployments.written) == ([], [])


def test_a_deployment_that_fails_changes_no_traffic_and_the_error_says_what_is_left(azure: Azure) -> None:
    azure.declare("green", count=2)
    azure.deployments.failing = {"green"}
    with pytest.raises(EzazmlError) as raised:
        azure.deploy("green", traffic={"green": 100})
    assert azure.traffic == MIXED
    said = str(raised.value)
    assert "User container has crashed" in said
    assert "no weights" in said
    assert "Deployment green is there, as Failed. It still gets 10 % of the requests. Nothing else was changed." in said
    assert raised.value.exit_code == 1


def test_a_first_deployment_that_fails_leaves_an_endpoint_and_says_so(project: Project) -> None:
    azure = Azure(project)
    azure.deployments.failing = {"blue"}
    with pytest.raises(EzazmlError) as raised:
        azure.deploy()
    assert "It gets no traffic. Before it, endpoint was created." in str(raised.value)
    assert "ezazml endpoint delete dev answers --deployment blue" in str(raised.value)
    assert azure.traffic == {}


def test_a_deployment_that_failed_is_made_again(project: Project) -> None:
    azure = Azure(project)
    azure.deployments.failing = {"blue"}
    with pytest.raises(EzazmlError):
        azure.deploy()
    azure.deployments.failing = set()
    assert azure.deploy().parts == {"endpoint": "unchanged", "blue": "updated"}
    assert azure.traffic == {"blue": 100}


def test_nothing_is_sent_while_anything_declared_is_wrong(project: Project) -> None:
    azure = Azure(project)
    project.write("ml/blue.yml", (project.root / "ml/blue.yml").read_text().replace("code: score,", "code: nowhere,"))
    with pytest.raises(ConfigurationError, match="nowhere"):
        azure.deploy()
    assert azure.endpoints.written == []


@pytest.mark.parametrize(
    ("only", "options", "said"),
    [
        (("red",), {}, "declares no deployment red"),
        ((), {"traffic": {"red": 100}}, "names red, not deployed"),
        ((), {"model": "other"}, "There is no model 'other'"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_is_sent(
    azure: Azure, only: tuple[str, ...], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        azure.deploy(*only, **options)
    assert (azure.endpoints.written, azure.deployments.written) == ([], [])


def test_mirrored_traffic_is_declared_too_and_deployed_first(azure: Azure) -> None:
    azure.declare_endpoint("traffic: {blue: 100}", "mirror_traffic: {green: 20}")
    azure.declare("green", count=2)
    done = azure.deploy()
    assert done.parts["green"] == "updated"
    assert azure.endpoints.there["answers"].mirror_traffic == {"green": 20}
    assert azure.traffic == {"blue": 100}


def elsewhere(azure: Azure, folder: Path, *names: str) -> list[Path]:
    """The project's files, moved out of it: as an official sample lies anywhere."""
    made = []
    for name in names:
        file = azure.project.root / f"ml/{name}.yml"
        made.append(folder / file.name)
        made[-1].write_text(file.read_text())
        file.unlink()
    return made


def test_files_may_lie_anywhere_and_name_the_deployments(project: Project, tmp_path_factory: Any) -> None:
    azure, sample = Azure(project), tmp_path_factory.mktemp("sample")
    (sample / "score").mkdir()
    (sample / "score/score.py").write_text("def init(): ...\ndef run(data): return data\n")
    files = elsewhere(azure, sample, "answers", "green")
    done = deploy(azure.connection, read_declared(azure.connection, "answers", files), traffic={"green": 100})
    assert done.parts == {"endpoint": "created", "green": "created"}
    assert azure.traffic == {"green": 100}


def test_what_the_files_do_not_declare_comes_from_the_project(project: Project, tmp_path_factory: Any) -> None:
    azure, sample = Azure(project), tmp_path_factory.mktemp("sample")
    [green] = elsewhere(azure, sample, "green")
    found = read_declared(azure.connection, "answers", [green])
    assert (sorted(found.deployments), found.named, found.traffic) == (["blue", "green"], ("green",), {"blue": 100})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\n", "declares nothing that its \\$schema tells"),
        (f"$schema: {SCHEMAS}/model.schema.json\n", "declares model, not online-deployment or online-endpoint"),
        (None, "There is no file"),
    ],
)
def test_a_file_of_something_else_is_refused(project: Project, tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "other.yml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=said):
        read_declared(Azure(project).connection, "answers", [file])


def test_two_files_of_the_same_deployment_are_refused(project: Project, tmp_path: Path) -> None:
    azure = Azure(project)
    copy = tmp_path / "copy.yml"
    copy.write_text((project.root / "ml/blue.yml").read_text())
    with pytest.raises(ConfigurationError, match="declared already"):
        read_declared(azure.connection, "answers", [copy, project.root / "ml/blue.yml"])
