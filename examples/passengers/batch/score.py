"""How are many passengers scored at once? Azure ML calls init() once and run() for every small pile of files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

_NUMBERS = ["class", "age", "siblings", "fare"]
_COLUMNS = [*_NUMBERS, "sex", "port"]

model: Any = None


def init() -> None:
    """Load the model. AZUREML_MODEL_DIR is where Azure ML put its files."""
    global model  # noqa: PLW0603 - Azure ML's way
    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    model = joblib.load(next(iter(sorted(folder.rglob("model.joblib")))))


def run(mini_batch: list[str]) -> pd.DataFrame:
    """One row for each passenger in the files: who, and the prediction."""
    tables = []
    for path in mini_batch:
        passengers = pd.read_csv(path)
        rows = passengers[_COLUMNS].astype(dict.fromkeys(_NUMBERS, "float64"))
        tables.append(pd.DataFrame({"passenger_id": passengers["passenger_id"], "survived": model.predict(rows)}))
    return pd.concat(tables, ignore_index=True)
