"""``ezazml config``: what is in force is shown without secrets, and editors get a current schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ezazml.cli.main import cli
from ezazml.config.loading import load_environment
from ezazml.config.schema import environment_schema
from ezazml.config.show import effective_names, effective_values

ROOT = Path(__file__).resolve().parents[3]
PLANTED = {
    "TF_VAR_user_password": "planted-password-1",
    "ARM_CLIENT_SECRET": "planted-secret-2",
    "SMTP_PASSWORD": "planted-smtp-3",
    "ADLS_ACCOUNT_KEY": "planted-key-4",
    "DATABRICKS_PAT": "planted-pat-5",
}


def test_no_secret_is_shown_anywhere(project: Path) -> None:
    environment = load_environment("dev", root=project, environ=PLANTED)
    shown = repr(effective_values(environment)) + repr(environment) + environment.settings.model_dump_json()
    assert "********" in shown
    assert "planted" not in shown


def test_every_value_has_an_origin(project: Path) -> None:
    rows = effective_values(load_environment("prd", root=project, environ={}))
    assert all(row.origin for row in rows)
    assert {row.setting for row in rows} >= {"location", "storage.replication", "compute.clusters[1].size"}


def test_show_prints_json_for_programs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    answer = CliRunner().invoke(cli, ["config", "show", "dev", "--output", "json"])
    shown = json.loads(answer.output)
    assert shown["names"]["resource_group"] == "ezazml-dev-rg"
    assert {"setting": "location", "value": "westeurope", "origin": "environments/dev.yaml:4"} in shown["settings"]


def test_all_names_are_listed(project: Path) -> None:
    names = effective_names(load_environment("prd", root=project, environ={}))
    assert names["compute_clusters[1]"] == "ezazml-prd-gpu-cluster-w01"


def test_validate_tells_every_problem_of_every_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "environments" / "dev.yaml").write_text("lokation: x")
    (project / "environments" / "uat.yaml").write_text("protected: perhaps")
    monkeypatch.chdir(project)
    answer = CliRunner().invoke(cli, ["config", "validate"])
    assert answer.exit_code == 2
    assert "lokation: is not a setting" in answer.output
    assert "protected: 'perhaps'" in answer.output
    assert "prd: valid" in answer.output


def test_the_committed_schema_is_current() -> None:
    committed = json.loads((ROOT / "environments" / "environment.schema.json").read_text())
    assert committed == environment_schema(), "run: ezazml config schema --write"


@pytest.mark.parametrize("name", ["dev", "uat", "preprod", "prd", "sandbox"])
def test_shipped_files_pass_the_schema(name: str) -> None:
    text = (ROOT / "environments" / f"{name}.yaml").read_text()
    jsonschema.validate(yaml.safe_load(text), environment_schema())
    assert text.startswith("# yaml-language-server: $schema=environment.schema.json\n")


@pytest.mark.parametrize("wrong", [{"lokation": "x"}, {"storage": {"replication": "XRS"}}, {"user": {"password": "x"}}])
def test_the_schema_refuses_what_loading_refuses(wrong: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, environment_schema())


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates())
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=_VALUES)
def test_a_mutated_file_is_never_a_traceback(project: Path, data: st.DataObject, value: object) -> None:
    from ezazml.errors import EzazmlError

    text = (ROOT / "environments" / "dev.yaml").read_text()
    content = yaml.safe_load(text)
    group = content
    for _ in range(data.draw(st.integers(0, 2))):
        inner = [item for item in group.values() if isinstance(item, dict)]
        group = data.draw(st.sampled_from(inner)) if inner else group
    key = data.draw(st.sampled_from([*group, "surprise"]))
    group[key] = value
    (project / "environments" / "dev.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    try:
        load_environment("dev", root=project, environ={})
    except EzazmlError as error:
        assert error.exit_code == 2
        assert "environments/dev.yaml" in str(error)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, 1500), length=st.integers(0, 12), insert=st.text(max_size=6))
def test_a_damaged_file_is_never_a_traceback(project: Path, start: int, length: int, insert: str) -> None:
    from ezazml.errors import EzazmlError

    text = (ROOT / "environments" / "dev.yaml").read_text()
    damaged = text[:start] + insert + text[start + length :]
    (project / "environments" / "dev.yaml").write_text(damaged, encoding="utf-8", newline="")
    try:
        load_environment("dev", root=project, environ={})
    except EzazmlError as error:
        assert error.exit_code == 2
