"""A project with declared assets, and a workspace in the sandbox to put them into. In this process, for speed."""

from __future__ import annotations

import contextlib
import os
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ezazml.config.loading import load_environment
from jobs.assets.applying import Result
from jobs.assets.changes import Action
from jobs.assets.planning import Plan
from jobs.deployment import Deployment
from sandbox.faults import Faults, save
from sandbox.store import Store
from tests.sandbox.conftest import ACCOUNT, WORKSPACE, Served, deploy_into, make_home

SCHEMAS = "https://azuremlschemas.azureedge.net/latest"
WORKSPACE_TYPE = "Microsoft.MachineLearningServices/workspaces/"


@dataclass
class Declared:
    """A project whose environment `sandbox` is deployed, and what one can do with its assets."""

    root: Path
    served: Served

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"))
        return file

    def data(self, name: str, **fields: Any) -> None:
        """A data asset with a file of its own, or without one if a path is given."""
        if "path" not in fields:
            self.write(f"assets/data/{name}.csv", f"a,b\n1,{name}\n")
        values = {"name": name, "type": "uri_file", "path": f"{name}.csv", **fields}
        lines = "".join(f"{key}: {value}\n" for key, value in values.items())
        self.write(f"assets/data/{name}.yml", f"$schema: {SCHEMAS}/data.schema.json\n{lines}")

    def forget(self) -> None:
        """Nothing is declared any more, and nothing stands in the workspace."""
        self.faults(Faults())
        shutil.rmtree(self.root / "assets", ignore_errors=True)
        with Store.transaction(self.served.home.store_file) as store:
            for body in store.find():
                if self._is_asset(body):
                    store.delete(body["id"])

    @property
    def deployment(self) -> Deployment:
        return self.deployment_of("sandbox")

    def deployment_of(self, name: str, **more: str) -> Deployment:
        """The workspace as that of another environment, whose stack has more outputs."""
        environment = load_environment(name, root=self.root, environ={})
        outputs = {"storage_account_name": ACCOUNT, "storage_container_names": ["data"], **more}
        return Deployment(environment, outputs, self.served.id.split("/")[2], None, "rg", WORKSPACE)

    def plan(self, **options: Any) -> Plan:
        from ezazml.operations.assets import plan_assets

        return plan_assets(self.deployment, environ=os.environ, **options).plan

    def apply(self, *, workers: int = 8, environ: dict[str, str] | None = None, **options: Any) -> Result:
        from ezazml.operations.assets import plan_assets

        assets = plan_assets(self.deployment, environ={**os.environ, **(environ or {})}, **options)
        return assets.apply(workers=workers, show=lambda _line: None)

    def done(self, **options: Any) -> Result:
        """Apply, which must succeed."""
        result = self.apply(**options)
        assert not result.failed, [outcome.message for outcome in result.outcomes if outcome.message]
        return result

    def actions(self, plan: Plan | None = None) -> dict[str, Action]:
        return {str(change.key): change.action for change in (plan or self.plan()).changes}

    def stored(self) -> dict[str, dict[str, Any]]:
        """Every asset in the workspace by its path below it, without what time and chance put into it."""
        with Store.transaction(self.served.home.store_file) as store:
            found = [body for body in store.find() if self._is_asset(body)]
        return {body["id"][len(self.served.id) + 1 :]: body["properties"] for body in found}

    def versions(self) -> list[str]:
        """Paths of the versions of data assets."""
        return sorted(path for path in self.stored() if path.startswith("data/") and "/versions/" in path)

    @contextlib.contextmanager
    def writes(self) -> Iterator[list[str]]:
        """What was written to the workspace inside the block: methods and addresses."""
        log = self.served.home.logs / "requests.log"
        start = log.stat().st_size if log.exists() else 0
        lines: list[str] = []
        yield lines
        with log.open() as file:
            file.seek(start)
            lines.extend(
                line for line in file if any(f" {method} https://" in line for method in ("PUT", "PATCH", "DELETE"))
            )

    def faults(self, faults: Faults) -> None:
        save(self.served.home.faults_file, faults)

    def _is_asset(self, body: dict[str, Any]) -> bool:
        own = body["type"].startswith(WORKSPACE_TYPE) and "/computes" not in body["type"]
        return own and not body["name"].startswith(
            ("workspaceblob", "workspaceartifact", "workspacefile", "workspaceworking")
        )


def make_project(folder: Path) -> Declared:
    """A project with a running sandbox of its own."""
    home = make_home(folder)
    deploy_into(home)
    (folder / "environments").mkdir()
    # With keys, so that nothing is to be said about the workspace itself.
    settings = "target: sandbox\nstorage: {shared_access_key_enabled: true}\n"
    (folder / "environments" / "sandbox.yaml").write_text(settings)
    (folder / "cdktf.json").write_text('{"projectId": "tests"}')
    return Declared(folder, Served(home, home.services.start()))
