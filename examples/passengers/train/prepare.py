"""Which passengers are trained on? Drops rows without an answer and rows that stand twice; the pipeline's first step."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd


def main() -> None:
    """Read, clean, write."""
    parser = argparse.ArgumentParser(description="Clean the passengers.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--prepared", type=Path, required=True, help="Folder for passengers.csv.")
    arguments = parser.parse_args()
    files = sorted(arguments.data.glob("*.csv")) if arguments.data.is_dir() else [arguments.data]
    passengers = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
    kept = passengers.dropna(subset=["survived"]).drop_duplicates("passenger_id")
    arguments.prepared.mkdir(parents=True, exist_ok=True)
    kept.to_csv(arguments.prepared / "passengers.csv", index=False)
    print(f"{len(kept)} of {len(passengers)} rows kept")


if __name__ == "__main__":
    main()
