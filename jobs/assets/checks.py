"""What is wrong with a definition that the SDK would not say, or say too late? Names, types, secrets, environments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ezazml.config.paths import Path as FieldPath
from ezazml.errors import Problem
from jobs.assets.asset import DEPLOYMENTS, ENDPOINTS, VERSIONED, Definition, Kind
from jobs.assets.schemas import type_of
from jobs.assets.secret_values import SECRET_FIELDS, is_secret_reference, unset_variable

# azure-rest-api-specs, machinelearningservices: pattern of names in the paths of containers.
_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$")
# What the service takes: jobs/data/names.py.
_DATASTORE = re.compile(r"^[a-zA-Z0-9_]{1,255}$")
# Microsoft Learn, "Limits for online endpoints": 3-32 characters, letters, digits and hyphens, starts with a letter.
_ENDPOINT = re.compile(r"^[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]$")
# The signature in a URL, unless a variable holds it.
_SIGNED = re.compile(r"[?&]sig=(?!\$)[^&\s]")
_ENDPOINT_RULE = "3 to 32 letters, digits and hyphens, starting with a letter and not ending with a hyphen"


def problems_of(definition: Definition, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Every rule of this module that the definition breaks."""
    yield from _name_problems(definition)
    yield from _type_problems(definition)
    yield from _signature_problems(definition.data, (), definition)
    if definition.kind is Kind.DATASTORE:
        yield from _secret_problems(definition, environ)
    if definition.kind is Kind.ENVIRONMENT and not ({"image", "build"} & set(definition.data)):
        yield definition.problem((), "an environment needs `image` or `build`.", "Add one of them.")


def _name_problems(definition: Definition) -> Iterator[Problem]:
    fields = ["name", "endpoint_name"] if definition.kind in DEPLOYMENTS else ["name"]
    for field in fields:
        name = definition.data.get(field)
        if name is None:
            yield definition.problem((field,), "is missing.", f"A {definition.kind} needs it.")
        elif not _pattern(definition.kind).match(str(name)):
            yield definition.problem(
                (field,), f"Azure refuses the name {name!r}.", f"Allowed: {_rule(definition.kind)}."
            )
    version = definition.data.get("version")
    if definition.kind in VERSIONED and isinstance(version, float):
        # YAML has made a number of it already, so what stood there is not known any more.
        yield definition.problem(
            ("version",), f"YAML reads it as the number {version}; 1.10 becomes 1.1.", 'Quote it: version: "1.10".'
        )
    elif definition.kind in VERSIONED and version is not None and not _NAME.match(str(version)):
        yield definition.problem(("version",), f"Azure refuses the version {version!r}.", "Use a number, such as 1.")


def _pattern(kind: Kind) -> re.Pattern[str]:
    if kind in ENDPOINTS | DEPLOYMENTS:
        return _ENDPOINT
    return _DATASTORE if kind is Kind.DATASTORE else _NAME


def _rule(kind: Kind) -> str:
    if kind in ENDPOINTS | DEPLOYMENTS:
        return _ENDPOINT_RULE
    if kind is Kind.DATASTORE:
        return "letters, digits and _, at most 255"
    return "letters, digits, _ . and -, at most 255, starting with a letter or digit"


def _type_problems(definition: Definition) -> Iterator[Problem]:
    expected, found = type_of(definition.schema), definition.data.get("type")
    if expected is not None and found is not None and str(found).lower() != expected:
        yield definition.problem(
            ("type",), f"{found} does not fit the $schema, which is of {expected}.", "Correct one of the two."
        )


def _secret_problems(definition: Definition, environ: Mapping[str, str]) -> Iterator[Problem]:
    credentials = definition.data.get("credentials")
    for name, value in credentials.items() if isinstance(credentials, dict) else ():
        if name not in SECRET_FIELDS:
            continue
        field = ("credentials", name)
        if not is_secret_reference(value):
            # The value itself is not shown: it may be a real secret.
            yield definition.problem(
                field,
                "a secret must not stand in a file.",
                "Write ${env:NAME} or ${vault:NAME}, and renew the secret if it was ever committed.",
            )
        elif missing := unset_variable(value, environ):
            yield definition.problem(field, f"variable {missing} is not set.", "Set it to the secret.")


def _signature_problems(value: Any, field: FieldPath, definition: Definition) -> Iterator[Problem]:
    """Signed URLs (SAS): whoever reads the file or the asset would have the data."""
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _signature_problems(item, (*field, key), definition)
    elif isinstance(value, str) and _SIGNED.search(value):
        yield definition.problem(
            field,
            "a signed URL (SAS) is a secret, and must not stand in a file.",
            "Write the URL without its signature, and renew the key if it was ever committed.",
        )


def duplicate_problems(definitions: list[Definition]) -> Iterator[Problem]:
    """Two files that declare the same asset."""
    first: dict[Any, Definition] = {}
    for definition in definitions:
        other = first.setdefault(definition.key, definition)
        if other is not definition:
            yield definition.problem(
                ("name",), f"{definition.key} is declared already, in {other.place(('name',))}.", "Rename one of them."
            )
