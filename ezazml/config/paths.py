"""How is a setting named? Paths such as ``compute.clusters[0].size``, and the settings that there are."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

Path = tuple[str | int, ...]


def format_path(path: Path) -> str:
    """``("compute", "clusters", 0, "size")`` as ``compute.clusters[0].size``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def parse_path(text: str) -> Path:
    """The reverse of :func:`format_path`."""
    parts: list[str | int] = []
    for piece in text.split("."):
        name, *indexes = piece.replace("]", "").split("[")
        parts.append(name)
        parts.extend(int(index) for index in indexes)
    return tuple(parts)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The setting groups that a field's type may hold (one, several for a union, none for a plain value)."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return models_in(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [model for argument in get_args(annotation) for model in models_in(argument)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return []


def is_list(annotation: Any) -> bool:
    """Whether a field holds a list."""
    return get_origin(annotation) in (tuple, list)


def item_models(annotation: Any) -> list[type[BaseModel]]:
    """The setting groups in a list field, such as one cluster of ``compute.clusters``."""
    return models_in(get_args(annotation)[0]) if is_list(annotation) else []


def is_secret(annotation: Any) -> bool:
    """Whether a field holds a secret."""
    return SecretStr in (annotation, *get_args(annotation))


def leaf_fields(model: type[BaseModel], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every setting with a value of its own below ``model``, with its type. Lists count as one setting."""
    for name, field in model.model_fields.items():
        annotation = field.annotation
        groups = models_in(annotation)
        for group in groups:
            yield from leaf_fields(group, (*path, name))
        if not groups:
            yield (*path, name), annotation


def field_at(model: type[BaseModel], path: Path) -> Any:
    """The type of the setting at ``path``, or ``None`` when there is no such setting."""
    annotation: Any = model
    for part in path:
        if isinstance(part, int):
            if not is_list(annotation):
                return None
            annotation = get_args(annotation)[0]
            continue
        for group in models_in(annotation):
            if part in group.model_fields:
                annotation = group.model_fields[part].annotation
                break
        else:
            return None
    return annotation


def valid_keys(model: type[BaseModel], path: Path) -> list[str]:
    """Keys that may stand in the group at ``path``."""
    annotation = field_at(model, path)
    return sorted({name for group in models_in(annotation) for name in group.model_fields})


def flatten(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf value of nested mappings and lists. Empty ones are leaves, and so are lists of plain values."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from flatten(item, (*path, key))
    elif isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from flatten(item, (*path, index))
    else:
        yield path, value
