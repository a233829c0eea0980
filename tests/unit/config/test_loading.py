"""Loading an environment: every mistake is one clear message, every value knows where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from ezazml.config.loading import available_environments, environments_to_synthesise, load_environment, new_environment
from ezazml.errors import ConfigurationError, InputError


def write(root: Path, text: str, name: str = "dev") -> Path:
    path = root / "environments" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def errors(root: Path, text: str, **environ: str) -> str:
    write(root, text)
    with pytest.raises(ConfigurationError) as caught:
        load_environment("dev", root=root, environ=environ)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, "")
    environment = load_environment("dev", root=tmp_path, environ={})
    assert environment.settings.location == "westeurope"
    assert environment.names.resource_group == "ezazml-dev-rg"
    assert set(environment.origins.values()) == {"default"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lokation: x", "environments/dev.yaml:1: lokation: is not a setting. Did you mean location?"),
        ("storage: {replicaton: LRS}", "storage.replicaton: is not a setting. Did you mean replication?"),
        ("compute: {clusters: [{name: a, max_nodes: many}]}", "compute.clusters[0].max_nodes: 'many' is not a whole"),
        ("compute: {clusters: [{size: Standard_D2_v2}]}", "compute.clusters[0].name: is missing, but required."),
        ("protected: perhaps", "protected: 'perhaps' is not true or false."),
        ("location: [a]", "location: ['a'] is not text."),
        ("storage: 3", "storage: 3 is not a group"),
        ("storage: {replication: XRS}", "storage.replication: 'XRS' is not one of 'LRS'"),
        ("storage: {soft_delete_days: 0}", "storage.soft_delete_days: 0 is not at least 1"),
        ("key_vault: {soft_delete_days: 91}", "key_vault.soft_delete_days: 91 is not at most 90"),
        ("location: westeurop", "location: 'westeurop' is not a region of Azure. Did you mean westeurope?"),
        ("compute: {instances: [{name: abc, size: big}]}", "compute.instances[0].size: 'big' is not a VM size"),
        (
            'compute: {instances: [{name: abc, schedules: [{cron: "0 19 * *"}]}]}',
            "compute.instances[0].schedules[0].cron: '0 19 * *' is refused: a cron expression has 5 fields",
        ),
        (
            f"compute: {{instances: [{{name: abc, schedules: [{', '.join(['{cron: 0 1 * * *}'] * 5)}]}}]}}",
            "compute.instances[0].schedules: has 5 entries. At most 4 are allowed.",
        ),
        (
            "compute: {instances: [{name: abc, idle_minutes: 5}]}",
            "compute.instances[0].idle_minutes: 5 is not at least",
        ),
        (
            "compute:\n  clusters:\n    - name: one\n    - name: two\n      min_nodes: 4\n      max_nodes: 2\n",
            "environments/dev.yaml:5: compute.clusters[1].min_nodes: 4 is above max_nodes 2. "
            "Set min_nodes to at most 2.",
        ),
        (
            "compute: {clusters: [{name: abc}, {name: abc}]}",
            "compute.clusters[1].name: 'abc' is the name of compute.clusters[0] already.",
        ),
        (
            "compute: {instances: [{name: abc}], clusters: [{name: abc}]}",
            "compute.clusters[0].name: 'abc' is the name of compute.instances[0] already.",
        ),
        (
            "compute: {clusters: [{name: cpu}, {name: CPU}]}",
            "compute.clusters[1].name: 'CPU' is the name of compute.clusters[0] already.",
        ),
        ("compute: {clusters: [{name: abc, max_nodes: true}]}", "compute.clusters[0].max_nodes: True is not a number."),
        ("compute: {clusters: [{name: abc, count: yes}]}", "compute.clusters[0].count: True is not a number."),
        ("monitoring: {daily_quota_gb: true}", "monitoring.daily_quota_gb: True is not a number."),
        ("monitoring: {retention_days: true}", "monitoring.retention_days: True is not one of 30"),
        ("monitoring: {daily_quota_gb: .inf}", "monitoring.daily_quota_gb: inf is not a finite number."),
        ("monitoring: {daily_quota_gb: .nan}", "monitoring.daily_quota_gb: nan is not"),
        (
            "tags:\n  Note: ${var.user_password}",
            "environments/dev.yaml:2: tags.Note: '${var.user_password}' holds an expression",
        ),
        ("tags: {'${a}': b}", "tags.${a}: '${a}' holds an expression"),
        ("workspace: {description: '%{ if true }'}", "workspace.description: '%{ if true }' holds an expression"),
        ("compute: {clusters: [{name: abc, description: '${x}'}]}", "compute.clusters[0].description: '${x}' holds"),
        ("backend: {type: local, path: '${x}'}", "backend.path: '${x}' holds an expression"),
        ("storage: {containers: ['${x}']}", "storage.containers: '${x}' holds an expression"),
        (
            "compute: {clusters: [{name: abc, size: Standard_NC6s_v3}]}",
            "compute.clusters[0].size: 'Standard_NC6s_v3' can no longer be had: "
            "Azure retired NCv3 on 30 September 2025. Use, for example, Standard_NC4as_T4_v3.",
        ),
        ("tenant_id: contoso", "tenant_id: 'contoso' is not an id of the form"),
        ("tags: {'a<b': c}", "tags.a<b: a tag's name has 1 to 128 characters"),
        ("tags: {Env: a, env: b}", "tags.env: Azure does not tell 'env' from 'Env'"),
        (f"tags: {{a: {'x' * 257}}}", "tags.a: a tag's value has at most 256 characters"),
        ("storage: {containers: [Data]}", "storage.containers[0]: 'Data' breaks the rule for containers"),
        ("storage: {containers: [data, data]}", "storage.containers[1]: 'data' stands twice."),
        ("backend: {type: azurerm}", "backend.storage_account_name: is missing, but required"),
        ("backend: {type: s3}", "backend: needs a type, one of 'azurerm', 'local'."),
        ("backend: {type: azurerm, storage_account_name: No_Name}", "breaks the rule for storage accounts"),
        ("protected: true", "on_destroy: 'purge' contradicts protected: true"),
        ("identities: {deployer: {principal_type: Group}}", "who is logged in is no group"),
        ("identities: {application: {github: {repository: a/b}}}", "needs an environment or a branch"),
        (
            "identities: {application: {github: {repository: a/b, environment: e, branch: main}}}",
            "identities.application.github.branch: contradicts github.environment",
        ),
        ("compute: {clusters: [{name: c, size: Standard_Banana_v9}]}", "'Standard_Banana_v9' is not a VM size"),
        ("compute: {instances: [{name: c, size: Standard_DS3v2}]}", "Did you mean Standard_DS3_v2?"),
        ("user: {enabled: true, domain: 'no domain'}", "user.domain: 'no domain' is not a domain."),
        ("unique_suffix: true", "unique_suffix: needs subscription_id"),
        ("target: moon", "environments/dev.yaml:1: target: 'moon' is not azure or sandbox."),
        ("a: 1\na: 2", "environments/dev.yaml:2: a: stands twice, first on line 1."),
        ("location: [", "environments/dev.yaml:2:1: is not valid YAML"),
        ("location: 'x", "is not valid YAML"),
        ("- a\n- b", "must hold settings as `name: value` lines"),
        ("just text", "must hold settings as `name: value` lines"),
        ("a: &x [*x]", "an alias refers to itself"),
        ("prefix: my-team", "prefix: makes the storage account name 'my-teamdevasa01'"),
        ("names: {key_vault: 1vault}", "names.key_vault: makes the key vault name '1vault'"),
    ],
)
def test_a_mistake_is_named_with_its_place_value_and_rule(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in errors(tmp_path, text)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = errors(tmp_path, "lokation: x\nprotected: perhaps\nstorage: {soft_delete_days: 0}\n")
    assert len(text.splitlines()) == 3


def test_an_unknown_environment_names_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, "")
    with pytest.raises(InputError, match=r"Known environments: dev\. Did you mean dev\?") as caught:
        load_environment("deb", root=tmp_path, environ={})
    assert caught.value.exit_code == 2


def test_an_environment_name_that_azure_could_not_take_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "", name="Dev_1")
    with pytest.raises(InputError, match="breaks the rule"):
        load_environment("Dev_1", root=tmp_path, environ={})


def test_the_process_environment_wins_over_the_env_file_and_that_over_the_yaml(tmp_path: Path) -> None:
    write(tmp_path, "location: uksouth\nprefix: fromyaml\n")
    (tmp_path / "environments" / "dev.env").write_text("TF_VAR_location=northeurope\nDATA_PATH=from/env\n")
    environment = load_environment("dev", root=tmp_path, environ={"DATA_PATH": "from/process"})
    assert environment.settings.prefix == "fromyaml"
    assert environment.settings.location == "northeurope"
    assert environment.settings.data.path == "from/process"
    assert environment.origins["prefix"] == "environments/dev.yaml:2"
    assert environment.origins["location"] == "environments/dev.env TF_VAR_location"
    assert environment.origins["data.path"] == "variable DATA_PATH"


def test_a_region_may_be_given_by_its_display_name(tmp_path: Path) -> None:
    write(tmp_path, "location: West Europe")
    assert load_environment("dev", root=tmp_path, environ={}).settings.location == "westeurope"


@pytest.mark.parametrize("secret", ["user: {password: %s}", "datastore: {account_key: %s}", "databricks: {token: %s}"])
def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path, secret: str) -> None:
    text = errors(tmp_path, secret % "hunter2-planted")
    assert "is a secret and must not stand in a file" in text
    assert "hunter2-planted" not in text


def test_a_new_environment_is_a_copy_under_a_valid_name(tmp_path: Path) -> None:
    write(tmp_path, "location: uksouth\n")
    new_environment("team-a", source="dev", root=tmp_path)
    assert available_environments(tmp_path) == ["dev", "team-a"]
    for bad in ("promotion", "Team", "a", "dev", "a_b", "-ab", "a--b"):
        with pytest.raises(InputError):
            new_environment(bad, source="dev", root=tmp_path)


def test_hidden_copies_of_editors_are_no_environments(project: Path) -> None:
    for name in (".dev", ".#dev", "._dev"):
        write(project, "not: [valid", name=name)
    assert available_environments(project) == ["dev", "prd", "preprod", "sandbox", "uat"]


def test_only_the_environments_asked_for_are_synthesised(project: Path) -> None:
    assert environments_to_synthesise(project, {}) == ["dev", "prd", "preprod", "sandbox", "uat"]
    assert environments_to_synthesise(project, {"EZAZML_ENVIRONMENTS": "prd, dev"}) == ["prd", "dev"]
    with pytest.raises(InputError, match="unknown"):
        environments_to_synthesise(project, {"EZAZML_ENVIRONMENTS": "dex"})


@pytest.mark.parametrize("name", ["dev", "uat", "preprod", "prd", "sandbox"])
def test_shipped_environments_are_valid(project: Path, name: str) -> None:
    assert load_environment(name, root=project, environ={}).name == name


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"# fine\n=pl4nted secret\n", ":2: is not a line of the form NAME=value."),
        (b"# fine\n\npl4nted\n", ":3: is not a line of the form NAME=value."),
        (b"export pl4nted\n", ":1: is not a line of the form NAME=value."),
        (b'DATA_PATH=x\nABDS_NAME="pl4nted\nDATA_PATH=y\n', ":2: is not a line of the form NAME=value."),
        ("DATA_PATH=pl4nted\n".encode("utf-16"), ":1: is not UTF-8 text."),
        (b"DATA_PATH=x\nABDS_NAME=pl4nted \xff\n", ":2: is not UTF-8 text."),
    ],
)
def test_a_wrong_line_of_the_env_file_is_named_without_its_content(tmp_path: Path, content: bytes, line: str) -> None:
    write(tmp_path, "")
    (tmp_path / "environments" / "dev.env").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_environment("dev", root=tmp_path, environ={})
    assert f"environments/dev.env{line}" in str(caught.value)
    assert "pl4nted" not in str(caught.value)


def test_a_folder_named_as_the_env_file_is_told(tmp_path: Path) -> None:
    write(tmp_path, "")
    (tmp_path / "environments" / "dev.env").mkdir()
    with pytest.raises(ConfigurationError, match=r"environments/dev\.env: cannot be read: Is a directory"):
        load_environment("dev", root=tmp_path, environ={})


def test_an_env_file_may_be_one_of_windows(tmp_path: Path) -> None:
    write(tmp_path, "")
    (tmp_path / "environments" / "dev.env").write_bytes(b"\xef\xbb\xbfDATA_PATH=x\r\nABDS_NAME=\r\n")
    assert load_environment("dev", root=tmp_path, environ={}).settings.data.path == "x"


def test_settings_that_only_the_commands_use_may_look_like_an_expression(tmp_path: Path) -> None:
    write(tmp_path, "logging: {file: '${x}.log'}\ndata: {description: '%{x}'}\ntags: {Price: '5 $ {net}, 3 %'}\n")
    assert load_environment("dev", root=tmp_path, environ={}).settings.logging.file == "${x}.log"
