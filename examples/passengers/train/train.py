"""How is the example's model made? Reads the passengers, trains, measures on held-out rows, saves the model.

It runs as an Azure ML job and by hand alike: python train.py --data ../../../assets/data/passengers --model /tmp/model
"""

from __future__ import annotations

import argparse
from pathlib import Path

import joblib
import mlflow
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["class", "age", "siblings", "fare"]
CATEGORIES = ["sex", "port"]
TARGET = "survived"
SEED = 1912


def main() -> None:
    """Train and save."""
    arguments = _arguments()
    passengers = read(arguments.data)
    train, test = train_test_split(
        passengers, test_size=arguments.test_share, random_state=SEED, stratify=passengers[TARGET]
    )
    model = build(arguments.regularisation)
    with mlflow.start_run():
        mlflow.log_params({"regularisation": arguments.regularisation, "test_share": arguments.test_share})
        model.fit(_features(train), train[TARGET])
        metrics = measure(model, test)
        mlflow.log_metrics(metrics)
        save(model, _features(test).head(3), arguments.model)
    for name, value in metrics.items():
        print(f"{name}: {value:.4f}")


def read(path: Path) -> pd.DataFrame:
    """The rows of a CSV file, or of every CSV file in a folder."""
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise SystemExit(f"{path} holds no CSV file.")
    passengers = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
    missing = sorted({*NUMBERS, *CATEGORIES, TARGET} - set(passengers))
    if missing:
        raise SystemExit(f"{path} lacks the columns {', '.join(missing)}.")
    # Requests come as JSON, where 3 and 3.0 are the same: one type for all numbers.
    return passengers.astype(dict.fromkeys(NUMBERS, "float64"))


def build(regularisation: float) -> Pipeline:
    """Preparation and model in one, so that scoring prepares its rows as training did."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = make_column_transformer((numbers, NUMBERS), (OneHotEncoder(handle_unknown="ignore"), CATEGORIES))
    return make_pipeline(columns, LogisticRegression(C=regularisation, max_iter=1000))


def measure(model: Pipeline, test: pd.DataFrame) -> dict[str, float]:
    """How well it predicts rows that it has not seen."""
    chances = model.predict_proba(_features(test))[:, 1]
    predicted = model.predict(_features(test))
    return {
        "accuracy": float(accuracy_score(test[TARGET], predicted)),
        "f1": float(f1_score(test[TARGET], predicted)),
        "roc_auc": float(roc_auc_score(test[TARGET], chances)),
        "log_loss": float(log_loss(test[TARGET], chances)),
    }


def save(model: Pipeline, sample: pd.DataFrame, folder: Path) -> None:
    """As an MLflow model, which is served without code, with a joblib file in it for score.py."""
    folder.mkdir(parents=True, exist_ok=True)
    signature = mlflow.models.infer_signature(sample, model.predict(sample))
    mlflow.sklearn.save_model(model, str(folder), signature=signature, serialization_format="cloudpickle")
    joblib.dump(model, folder / "model.joblib")


def _features(passengers: pd.DataFrame) -> pd.DataFrame:
    return passengers[NUMBERS + CATEGORIES]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the example's model.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="Where the model goes; empty or new.")
    parser.add_argument("--regularisation", type=float, default=1.0)
    parser.add_argument("--test-share", type=float, default=0.25)
    return parser.parse_args()


if __name__ == "__main__":
    main()
