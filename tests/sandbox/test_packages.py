"""What the sandbox installs for a conda file, what it leaves out, and what it refuses because it cannot have it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sandbox.compute import packages
from sandbox.compute.conda import read_conda
from sandbox.compute.errors import ComputeError

RUNTIME = {"numpy": "2.4.6", "scikit-learn": "1.9.1", "mlflow-skinny": "2.22.5", "azureml-inference-server-http": "1.5"}


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime with a few packages, which nobody has to install."""
    monkeypatch.setattr(packages, "_installed", lambda _runtime: RUNTIME)


def wanted(text: str) -> packages.Wanted:
    return packages.of_conda(text, "the environment e:1", Path("/runtime"))


def conda(*lines: str) -> str:
    return "dependencies:\n" + "".join(f"- {line}\n" for line in lines)


def pip(*lines: str) -> str:
    return "dependencies:\n- pip:\n" + "".join(f"  - {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "installed"),
    [
        (conda("numpy=2.3.1"), ("numpy==2.3.1.*",)),
        (conda("numpy=2.4"), ()),
        (conda("numpy=2.4.5=py311_0"), ("numpy==2.4.5.*",)),
        (conda("numpy==2.4.6"), ()),
        (conda("conda-forge::scipy>=1.5,<2"), ("scipy<2,>=1.5",)),
        (conda("pytorch", "scikit-learn"), ("torch",)),
        (pip("scikit-learn==1.7.0", "joblib"), ("scikit-learn==1.7.0", "joblib")),
        (pip("azureml-inference-server-http==1.4.1"), ("azureml-inference-server-http==1.4.1",)),
        (pip("inference-schema[numpy-support]"), ("inference-schema[numpy-support]",)),
        (pip("numpy; python_version < '3'"), ()),
        (pip("mlflow", "azureml-defaults", "pip", "wheel"), ()),
        (pip("mlflow==1.30.0"), ("mlflow==1.30.0",)),
        (pip("thing @ https://example.com/thing.zip#sha256=ab"), ("thing @ https://example.com/thing.zip#sha256=ab",)),
        ("name: only-a-name\n", ()),
        ("", ()),
    ],
)
def test_only_what_the_runtime_lacks_is_installed(text: str, installed: tuple[str, ...]) -> None:
    assert wanted(text).packages == installed


@pytest.mark.parametrize("line", ["python=3.8", "python=3.12.4", "python<3"])
def test_another_python_is_said_and_remembered_for_a_failure(line: str) -> None:
    need = wanted(conda(line, "numpy"))
    assert need.packages == ()
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert f"the sandbox runs it with {here}" in need.remarks[0]
    assert need.caution.endswith(f"the sandbox has {here}.")


@pytest.mark.parametrize("line", ["python", "python>=3.8", f"python={sys.version_info[0]}.{sys.version_info[1]}"])
def test_the_python_that_is_there_needs_no_remark(line: str) -> None:
    assert wanted(conda(line)) == packages.Wanted()


def test_options_of_pip_are_left_out_and_said_without_their_logins() -> None:
    need = wanted(pip("--extra-index-url=https://user:secret@example.com/simple", "-f https://a:b@c", "numpy"))
    assert [remark.split(" is left out")[0] for remark in need.remarks] == [
        "The conda file's --extra-index-url",
        "The conda file's -f",
    ]
    assert "secret" not in str(need)


def test_what_has_an_own_answer_here_is_left_out_and_said() -> None:
    assert wanted(pip("azureml-mlflow", "azureml-core")).remarks == (
        "azureml-mlflow is left out: the sandbox tracks with MLflow's own files.",
        "azureml-core is left out: jobs of the sandbox use azure-ai-ml.",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (conda("r-base=4.1"), "names 'r-base', which is no Python package. The sandbox has no conda"),
        (conda("cudatoolkit=11.8"), "names 'cudatoolkit', which is no Python package"),
        (conda("libgcc-ng"), "no Python package"),
        (pip("-r requirements.txt"), "asks pip for '-r requirements.txt', a file that is not in it"),
        (pip("-e ."), "a file that is not in it"),
        (pip("git+https://example.com/a.git"), "which is no requirement"),
        (conda("numpy=>1"), "which pip does not understand"),
        (conda("'??'"), "which is no package"),
        ("dependencies: [", "is no YAML"),
    ],
)
def test_what_it_cannot_have_is_refused_with_the_environments_name(text: str, said: str) -> None:
    with pytest.raises(ComputeError, match="the environment e:1") as raised:
        wanted(text)
    assert said in str(raised.value)


@pytest.mark.parametrize("name", ["librosa", "makefun", "gitpython", "rich", "cudf"])
def test_packages_of_python_with_similar_names_are_none_of_those(name: str) -> None:
    assert [one.name for one in read_conda(conda(name), "e").requirements] == [name]


def test_an_image_is_not_run_and_the_remark_says_which() -> None:
    body = {
        "id": "/w/environments/env/versions/3",
        "properties": {"image": "python:latest", "condaFile": conda("numpy")},
    }
    need = packages.of_environment(body, Path("/runtime"))
    assert need.remarks == (
        "Environment env:3: the image (python:latest) is not run; its packages run on this machine's Python.",
    )
