"""In which packages a job and a model run: the runtime, a layer on it, or a clear message that it cannot be."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.compute import packages
from sandbox.compute.environments import environment_of, environment_of_model
from sandbox.compute.errors import ComputeError
from sandbox.compute.process import Log
from sandbox.compute.runtime import Runtime, python_of
from sandbox.compute.runtime import folder as runtime_folder

WORKSPACE = {"id": "/w", "name": "workspace"}
METADATA = {
    "METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "RECORD": "",
}


class Layers:
    """A runtime that remembers what it shall install."""

    def __init__(self) -> None:
        self.asked: tuple[str, ...] | None = None
        self.error: ComputeError | None = None

    def ready(self, _say: Any) -> Path:
        return runtime_folder()

    def layer(self, wanted: tuple[str, ...], _say: Any) -> Path:
        if self.error is not None:
            raise self.error
        self.asked = wanted
        return Path("/layer")


@pytest.fixture
def layers(monkeypatch: pytest.MonkeyPatch) -> Layers:
    monkeypatch.setattr(packages, "_installed", lambda _runtime: {"numpy": "2.4.6"})
    return Layers()


def context(layers: Layers, environments: dict[str, Any] | None = None) -> Any:
    store = SimpleNamespace(get=(environments or {}).get)
    return SimpleNamespace(runtime=layers, records=SimpleNamespace(read=lambda ask: ask(store)))


def log(folder: Path) -> Log:
    return Log(folder / "log.txt", lambda: ())


def model(folder: Path, conda: str | None) -> Path:
    inner = folder / "models" / "m" / "1" / "model"
    inner.mkdir(parents=True)
    (inner / "MLmodel").write_text("flavors: {}\n")
    if conda is not None:
        (inner / "conda.yaml").write_text(conda)
    return folder / "models" / "m" / "1"


def test_a_model_runs_with_the_packages_of_its_conda_file(layers: Layers, tmp_path: Path) -> None:
    made = model(tmp_path, "dependencies:\n- pip:\n  - numpy==2.3.1\n  - lightgbm==4.6.0\n")
    assert environment_of_model(context(layers), made, log(tmp_path)) == Path("/layer")
    assert layers.asked == ("numpy==2.3.1", "lightgbm==4.6.0")


@pytest.mark.parametrize("has_model", [True, False])
def test_without_a_conda_file_a_model_runs_in_the_runtime_and_the_log_says_so(
    layers: Layers, tmp_path: Path, *, has_model: bool
) -> None:
    made = model(tmp_path, None) if has_model else None
    assert environment_of_model(context(layers), made, log(tmp_path)) == runtime_folder()
    assert "The model has no conda.yaml" in log(tmp_path).tail(1)


def test_what_cannot_be_installed_fails_with_the_environment_and_the_python_it_wanted(
    layers: Layers, tmp_path: Path
) -> None:
    layers.error = ComputeError("The packages cannot be installed: no matching distribution.")
    body = {
        "id": "/w/environments/old/versions/1",
        "properties": {"image": "i", "condaFile": "dependencies: [python=3.6, numpy=1.19]"},
    }
    at = context(layers, {"/w/environments/old/versions/1": body})
    with pytest.raises(ComputeError) as raised:
        environment_of(at, WORKSPACE, "azureml:old:1", log(tmp_path))
    assert "azureml:old:1 cannot be installed here. It asks for Python ==3.6.*;" in str(raised.value)
    assert "no matching distribution" in str(raised.value)


@pytest.mark.parametrize("reference", ["azureml://registries/azureml/environments/sklearn/versions/1", None])
def test_an_environment_of_a_registry_or_none_is_the_runtime(
    layers: Layers, tmp_path: Path, reference: str | None
) -> None:
    assert environment_of(context(layers), WORKSPACE, reference, log(tmp_path)) == runtime_folder()
    assert ("the sandbox's own packages run instead" in log(tmp_path).tail(1)) == bool(reference)


@pytest.mark.runtime
def test_a_layer_adds_packages_to_the_runtime_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "SIZE = 1\n")
        for name, text in METADATA.items():
            wheel.writestr(f"tiny-1.0.dist-info/{name}", text)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    runtime = Runtime(tmp_path / "layers")
    said: list[str] = []
    made = runtime.layer(["tiny==1.0"], said.append)
    program = [str(python_of(made)), "-c", "import tiny, sklearn; print(tiny.SIZE)"]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout == "1\n"
    assert runtime.layer(["tiny==1.0"], said.append) == made
    assert said == ["Installing what the environment has beyond the runtime: tiny==1.0."]
