"""How does a model of MLflow go through files without a scoring script? As the script that Azure ML puts in its place.

Reads CSV and parquet; a line of the output is the number of the row in its file, the prediction and the file's name,
with commas (Azure's own example mlflow-for-batch-tabular reads them so).
"""

from __future__ import annotations

import csv
import io
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


def run(mini_batch: list[str]) -> list[str]:
    """A line for every row of every file."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for name in mini_batch:
        predicted = numpy.asarray(_MODEL["model"].predict(_typed(_read(Path(name))))).tolist()
        writer.writerows([number, value, Path(name).name] for number, value in enumerate(predicted))
    return lines.getvalue().splitlines()


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
