"""Where does the example's data come from? Made here, the same on every machine: no person is in it.

python examples/passengers/make_data.py writes assets/data/passengers/passengers.csv.
"""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path

_ROWS = 400
_SEED = 1912
_FILE = Path(__file__).resolve().parents[2] / "assets" / "data" / "passengers" / "passengers.csv"
_COLUMNS = ("passenger_id", "class", "sex", "age", "siblings", "fare", "port", "survived")
_FARES = {1: 80.0, 2: 22.0, 3: 9.0}
_MISSING_AGES = 0.1


def passengers(rows: int = _ROWS) -> list[tuple[object, ...]]:
    """Made-up passengers of a ship. Who survives depends on class, sex and age, with chance on top."""
    # Not for secrets: the same numbers each time are the point.
    chance = random.Random(_SEED)
    made: list[tuple[object, ...]] = []
    for number in range(1, rows + 1):
        travels = chance.choices((1, 2, 3), (24, 21, 55))[0]
        sex = chance.choices(("female", "male"), (36, 64))[0]
        age = max(1, round(chance.gauss(44 - 6 * travels, 13)))
        siblings = chance.choices((0, 1, 2, 3), (68, 23, 6, 3))[0]
        fare = round(_FARES[travels] * math.exp(chance.gauss(0, 0.35)), 2)
        port = chance.choices(("S", "C", "Q"), (72, 19, 9))[0]
        leaning = 1.9 * (sex == "female") - 0.9 * (travels - 2) - 0.025 * (age - 30) - 0.9
        survived = int(chance.random() < 1 / (1 + math.exp(-leaning)))
        shown_age: object = "" if chance.random() < _MISSING_AGES else age
        made.append((number, travels, sex, shown_age, siblings, f"{fare:.2f}", port, survived))
    return made


def main() -> None:
    """Write the file."""
    with _FILE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(passengers())


if __name__ == "__main__":
    main()
