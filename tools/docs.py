"""Which parts of the documentation are made from the code? ``python -m tools.docs`` writes them.

A test compares the files with the code, so they cannot go stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ezazml.config.models import EnvironmentModel
from ezazml.config.paths import field_at, format_path, is_list, is_secret, item_models, leaf_fields, models_in
from ezazml.config.variables import ENVIRONMENT_VARIABLES, ORIGINAL_VARIABLES, STATE_ACCOUNT_VARIABLE
from sandbox.azureml_api.base import WORKSPACE
from sandbox.hosts import HOSTS
from sandbox.terraform_provider.rules import DATA_SOURCES, RESOURCES
from tools.access_docs import access_table, bundles_table

ROOT = Path(__file__).resolve().parent.parent
_BEGIN, _END = "<!-- made by tools/docs.py: begin {} -->", "<!-- made by tools/docs.py: end {} -->"


def settings_table() -> str:
    """Every setting with its default and description."""
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    lines += _rows(EnvironmentModel, "")
    return "\n".join(lines)


def variables_table() -> str:
    """Every variable of the original tool and the setting it sets."""
    lines = ["| variable | setting |", "|---|---|"]
    lines += [f"| `{name}` | `{target}` |" for name, target in ORIGINAL_VARIABLES.items()]
    lines += [f"| `{name}_<env>` | `{target}` |" for name, target in ENVIRONMENT_VARIABLES.items()]
    lines.append(f"| `{STATE_ACCOUNT_VARIABLE}` | `backend` (type azurerm, subscription, group and account) |")
    return "\n".join(lines)


def coverage_table() -> str:
    """Every type that the sandbox knows."""
    lines = ["| type | in Azure | a change of these replaces it |", "|---|---|---|"]
    for name, rules in sorted(RESOURCES.items()):
        azure = getattr(rules, "arm_type", None) or getattr(rules, "graph_type", "part of another object")
        replaced = ", ".join(f"`{path}`" for path in sorted(rules.force_new))
        lines.append(f"| `{name}` | {azure} | {replaced or 'nothing'} |")
    lines += [f"| `data.{name}` | | |" for name in sorted(DATA_SOURCES)]
    return "\n".join(lines)


def hosts_table() -> str:
    """Every host that the sandbox's service answers for."""
    lines = ["| host | what it is | operations |", "|---|---|---|"]
    for host in HOSTS:
        catches_all = any(route.path == "/{rest*}" for route in host.routes)
        count = "every one is refused, with the reason" if catches_all else str(len(list(host.routes)))
        lines.append(f"| `{host.name}` | {host.title} | {count} |")
    return "\n".join(lines)


def operations_table() -> str:
    """Every operation that the sandbox's service answers, by host. ``WS`` stands for a workspace's path."""
    lines = ["| operation | path | what it does |", "|---|---|---|"]
    for host in HOSTS:
        for route in host.routes:
            if route.path != "/{rest*}":
                path = route.path.replace(WORKSPACE, "WS")
                path = path if path.startswith("WS") else host.name + path
                lines.append(f"| {route.method} | `{path}` | {route.title} |")
    return "\n".join(lines)


PARTS = {
    ("docs/configuration.md", "settings"): settings_table,
    ("docs/configuration.md", "variables"): variables_table,
    ("docs/sandbox.md", "coverage"): coverage_table,
    ("docs/security.md", "access"): access_table,
    ("docs/security.md", "bundles"): bundles_table,
    ("docs/sandbox.md", "hosts"): hosts_table,
    ("docs/sandbox-operations.md", "operations"): operations_table,
}


def with_parts(path: str, text: str) -> str:
    """``text`` of the file at ``path`` with the parts made anew."""
    for (file, part), make in PARTS.items():
        if file == path:
            begin, end = _BEGIN.format(part), _END.format(part)
            before, rest = text.split(begin, 1)
            after = rest.split(end, 1)[1]
            text = f"{before}{begin}\n{make()}\n{end}{after}"
    return text


def _rows(model: type[BaseModel], prefix: str) -> list[str]:
    rows: list[str] = []
    for path, annotation in leaf_fields(model):
        setting = prefix + format_path(path)
        if is_secret(annotation):
            rows.append(f"| `{setting}` | | A secret: set by variable only. |")
            continue
        parent: Any = field_at(model, path[:-1]) if len(path) > 1 else model
        rows.append(_row(setting, parent, str(path[-1])))
        for item in item_models(annotation) if is_list(annotation) else []:
            rows += _rows(item, f"{setting}[].")
    return list(dict.fromkeys(rows))


def _row(setting: str, parent: Any, name: str) -> str:
    owner = next(group for group in models_in(parent) if name in group.model_fields)
    field = owner.model_fields[name]
    default = "required" if field.is_required() else field.get_default(call_default_factory=True)
    shown = "" if default in (None, (), {}) else f"`{default}`"
    return f"| `{setting}` | {shown} | {field.description or ''} |"


def main() -> None:
    """Write the parts into their files."""
    for file in {file for file, _ in PARTS}:
        path = ROOT / file
        path.write_text(with_parts(file, path.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"Wrote {file}")  # noqa: T201


if __name__ == "__main__":
    main()
