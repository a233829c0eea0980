"""A project with declared assets in a temporary folder, and what is wrong with it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ezazml.config.loading import load_environment
from ezazml.errors import ConfigurationError
from jobs.assets.asset import Asset
from jobs.assets.declaration import load_declaration
from jobs.deployment import Deployment

SCHEMAS = "https://azuremlschemas.azureedge.net/latest"
OUTPUTS: dict[str, Any] = {
    "storage_account_name": "contosodata",
    "storage_container_names": ["data", "models"],
    "compute_cluster_principal_ids": {"cpu-cluster": "11111111-2222"},
}


@dataclass
class Project:
    """A project; files are written with the indentation of the test taken out."""

    root: Path

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"))
        return file

    def deployment(self, environ: dict[str, str] | None = None) -> Deployment:
        environment = load_environment("dev", root=self.root, environ=environ or {})
        return Deployment(environment, OUTPUTS, "sub", None, "rg", "ws")

    def assets(self, environ: dict[str, str] | None = None) -> dict[str, Asset]:
        declared = load_declaration(self.deployment(environ), environ=environ or {}).assets
        return {str(asset.key): asset for asset in declared}

    def problems(self, environ: dict[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigurationError) as raised:
            self.assets(environ)
        return [str(problem) for problem in raised.value.problems]

    def problem(self, environ: dict[str, str] | None = None) -> str:
        problems = self.problems(environ)
        assert len(problems) == 1, problems
        return problems[0]

    def data(self, file: str, **fields: Any) -> Path:
        """A data asset in assets/data/<file>.yml with a file of its own."""
        self.write(f"assets/data/{file}.csv", "a,b\n1,2\n")
        values = {"name": file, "type": "uri_file", "path": f"{file}.csv", **fields}
        lines = "".join(f"{key}: {value}\n" for key, value in values.items() if value is not None)
        return self.write(f"assets/data/{file}.yml", f"$schema: {SCHEMAS}/data.schema.json\n{lines}")


@pytest.fixture
def declared(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    # With keys, so that nothing is to be said about the workspace itself; test_workspace_settings.py has the rest.
    project.write("environments/dev.yaml", "storage: {shared_access_key_enabled: true}\n")
    return project
