"""How does a batch deployment go through its files? ``init()`` once, then ``run(mini_batch)`` with lists of files.

``python batch.py SETTINGS.json`` in the runtime. What ``run`` returns becomes the rows of the output file: a list's
items one per line, a table with spaces between its columns and no header (Microsoft Learn, "Author scoring scripts
for batch deployments"). A mini-batch that fails is tried again; files that stay without a result are counted, and
more of them than the threshold allows end the job.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import traceback
from pathlib import Path
from typing import Any


class _Job:
    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._failed = 0
        self._rows = 0

    def run(self) -> None:
        """Load the script, and go through the files."""
        script = Path(self._settings["script"])
        sys.path.insert(0, str(script.parent))
        spec = importlib.util.spec_from_file_location("scoring_script", script)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.init()
        files: list[str] = self._settings["files"]
        size: int = self._settings["mini_batch_size"]
        output = Path(self._settings["output_file"])
        with output.open("w", encoding="utf-8") as rows:
            for start in range(0, len(files), size):
                self._one(module, files[start : start + size], rows)
        if self._settings["output_action"] != "AppendRow":
            output.unlink()
        _say(f"{len(files)} files, {self._rows} rows, {self._failed} failed.")

    def _one(self, module: Any, batch: list[str], rows: Any) -> None:
        tries = 1 + int(self._settings["max_retries"])
        for left in reversed(range(tries)):
            try:
                result = module.run(batch)
                lines = _lines(result)
                break
            except Exception:
                traceback.print_exc()
                _say(f"The mini-batch of {len(batch)} files failed" + (f"; {left} more tries." if left else "."))
        else:
            self._fail(len(batch))
            return
        rows.writelines(line + "\n" for line in lines)
        self._rows += len(lines)
        self._fail(max(0, len(batch) - len(lines)))

    def _fail(self, count: int) -> None:
        self._failed += count
        most = int(self._settings["error_threshold"])
        if 0 <= most < self._failed:
            sys.exit(f"{self._failed} files failed; error_threshold allows {most}.")


def _lines(result: Any) -> list[str]:
    if hasattr(result, "to_csv") and hasattr(result, "columns"):
        text: str = result.to_csv(sep=" ", header=False, index=False)
        return text.splitlines()
    if not hasattr(result, "__iter__") or isinstance(result, str | bytes | dict):
        raise TypeError(f"run() must return a list or a pandas.DataFrame, not {type(result).__name__}.")
    return [str(item).replace("\n", " ") for item in result]


def _say(text: str) -> None:
    sys.stdout.write(f"[batch] {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _Job(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).run()
