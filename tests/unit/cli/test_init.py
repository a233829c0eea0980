"""``ezazml init``: what is asked, what is refused, and what there is in the end."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from ezazml.cli.init import init
from ezazml.config.loading import available_environments, load_environment
from ezazml.config.promotion import read_promotion
from ezazml.errors import EzazmlError, InputError
from ezazml.scaffold import project as scaffold
from ezazml.scaffold.template import COPIED, COPIED_TESTS, LEFT_OUT, template_folder
from tests.conftest import ROOT
from tests.workflow_files import load, steps

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(autouse=True)
def golden(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The golden files take Node.js and seconds: an end-to-end test writes them."""
    written: list[Path] = []

    def write(folder: Path) -> list[str]:
        written.append(folder)
        return []

    monkeypatch.setattr(scaffold, "_write_golden_files", write)
    return written


def run(*arguments: str, stdin: str | None = None, **variables: str) -> Result:
    environ = {"EZAZML_REPOSITORY_URL": None, "PROJECT_FOLDER_NAME": None, **variables}
    return CliRunner().invoke(init, arguments, input=stdin, env=environ)


def settings(folder: Path, name: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((folder / "environments" / f"{name}.yaml").read_text())
    return data


def test_a_project_of_ones_own(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "my ml"
    answer = run(
        str(folder), "--yes", "--prefix", "contoso", "--location", "North Europe", "--environments", "dev, qa,prd",
        "--subscription", SUBSCRIPTION, "--github", "https://github.com/contoso/ml.git", "-o", "json",
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert (told["environments"], told["github"], told["left_to_do"]) == (["dev", "qa", "prd"], "contoso/ml", [])
    assert available_environments(folder) == ["dev", "prd", "qa", "sandbox"]
    for name in ("dev", "qa", "prd"):
        loaded = load_environment(name, root=folder, environ={}).settings
        assert (loaded.prefix, loaded.location, loaded.subscription_id) == ("contoso", "northeurope", SUBSCRIPTION)
        assert loaded.identities.application.name_prefix == "contoso"
        assert settings(folder, name)["backend"]["type"] == "azurerm"
        assert settings(folder, name)["bootstrap"] == {"github": {"repository": "contoso/ml"}}
    # an environment of the same name keeps its character; another begins as dev
    assert settings(folder, "prd")["protected"] is True
    assert settings(folder, "qa")["storage"]["replication"] == "LRS"
    assert settings(folder, "sandbox")["target"] == "sandbox"
    assert "backend" not in settings(folder, "sandbox")
    assert "# my ml" in (folder / "README.md").read_text()
    assert [path.name for path in folder.parent.iterdir()] == ["my ml"]


def test_the_promotion_knows_the_projects_environments(tmp_path: Path) -> None:
    assert run(str(tmp_path / "a"), "--yes", "--environments", "prd,qa,dev").exit_code == 0
    steps = {step.environment: step.trigger for step in read_promotion(tmp_path / "a").steps}
    assert steps == {"dev": "a push to main", "prd": "a tag X.Y.Z on release", "qa": "by hand"}
    assert run(str(tmp_path / "b"), "--yes", "--environments", "play").exit_code == 0
    assert [step.trigger for step in read_promotion(tmp_path / "b").steps] == ["a push to main"]
    workflow = (tmp_path / "b" / ".github" / "workflows" / "feature-environment.yml").read_text()
    assert "SOURCE: play " in workflow
    assert "environment: play-plan" in workflow
    assert "dev-plan" not in workflow


def test_its_workflows_find_what_they_run(tmp_path: Path) -> None:
    project = tmp_path / "mine"
    assert run(str(project), "--yes", "--environments", "play,live").exit_code == 0
    makefile = (project / "Makefile").read_text()
    runs = [step["run"] for _, step in steps(project) if "run" in step]
    for text in runs:
        for target in re.findall(r"(?:^|[ ;])make (\w+)", text):
            assert f"\n{target}:" in makefile, text
        for module in re.findall(r"python -m tools\.(\w+)", text):
            assert (project / "tools" / f"{module}.py").is_file(), text
        for path in re.findall(r"pytest (\S+)", text):
            assert (project / path).exists(), text
    assert len(runs) > 40
    for pattern in load(project / ".github" / "workflows" / "train.yml")["on"]["push"]["paths"]:
        assert (project / pattern.removesuffix("/**")).is_dir()
    profiles = yaml.safe_load((project / "policy" / "profiles.yaml").read_text())
    assert {one["base"] for one in profiles.values()} == {"live"}


def test_it_has_all_code_and_the_tests_that_hold_for_it(tmp_path: Path) -> None:
    assert run(str(tmp_path / "mine"), "--yes").exit_code == 0
    inside = {path.name for path in (tmp_path / "mine").iterdir()}
    assert {name for name in COPIED if (ROOT / name).exists()} | {"README.md", "environments", "tests"} == inside
    for name in COPIED_TESTS:
        assert (tmp_path / "mine" / "tests" / name).is_file()
    assert not list((tmp_path / "mine").rglob("__pycache__"))
    assert not [path for path in (tmp_path / "mine").rglob("*.env") if path.name != "example.env"]


def test_nothing_speaks_of_what_is_left_out(tmp_path: Path) -> None:
    run(str(tmp_path / "mine"), "--yes")
    for name in ("Makefile", "pyproject.toml"):
        assert "benchmarks" not in (tmp_path / "mine" / name).read_text()


def test_every_entry_of_this_project_is_copied_or_left_out_on_purpose() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a clone")
    entries = {line.split("/", 1)[0] for line in listed.stdout.splitlines()}
    assert entries - {*COPIED, *LEFT_OUT} == set(), "decide in ezazml/scaffold/template.py"


def test_questions_are_asked_again_until_the_answer_is_right(tmp_path: Path) -> None:
    answers = [
        "Dev",
        "dev",
        "Not_A_Prefix",
        "fabrikam",
        "atlantis",
        "westeurope",
        "12",
        SUBSCRIPTION,
        "cloud",
        "local",
        "",
    ]
    answer = run(str(tmp_path / "mine"), stdin="\n".join(answers) + "\n")
    assert answer.exit_code == 0, answer.output
    assert answer.output.count("Error: ") == 5
    loaded = load_environment("dev", root=tmp_path / "mine", environ={}).settings
    assert (loaded.prefix, loaded.subscription_id, loaded.backend.type) == ("fabrikam", SUBSCRIPTION, "local")
    # the computes have shorter names where the prefix leaves no room
    assert loaded.compute.instances[0].name == "ci"


def test_nobody_to_ask(tmp_path: Path) -> None:
    answer = run(str(tmp_path / "mine"), stdin="")
    assert isinstance(answer.exception, InputError)
    assert "There is nobody to ask; nothing was changed. Pass --yes" in str(answer.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--prefix", "My_Prefix"], "--prefix 'My_Prefix': makes the storage account name"),
        (["--prefix", "averylongprefixindeed"], "breaks the rule"),
        (["--prefix", "9lives"], "makes the key vault name"),
        (["--prefix", "fabrikam", "--environments", "production"], "makes the key vault name"),
        (["--location", "westeurop"], "'westeurop' is not a region of Azure. Did you mean westeurope?"),
        (["--environments", ""], "there must be at least one beside the sandbox"),
        (["--environments", "sandbox"], "there must be at least one beside the sandbox"),
        (["--environments", "dev,Prod"], "'Prod' breaks the rule"),
        (["--environments", "promotion"], "'promotion' is taken"),
        (["--environments", "../dev"], "breaks the rule"),
        (["--subscription", "my-subscription"], "is not an id of the form"),
        (["--subscription", f"test={SUBSCRIPTION}"], "'test' is none of the environments dev, uat, prd"),
        (["--backend", "s3"], "'s3' is not azurerm or local"),
        (["--github", "contoso"], "'contoso' is not a repository. Write it as owner/name"),
        (["--github", "contoso/ml;rm"], "is not a repository"),
    ],
)
def test_wrong_answers_leave_nothing(tmp_path: Path, options: list[str], message: str) -> None:
    answer = run(str(tmp_path / "mine"), "--yes", *options)
    assert isinstance(answer.exception, InputError), answer.output
    assert message in str(answer.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_subscription_for_one_environment(tmp_path: Path) -> None:
    other = SUBSCRIPTION.replace("5", "6")
    run(str(tmp_path / "mine"), "--yes", "--subscription", f"prd={other}", "--subscription", SUBSCRIPTION)
    found = {name: settings(tmp_path / "mine", name)["subscription_id"] for name in ("dev", "uat", "prd")}
    assert found == {"dev": SUBSCRIPTION, "uat": SUBSCRIPTION, "prd": other}


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert run(str(tmp_path / "mine"), "--yes").exit_code == 0
    answer = run(str(tmp_path / "mine"), "--yes")
    assert isinstance(answer.exception, InputError)
    assert "is not empty: it has .gitattributes, .github, .gitignore and more. Nothing was written." in str(
        answer.exception
    )
    file = tmp_path / "file"
    file.write_text("mine")
    assert "is a file. Give a new folder" in str(run(str(file), "--yes").exception)
    assert file.read_text() == "mine"


def test_a_project_inside_of_the_template_is_refused() -> None:
    answer = run(str(ROOT / "docs" / "new-project"), "--yes")
    assert "is inside of the project that is copied" in str(answer.exception)
    assert not (ROOT / "docs" / "new-project").exists()


def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_folder: Path) -> list[str]:
        raise EzazmlError("the disk is full")

    monkeypatch.setattr(scaffold, "_write_golden_files", fail)
    assert "the disk is full" in str(run(str(tmp_path / "mine"), "--yes").exception)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_may_come_from_the_originals_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("--yes", PROJECT_FOLDER_NAME="from-variable").exit_code == 0
    assert (tmp_path / "from-variable" / "main.py").is_file()
    answer = run("--yes", PROJECT_FOLDER_NAME="../elsewhere")
    assert "PROJECT_FOLDER_NAME: '../elsewhere' is not the name of a folder" in str(answer.exception)


def test_another_copy_of_the_project_is_the_template(tmp_path: Path) -> None:
    run(str(tmp_path / "first"), "--yes", "--prefix", "first")
    readme = tmp_path / "first" / "docs" / "ours.md"
    readme.write_text("our own page")
    answer = run(str(tmp_path / "second"), "--yes", EZAZML_REPOSITORY_URL=str(tmp_path / "first"))
    # what an own project left out is not missed, except for what is edited
    assert isinstance(answer.exception, EzazmlError)
    with template_folder(str(tmp_path / "first")) as folder:
        assert (folder / "docs" / "ours.md").is_file()


def test_a_folder_that_is_no_project(tmp_path: Path) -> None:
    answer = run(str(tmp_path / "mine"), "--yes", EZAZML_REPOSITORY_URL=str(tmp_path))
    assert isinstance(answer.exception, InputError)
    assert "is no whole project: cdktf.json, main.py" in str(answer.exception)


def test_an_address_that_cannot_be_cloned_does_not_tell_its_token(tmp_path: Path) -> None:
    answer = run(str(tmp_path / "mine"), "--yes", EZAZML_REPOSITORY_URL="file://x:t0ken@/nowhere/at-all")
    assert isinstance(answer.exception, EzazmlError)
    assert "git cannot clone file:///nowhere/at-all" in str(answer.exception)
    assert "t0ken" not in str(answer.exception)
