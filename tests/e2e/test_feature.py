"""A branch's environment, from its first push to its end, in the sandbox."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import Project

pytestmark = pytest.mark.e2e

BRANCH = "feature/ABC-123-some-feature"
NAME = "abc-123-g5mmn"


def test_a_branchs_environment_lives_and_ends(at: Project) -> None:
    created = at.ok("env", "create", "--branch", BRANCH, "--from", "sandbox", "--ttl", "3d", "--output", "json")
    assert json.loads(created.out)["name"] == NAME
    file = at.folder / "environments" / f"{NAME}.yaml"
    assert f"environments/{NAME}.yaml" not in at.run("git", "status", "--short").out

    at.ok("deploy", NAME, "--yes")
    (listed,) = json.loads(at.ok("env", "list", "--from", "sandbox", "--output", "json").out)
    assert (listed["name"], listed["branch"], listed["deployed"], listed["expired"]) == (NAME, BRANCH, True, False)
    assert "There are none." in at.ok("env", "expired", "--from", "sandbox").out
    (ending,) = json.loads(at.ok("env", "expired", "--from", "sandbox", "--within", "4d", "-o", "json").out)
    assert ending["name"] == NAME

    # removed by another machine, which has only the tags in Azure
    file.unlink()
    wrong = at.ezazml("env", "destroy", NAME, "--from", "sandbox", "--confirm", "abc")
    assert wrong.code == 2
    assert "needs its name as confirmation, got 'abc'; nothing was changed" in wrong.err
    file.unlink()
    removed = at.ok("env", "destroy", NAME, "--from", "sandbox", "--confirm", NAME)
    assert "45 resources removed" in removed.out
    assert f"environments/{NAME}.yaml is removed too." in removed.out
    assert at.home.count_by_type() == {}
    assert not file.exists()
    assert "There are none." in at.ok("env", "list", "--from", "sandbox").out


def test_other_environments_are_never_removed(at: Project) -> None:
    answer = at.ezazml("env", "destroy", "dev", "--from", "sandbox", "--confirm", "dev")
    assert answer.code == 2
    assert "'dev' is not a feature environment" in answer.err
    unknown = at.ezazml("env", "destroy", "nothing", "--from", "sandbox", "--confirm", "nothing")
    assert unknown.code == 2
    assert "There is no feature environment 'nothing'. Known ones: none." in unknown.err
