"""Secrets are planted in every place that takes one, an environment lives its life, and all that was written is read.

What holds secrets by its nature is named in ``KEEPS_SECRETS`` with its reason, and is its owner's alone.
"""

from __future__ import annotations

import base64
import json
import os
import stat
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from ezazml.config.models import EnvironmentModel
from ezazml.config.paths import is_secret, leaf_fields
from ezazml.config.variables import variable_names
from ezazml.terraform.engine import find_program
from sandbox.compute.runtime import folder as runtime_folder
from sandbox.store import Store
from tests.e2e.conftest import Project

pytestmark = pytest.mark.e2e

SCHEMAS = "$schema: https://azuremlschemas.azureedge.net/latest"
#: Below the project's folder. Terraform keeps values in its state and in saved plans; the rest is the sandbox itself.
KEEPS_SECRETS = (
    ".sandbox/state/",  # the states, and their backups
    ".sandbox/credentials.json",  # the made-up login
    ".sandbox/store.db",  # what stands in for Azure's own memory
    "saved.tfplan",  # made with --out, to be applied later
)
#: Declared assets that need a secret, each from another place.
ASSETS = {
    "datastores/keyed.yml": """
        {SCHEMAS}/azureBlob.schema.json
        name: keyed
        type: azure_blob
        account_name: elsewhere01
        container_name: data
        credentials: {{account_key: "${{env:PLANTED_KEY}}"}}
        """,
    "datastores/signed.yml": """
        {SCHEMAS}/azureBlob.schema.json
        name: signed
        type: azure_blob
        account_name: elsewhere02
        container_name: data
        credentials: {{sas_token: "${{env:PLANTED_SAS}}"}}
        """,
    "datastores/lake.yml": """
        {SCHEMAS}/azureDataLakeGen2.schema.json
        name: lake
        type: azure_data_lake_gen2
        account_name: elsewhere03
        filesystem: data
        credentials:
          tenant_id: 11111111-2222-4333-8444-555555555555
          client_id: 11111111-2222-4333-8444-555555555556
          client_secret: "${{vault:application-client-secret}}"
        """,
    "environments/small.yml": """
        {SCHEMAS}/environment.schema.json
        name: small
        image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest
        """,
    "endpoints/scores.yml": """
        {SCHEMAS}/managedOnlineEndpoint.schema.json
        name: scores
        auth_mode: key
        """,
}
#: Prints everything that a job has, and what a person might print by mistake.
JOB = """
    {SCHEMAS}/commandJob.schema.json
    type: command
    command: env && echo "${{{{inputs.note}}}}"
    inputs: {{note: harmless}}
    environment: azureml:small@latest
    """


@pytest.fixture
def at(at: Project) -> Iterator[Project]:
    """The project with declared assets, a secret everywhere, and an engine that writes down how it is called."""
    for name, text in {**{f"assets/{name}": text for name, text in ASSETS.items()}, "jobs/env.yml": JOB}.items():
        file = at.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n").format(SCHEMAS=SCHEMAS))
    home = at.folder / "home"
    home.mkdir()
    settings = [path for path, annotation in leaf_fields(EnvironmentModel) if is_secret(annotation)]
    assert len(settings) >= 5
    # Every setting that is a secret, whatever settings there will be.
    at.variables |= {variable_names(path)[0]: f"pl4nted-{number}" for number, path in enumerate(settings)}
    at.variables |= {
        "PLANTED_KEY": base64.b64encode(b"pl4nted-account-key").decode(),
        "PLANTED_SAS": "sv=2024-11-04&sig=pl4nted-signature",
        "LOG_FILE_PATH_TEMPLATE": "logs/run.log",
        "TERRAFORM_BINARY_NAME": str(engine_that_tells(at)),
        "HOME": str(home),
    }
    yield at


def engine_that_tells(at: Project) -> Path:
    program = at.folder / "bin" / "terraform"
    program.parent.mkdir()
    log = at.folder / "terraform-calls.log"
    real = find_program(dict(os.environ))
    program.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexec "{real}" "$@"\n')
    program.chmod(0o755)
    return program


def application_secret(at: Project) -> str:
    content = json.loads((at.home.states / "sandbox.tfstate").read_text())
    (password,) = [one for one in content["resources"] if one["type"] == "azuread_application_password"]
    value: str = password["instances"][0]["attributes"]["value"]
    return value


def kept_by_azure(at: Project) -> set[str]:
    """Keys, connection strings and passwords that the stand-in for Azure has made or was given."""
    with Store.transaction(at.home.store_file) as store:
        applications = {one["properties"]["appId"] for one in store.find("Microsoft.Graph/applications")}
        return store.secret_values() - applications  # the vault keeps the client id too, which is no secret


def life_of_an_environment(at: Project) -> tuple[str, set[str]]:
    """Everything a person does with it, once; what was printed, and every secret there was."""
    told = [at.ok("config", "show", "sandbox"), at.ok("synth", "dev", "sandbox")]
    told += [at.ok("deploy", "sandbox", "--yes", "--no-assets"), at.ok("show", "sandbox"), at.ok("graph", "sandbox")]
    secrets = {"pl4nted", at.variables["PLANTED_KEY"], application_secret(at)}
    secrets |= {at.home.credentials.client_secret, at.home.credentials.user_password}
    told.append(at.ok("assets", "apply", "sandbox", "--yes", "--output", "json"))
    # An account key that is renewed.
    renewed = base64.b64encode(b"pl4nted-and-renewed").decode()
    at.variables["PLANTED_KEY"] = renewed
    told.append(at.ok("assets", "apply", "sandbox", "--yes"))
    assert "another secret" in told[-1].out
    if (runtime_folder() / ".complete").is_file():
        told.append(at.ok("train", "sandbox", "jobs/env.yml"))
        assert "AZUREML_RUN_ID=" in told[-1].text  # it did print its variables
    told.append(at.ok("rotate-secret", "sandbox", "--yes"))
    at.edit("CostCenter: none", "CostCenter: other")
    told.append(at.ok("plan", "sandbox", "--out", "saved.tfplan"))
    secrets |= {renewed, application_secret(at), *kept_by_azure(at)}
    told.append(at.ezazml("--debug", "deploy", "dev", "--yes"))  # fails: no subscription
    told.append(at.ok("destroy", "sandbox", "--confirm", "sandbox", "--reason", "the end"))
    return "".join(answer.text for answer in told), secrets


def test_planted_secrets_are_in_no_file_and_no_output(at: Project) -> None:
    shown, secrets = life_of_an_environment(at)
    assert not [secret for secret in secrets if secret in shown]
    at.home.services.stop()  # it writes files, and renames them
    read = 0
    for path in at.folder.rglob("*"):
        name = path.relative_to(at.folder).as_posix()
        if not path.is_file() or path.is_symlink() or "node_modules" in path.parts:
            continue
        if name.startswith(KEEPS_SECRETS):
            assert is_private(path, at.folder), f"{name} can be read by others"
            continue
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], name
        read += 1
    looked_at = {path.name for path in at.folder.rglob("*") if path.is_file()}
    # Nothing was searched in vain: all of these are there.
    wanted = {"cdk.tf.json", "run.log", "terraform-calls.log", "requests.log", "service.log", "sandbox.jsonl"}
    assert wanted <= looked_at
    assert "saved.tfplan.json" in looked_at  # the record beside a saved plan holds none
    assert read > 20
    with Store.transaction(at.home.store_file) as store:
        bodies = json.dumps(store.find())
    assert not [secret for secret in secrets if secret in bodies]  # objects and secrets are apart in there


def is_private(path: Path, top: Path) -> bool:
    """Whether the file, or a folder above it within the project, is its owner's alone."""
    inside = [path, *(parent for parent in path.parents if top in parent.parents)]
    return any(not stat.S_IMODE(one.stat().st_mode) & 0o077 for one in inside)
