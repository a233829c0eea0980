"""How does a model of MLflow go through files without a scoring script? As the script that Azure ML puts in its place.

Reads CSV and parquet; a row of the output is the file's name and the prediction (Microsoft Learn, "Deploy MLflow
models in batch deployments").
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy
import pandas

_MODEL: dict[str, Any] = {}


def init() -> None:
    """Load the model that the deployment names."""
    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    found = sorted(folder.rglob("MLmodel"), key=lambda file: len(file.parts))
    if not found:
        raise RuntimeError(f"There is no MLmodel file in the model (AZUREML_MODEL_DIR={folder}).")
    _MODEL["model"] = mlflow.pyfunc.load_model(str(found[0].parent))


def run(mini_batch: list[str]) -> list[list[Any]]:
    """The predictions of every row of every file."""
    rows: list[list[Any]] = []
    for name in mini_batch:
        predicted = _MODEL["model"].predict(_typed(_read(Path(name))))
        rows += [[Path(name).name, value] for value in numpy.asarray(predicted).tolist()]
    return rows


def _read(file: Path) -> pandas.DataFrame:
    if file.suffix == ".parquet":
        return pandas.read_parquet(file)
    if file.suffix in (".csv", ".tsv", ".txt"):
        return pandas.read_csv(file, sep="\t" if file.suffix == ".tsv" else ",")
    raise ValueError(f"{file.name}: models of MLflow without a script read .csv and .parquet.")


def _typed(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Whole numbers go into columns of floats, where the model wants floats."""
    signature = _MODEL["model"].metadata.signature
    schema = signature.inputs if signature else None
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return frame
    for name, kind in zip(schema.input_names(), schema.pandas_types(), strict=True):
        if name in frame and pandas.api.types.is_integer_dtype(frame[name]) and numpy.dtype(kind).kind in "fiu":
            frame[name] = frame[name].astype(kind)
    return frame
