"""A stack that breaks one of our rules is not synthesised, and the message says where and how to mend it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import bindings as tf
from constructs_lib.policy import Policy, enforce
from constructs_lib.tagging import DefaultTags
from tests.synth.stacks import synthesised

TAGS = {"environment": "dev"}
Add = Callable[[tf.TerraformStack], Any]


def name_rule(name: str) -> str | None:
    return None if name.islower() else "only lower-case letters"


def judged(add: Add, *, tags: dict[str, str] | None = None) -> tuple[Policy, str | None]:
    """The policy of a small stack, and what its synthesis ended with."""
    policy = Policy(required_tags=["environment"], name_rules={"azurerm_storage_account": name_rule})

    def small(app: tf.App) -> tf.TerraformStack:
        stack = tf.TerraformStack(app, "small")
        tf.AzurermProvider(stack, "azurerm", features=[tf.AzurermProviderFeatures()])
        tf.AzureadProvider(stack, "azuread")
        add(stack)
        enforce(stack, policy, tags=DefaultTags(TAGS if tags is None else tags))
        return stack

    try:
        synthesised(small)
    except Exception as error:  # jsii raises classes of its own
        return policy, str(error)
    return policy, None


def account(stack: tf.TerraformStack, **changes: Any) -> tf.StorageAccount:
    arguments: dict[str, Any] = {
        "name": "goodname",
        "location": "westeurope",
        "resource_group_name": "rg",
        "account_tier": "Standard",
        "account_replication_type": "LRS",
        "allow_nested_items_to_be_public": False,
    }
    return tf.StorageAccount(stack, "data", **{**arguments, **changes})


def secret(stack: tf.TerraformStack, value: str) -> tf.KeyVaultSecret:
    return tf.KeyVaultSecret(stack, "secret", name="s", key_vault_id="${azurerm_key_vault.v.id}", value=value)


def blob_datastore(stack: tf.TerraformStack, **secret: Any) -> Any:
    """A resource that the product does not use, as a team may add it."""
    from cdktf_cdktf_provider_azurerm.machine_learning_datastore_blobstorage import (
        MachineLearningDatastoreBlobstorage,
    )

    return MachineLearningDatastoreBlobstorage(
        stack,
        "d",
        name="d",
        workspace_id="${azurerm_machine_learning_workspace.w.id}",
        storage_container_id="${azurerm_storage_container.c.id}",
        **secret,
    )


def test_a_stack_that_keeps_the_rules_is_synthesised() -> None:
    def add(stack: tf.TerraformStack) -> None:
        account(stack)
        secret(stack, "${azuread_application_password.application.value}")
        tf.StorageContainer(stack, "c", name="data", storage_account_id="x", container_access_type="private")

    policy, error = judged(add)
    assert error is None
    assert policy.violations == []


@pytest.mark.parametrize(
    ("add", "message", "fix"),
    [
        (
            lambda stack: account(stack, allow_nested_items_to_be_public=None),
            "containers of the account could be made public",
            "Set allow_nested_items_to_be_public=False",
        ),
        (lambda stack: account(stack, allow_nested_items_to_be_public=True), "could be made public", "=False"),
        (lambda stack: account(stack, min_tls_version="TLS1_0"), "takes TLS1_0", "min_tls_version='TLS1_2'"),
        (lambda stack: account(stack, https_traffic_only_enabled=False), "without TLS", "https_traffic_only_enabled"),
        (lambda stack: account(stack, name="BadName"), "refuses the name 'BadName': only lower-case", "names"),
        (
            lambda stack: tf.StorageContainer(
                stack, "data", name="data", storage_account_id="x", container_access_type="blob"
            ),
            "container_access_type 'blob' lets everybody read",
            "'private'",
        ),
        (
            lambda stack: tf.ContainerRegistry(
                stack, "data", name="r", location="w", resource_group_name="rg", sku="Basic", admin_enabled=True
            ),
            "admin user",
            "admin_enabled=False",
        ),
        (lambda stack: secret(stack, "hunter2"), "value is written out", "sensitive TerraformVariable"),
        (
            lambda stack: account(stack).add_override("allow_nested_items_to_be_public", True),
            "could be made public",
            "=False",
        ),
        (
            lambda stack: account(stack).add_override("min_tls_version", "TLS1_1"),
            "takes TLS1_1",
            "min_tls_version='TLS1_2'",
        ),
        (lambda stack: blob_datastore(stack, account_key="hunter2"), "account_key is written out", "sensitive"),
        (lambda stack: blob_datastore(stack, shared_access_signature="hunter2"), "signature is written out", "sens"),
        (
            lambda stack: tf.User(stack, "u", user_principal_name="a@b.c", display_name="a", password="hunter2"),
            "password is written out",
            "sensitive TerraformVariable",
        ),
    ],
)
def test_a_broken_rule_stops_the_synthesis(add: Add, message: str, fix: str) -> None:
    policy, error = judged(add)
    (violation,) = policy.violations
    assert message in violation.message
    assert fix in violation.fix
    assert violation.path.startswith("small/")
    assert error is not None
    assert str(violation) in error
    assert "hunter2" not in error


def test_a_resource_without_a_required_tag_stops_the_synthesis() -> None:
    policy, error = judged(account, tags={"other": "x"})
    assert [one.message for one in policy.violations] == ["has no tag environment."]
    assert error is not None
    assert "small/data (azurerm_storage_account.data): has no tag environment." in error


def test_names_that_only_terraform_knows_are_not_judged() -> None:
    policy, error = judged(lambda stack: account(stack, name="${var.Name}"))
    assert (policy.violations, error) == ([], None)


def test_a_broken_rule_in_an_environments_stack_is_one_clear_message(project: Path) -> None:
    main = project / "main.py"
    # As a team would: a resource of its own in the stack.
    own = (
        "stacks.append(stack := EnvironmentStack(app, environment))\n"
        "            tf.StorageAccount(stack, 'extra', name='extra', location='westeurope', resource_group_name='rg',\n"
        "                account_tier='Standard', account_replication_type='LRS')"
    )
    text = main.read_text().replace("stacks.append(EnvironmentStack(app, environment))", own)
    main.write_text(text.replace("    app = App()", "    from constructs_lib import bindings as tf\n    app = App()"))
    environ = {**os.environ, "EZAZML_ENVIRONMENTS": "dev", "CDKTF_OUTDIR": str(project / "out")}
    answer = subprocess.run(
        [sys.executable, str(main)], cwd=project, env=environ, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert "dev/extra (azurerm_storage_account.extra): containers of the account could be made public." in answer.stderr
    assert "Set allow_nested_items_to_be_public=False." in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not list((project / "out").rglob("cdk.tf.json"))
