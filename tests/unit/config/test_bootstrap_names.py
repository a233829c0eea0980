"""Names of the state storage and of the deploying identity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ezazml.config.bootstrap_names import bootstrap_names, local_state_file
from ezazml.config.environment import Environment
from ezazml.config.loading import load_environment
from ezazml.config.names import RULES
from ezazml.errors import ConfigurationError, InputError

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"


def environment(folder: Path, name: str = "dev", **settings: Any) -> Environment:
    (folder / "environments").mkdir(exist_ok=True)
    (folder / "environments" / f"{name}.yaml").write_text(yaml.safe_dump({"subscription_id": SUBSCRIPTION, **settings}))
    return load_environment(name, root=folder, environ={})


def test_each_environment_has_a_state_account_of_its_own(tmp_path: Path) -> None:
    dev, uat = (bootstrap_names(environment(tmp_path, name)) for name in ("dev", "uat"))
    assert dev.storage_account != uat.storage_account
    assert dev.resource_group == "ezazml-dev-tfstate-rg"
    assert (dev.container, dev.state_key, dev.bootstrap_key) == ("tfstate", "dev.tfstate", "dev.bootstrap.tfstate")
    assert dev.application == "ezazml-dev-deploy"
    assert dev.container_id(SUBSCRIPTION).endswith(f"{dev.storage_account}/blobServices/default/containers/tfstate")


def test_what_the_file_names_is_used(tmp_path: Path) -> None:
    backend = {"type": "azurerm", "storage_account_name": "mine", "container_name": "states", "key": "x",
               "resource_group_name": "rg"}  # fmt: skip
    names = bootstrap_names(environment(tmp_path, backend=backend, bootstrap={"application_name": "pipeline"}))
    assert (names.storage_account, names.container, names.state_key) == ("mine", "states", "x")
    assert (names.resource_group, names.application) == ("rg", "pipeline")


def test_the_placeholder_of_the_shipped_files_is_no_name(tmp_path: Path) -> None:
    backend = {"type": "azurerm", "storage_account_name": "changemetfstate"}
    assert "changeme" not in bootstrap_names(environment(tmp_path, backend=backend)).storage_account


@given(
    prefix=st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True),
    name=st.from_regex(r"[a-z][a-z0-9]{2,5}", fullmatch=True),
)
def test_azure_takes_the_account_of_every_environment(
    tmp_path_factory: pytest.TempPathFactory, prefix: str, name: str
) -> None:
    # names of the environment's own resources may be too long; only the bootstrap's are looked at here
    overrides = {
        "key_vault": "kv-some",
        "storage_account": "some",
        "container_registry": "somereg",
        "workspace": "ws-1",
    }
    made = environment(tmp_path_factory.mktemp("project"), name, prefix=prefix, names=overrides)
    assert RULES["storage_account"].allows(bootstrap_names(made).storage_account)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"subscription_id": None}, "dev.yaml: a bootstrap needs subscription_id"),
        (
            {
                "backend": {
                    "type": "azurerm",
                    "storage_account_name": "mine",
                    "subscription_id": "1" + SUBSCRIPTION[1:-1] + "6",
                }
            },
            "backend.subscription_id: the bootstrap makes the state account in the environment's own subscription",
        ),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        bootstrap_names(environment(tmp_path, **settings))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"bootstrap": {"application_name": "a<b"}}, "bootstrap.application_name: 'a<b' breaks the rule"),
        (
            {"backend": {"type": "azurerm", "storage_account_name": "mine", "resource_group_name": "rg."}},
            "backend.resource_group_name: 'rg.' breaks the rule",
        ),
    ],
)
def test_names_that_azure_refuses(tmp_path: Path, settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError, match=field):
        bootstrap_names(environment(tmp_path, **settings))


@pytest.mark.parametrize("github", [{}, {"repository": "no-owner"}, {"repository": "a/b", "branches": "x"}])
def test_a_wrong_repository_is_told(tmp_path: Path, github: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"bootstrap.github"):
        environment(tmp_path, bootstrap={"github": github})


def test_the_first_state_is_beside_the_environments_own(tmp_path: Path) -> None:
    assert local_state_file(environment(tmp_path)) == tmp_path / ".ezazml/state/dev.bootstrap.tfstate"
    sandbox = environment(tmp_path, "box", target="sandbox")
    assert local_state_file(sandbox) == tmp_path / ".sandbox/state/box.bootstrap.tfstate"
