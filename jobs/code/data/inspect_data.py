"""What is in an MLTable? Runs in Azure Machine Learning: prints the table's paths and its first rows."""

from __future__ import annotations

import argparse
from pathlib import Path

import mltable


def main() -> None:
    """Print the file ``MLTable`` and the first rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True, help="Folder of the MLTable.")
    parser.add_argument("--rows", type=int, default=5)
    arguments = parser.parse_args()
    table = mltable.load(str(arguments.table))
    print("Paths:")  # noqa: T201
    for entry in table.paths:
        for kind, path in entry.items():
            print(f"  {kind}: {path}")  # noqa: T201
    print(f"First {arguments.rows} rows:")  # noqa: T201
    print(table.take(arguments.rows).to_pandas_dataframe().to_string())  # noqa: T201


if __name__ == "__main__":
    main()
