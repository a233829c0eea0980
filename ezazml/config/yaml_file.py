"""What does a YAML file say, and on which line? Reads it with the place of every value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ezazml.config.paths import Path as SettingPath
from ezazml.config.paths import format_path
from ezazml.errors import ConfigurationError, Problem

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class YamlFile:
    """Contents of a YAML file: the data, and the line of every key and value by its path."""

    label: str
    data: dict[str, Any]
    lines: dict[SettingPath, int]


def read_yaml(path: Path, *, label: str) -> YamlFile:
    """Read ``path``; ``label`` is how messages name it.

    Raises :class:`ConfigurationError` for invalid YAML (with line and column), a key that stands twice and a
    file that is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _problem(label, f"is not UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from error
    except OSError as error:
        raise _problem(label, f"cannot be read: {error.strerror}.", "Check the file.") from error
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return YamlFile(label, {}, {})
        if not isinstance(node, yaml.MappingNode):
            raise _problem(
                f"{label}:{node.start_mark.line + 1}",
                "must hold settings as `name: value` lines, not a list or a single value.",
                "Start with, for example, `location: westeurope`.",
            )
        lines: dict[SettingPath, int] = {}
        _collect_lines(node, (), lines, label, frozenset())
        data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise _invalid(label, error) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: PyYAML builds dates such as 2026-13-45 with datetime, which refuses them.
        raise _problem(label, f"is not valid YAML: {error}.", "Correct the file.") from error
    finally:
        loader.dispose()
    return YamlFile(label, data, lines)


def _collect_lines(
    node: yaml.Node, path: SettingPath, lines: dict[SettingPath, int], label: str, above: frozenset[int]
) -> None:
    if id(node) in above:
        raise _problem(f"{label}:{node.start_mark.line + 1}", "an alias refers to itself.", "Remove the alias.")
    above = above | {id(node)}
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in seen:
                raise ConfigurationError(
                    [
                        Problem(
                            f"{label}:{line}",
                            format_path((*path, key)),
                            f"stands twice, first on line {seen[key]}.",
                            "Keep one of them.",
                        )
                    ]
                )
            seen[key] = line
            lines[(*path, key)] = line
            _collect_lines(value_node, (*path, key), lines, label, above)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _collect_lines(item, (*path, index), lines, label, above)


def _invalid(label: str, error: yaml.MarkedYAMLError) -> ConfigurationError:
    mark = error.problem_mark or error.context_mark
    where = f"{label}:{mark.line + 1}:{mark.column + 1}" if mark else label
    problem = " ".join(text for text in (error.context, error.problem) if text)
    return _problem(where, f"is not valid YAML: {problem}.", "Correct the indentation or the quotes there.")


def _problem(where: str, message: str, fix: str) -> ConfigurationError:
    return ConfigurationError([Problem(where, "", message, fix)])
