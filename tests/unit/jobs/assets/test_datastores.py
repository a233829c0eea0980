"""Secrets of datastores are looked for by the plan, not first by the apply."""

from __future__ import annotations

from typing import Any, cast

from ezazml.errors import InputError, Problem
from jobs.assets.changes import Action, Change
from jobs.assets.kinds.base import Snapshot
from jobs.assets.kinds.datastores import Datastores
from tests.unit.jobs.assets.conftest import SCHEMAS, Project


class Workspace:
    """Knows one secret."""

    def secret(self, reference: str) -> str:
        if reference == "${vault:there}":
            return "value"
        raise InputError("Reading secret 'gone': there is no such secret.", hint="Put it there, or name another.")


def compare(declared: Project, secret: str) -> Change | Problem:
    declared.write(
        "assets/datastores/keyed.yml",
        f"""
        $schema: {SCHEMAS}/azureBlob.schema.json
        name: keyed
        type: azure_blob
        account_name: keys01
        container_name: data
        credentials:
          account_key: ${{vault:{secret}}}
        """,
    )
    asset = declared.assets()["datastore keyed"]
    return Datastores().compare(cast(Any, Workspace()), asset, Snapshot())


def test_a_missing_secret_of_a_new_datastore_is_found_by_the_plan(declared: Project) -> None:
    change = compare(declared, "there")
    assert isinstance(change, Change)
    assert change.action is Action.CREATE
    problem = compare(declared, "gone")
    assert str(problem) == (
        "assets/datastores/keyed.yml:7: credentials.account_key: Reading secret 'gone': there is no such secret. "
        "Put it there, or name another."
    )
