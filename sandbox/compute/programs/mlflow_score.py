"""How does a model of MLflow answer without a scoring script? As the script that Azure ML puts in its place.

Takes ``input_data`` (Azure ML: a split table, a list of records, of lists, or columns) or MLflow's own
``dataframe_split``, ``dataframe_records``, ``instances`` and ``inputs`` (Microsoft Learn, "Deploy MLflow models to
online endpoints", "Creating the input file"). Answers the predictions as JSON. Where the deployment collects
``model_inputs`` and ``model_outputs``, it logs both.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy
import pandas
from azureml.ai.monitoring import Collector
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

_KEYS = ("input_data", "dataframe_split", "dataframe_records", "instances", "inputs")
_COLLECTIONS = ("model_inputs", "model_outputs")
_MODEL: dict[str, Any] = {}
_COLLECTORS: dict[str, Collector] = {}


def init() -> None:
    """Load the model that the deployment names, and begin to collect what it declares."""
    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    found = sorted(folder.rglob("MLmodel"), key=lambda file: len(file.parts))
    if not found:
        raise RuntimeError(f"There is no MLmodel file in the model (AZUREML_MODEL_DIR={folder}).")
    _MODEL["model"] = mlflow.pyfunc.load_model(str(found[0].parent))
    config = os.environ.get("AZUREML_MDC_CONFIG_PATH")
    declared = json.loads(Path(config).read_text(encoding="utf-8"))["collections"] if config else {}
    _COLLECTORS.update({name: Collector(name=name, on_error=_say) for name in _COLLECTIONS if name in declared})


@rawhttp
def run(request: AMLRequest) -> AMLResponse:
    """Predict, or say what is wrong with the request."""
    try:
        sent = json.loads(request.get_data(as_text=True))
        data = _input(sent)
        parameters = sent.get("params") or sent.get("parameters")
        predicted = _MODEL["model"].predict(data, params=parameters) if parameters else _MODEL["model"].predict(data)
        _collect(data, predicted)
    except Exception as error:  # whatever the model says about the request is the answer
        sys.stdout.write(f"The request was not scored: {error}\n")
        sys.stdout.flush()
        return AMLResponse({"error": {"code": "BadArgument", "message": str(error)}}, 400, json_str=True)
    return AMLResponse(_plain(predicted), 200, json_str=True)


def _collect(data: Any, predicted: Any) -> None:
    """Both in one context, so that they can be put together again."""
    context = None
    for name, value in zip(_COLLECTIONS, (data, predicted), strict=True):
        if name in _COLLECTORS:
            context = _COLLECTORS[name].collect(_frame(value), context)


def _frame(value: Any) -> pandas.DataFrame:
    """Only tables are collected."""
    if isinstance(value, pandas.DataFrame):
        return value
    if isinstance(value, pandas.Series):
        return value.to_frame(value.name or "output")
    columns = None if getattr(value, "ndim", 1) > 1 else ["output"]
    frame = pandas.DataFrame(value, columns=columns)
    return frame.set_axis([str(column) for column in frame.columns], axis=1)


def _say(error: Exception) -> None:
    """The model answers all the same."""
    sys.stdout.write(f"The data is not collected: {error}\n")
    sys.stdout.flush()


def _input(sent: Any) -> Any:
    if not isinstance(sent, dict):
        raise ValueError(f"The request must be a JSON object with one of {', '.join(_KEYS)}.")
    key = next((key for key in _KEYS if key in sent), None)
    if key is None:
        raise ValueError(f"The request has none of {', '.join(_KEYS)}; it has: {', '.join(sent) or 'nothing'}.")
    value = sent[key]
    if isinstance(value, dict) and "data" in value:
        return _typed(pandas.DataFrame(value["data"], columns=value.get("columns"), index=value.get("index")))
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return _typed(pandas.DataFrame(value))
    if isinstance(value, dict):
        return _typed(pandas.DataFrame(value))
    return numpy.asarray(value) if _is_tensor() or key == "instances" else _typed(pandas.DataFrame(value))


def _schema() -> Any:
    signature = _MODEL["model"].metadata.signature
    return signature.inputs if signature else None


def _is_tensor() -> bool:
    schema = _schema()
    return bool(schema is not None and schema.is_tensor_spec())


def _typed(frame: pandas.DataFrame) -> pandas.DataFrame:
    """JSON has one kind of number: whole numbers go into columns of floats, where the model wants floats."""
    schema = _schema()
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return frame
    if isinstance(frame.columns, pandas.RangeIndex) and len(frame.columns) == len(schema.input_names()):
        frame.columns = schema.input_names()
    for name, kind in zip(schema.input_names(), schema.pandas_types(), strict=True):
        if name in frame and pandas.api.types.is_integer_dtype(frame[name]) and numpy.dtype(kind).kind in "fiu":
            frame[name] = frame[name].astype(kind)
    return frame


def _plain(value: Any) -> Any:
    if isinstance(value, pandas.DataFrame):
        return json.loads(value.to_json(orient="records"))
    if isinstance(value, pandas.Series | numpy.ndarray):
        return value.tolist()
    return [_plain(item) for item in value] if isinstance(value, list) else value
