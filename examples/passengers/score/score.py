"""What does the endpoint answer? Azure ML's inference server calls init() once and run() for every request."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from azureml.contrib.services.aml_response import AMLResponse

_LOG = logging.getLogger(__name__)
_NUMBERS = ["class", "age", "siblings", "fare"]
_COLUMNS = [*_NUMBERS, "sex", "port"]

model: Any = None


def init() -> None:
    """Load the model. AZUREML_MODEL_DIR is where Azure ML put its files."""
    global model  # noqa: PLW0603 - Azure ML's way
    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    files = sorted(folder.rglob("model.joblib"))
    if not files:
        raise FileNotFoundError(f"{folder} holds no model.joblib")
    model = joblib.load(files[0])
    _LOG.info("loaded %s", files[0].name)


def run(raw_data: str) -> Any:
    """The predictions of a request in the form that MLflow models take too (sample-request.json)."""
    try:
        table = json.loads(raw_data)["input_data"]
        rows = pd.DataFrame(table["data"], columns=table["columns"])[_COLUMNS]
        rows = rows.astype(dict.fromkeys(_NUMBERS, "float64"))
    except (KeyError, TypeError, ValueError) as error:
        return AMLResponse(
            {"error": f'The request must be {{"input_data": {{"columns": {_COLUMNS}, "data": [...]}}}}: {error}'}, 400
        )
    return [int(value) for value in model.predict(rows)]
