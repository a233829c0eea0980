"""This project as it is can be deployed: into the sandbox, with the real Terraform."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Project

pytestmark = pytest.mark.e2e


def test_the_project_is_deployed_and_removed_in_the_sandbox(at: Project) -> None:
    deployed = at.ok("deploy", "sandbox", "--yes")
    assert "sandbox is deployed" in deployed.out
    assert at.plan()["changes"] == []
    removed = at.ok("destroy", "sandbox", "--confirm", "sandbox")
    assert "resources removed" in removed.out
    assert at.home.count_by_type() == {}
