"""What must be known to make somebody's own project? The answers, and whether each is right."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Literal, cast

from ezazml.config.github import FORMS, REPOSITORY
from ezazml.config.loading import require_environment_name
from ezazml.config.names import PATTERNS, RULES
from ezazml.config.regions import REGIONS, normalise_region
from ezazml.errors import InputError

SANDBOX = "sandbox"
_GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_FOLDER = re.compile(r"[A-Za-z0-9][\w. -]*")
#: Kinds that take no hyphens, or few characters: what they allow, the others allow too.
_TIGHT = ("storage_account", "key_vault", "container_registry", "workspace")

BackendType = Literal["azurerm", "local"]


@dataclass(frozen=True)
class Answers:
    """How a project shall be. ``subscriptions`` by environment; an environment without one gets it by variable."""

    prefix: str
    location: str
    environments: tuple[str, ...]
    subscriptions: dict[str, str]
    backend: BackendType
    github: str | None


def check_prefix(text: str, environments: tuple[str, ...]) -> str:
    """A prefix with which every name of every environment is one that Azure takes. Raises :class:`InputError`."""
    for name in (*environments, SANDBOX):
        for kind in _TIGHT:
            rule = RULES[kind]
            made = PATTERNS[kind].replace("{-suffix}", "").format(prefix=text, env=name, suffix="")
            if not rule.allows(made):
                raise InputError(
                    f"--prefix {text!r}: makes the {kind.replace('_', ' ')} name {made!r} ({len(made)} characters), "
                    f"which breaks the rule: {rule.text}.",
                    hint="Use a few lower-case letters and digits, starting with a letter, such as contoso.",
                )
    return text


def check_location(text: str) -> str:
    """A region of Azure by its name. Raises :class:`InputError`."""
    region = normalise_region(text)
    if region not in REGIONS:
        near = difflib.get_close_matches(region, REGIONS, n=1)
        raise InputError(
            f"--location: {text!r} is not a region of Azure.",
            hint=f"Did you mean {near[0]}?" if near else "Use a name such as westeurope.",
        )
    return region


def check_environments(text: str) -> tuple[str, ...]:
    """Names of environments, separated by commas; the sandbox comes by itself. Raises :class:`InputError`."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    names = tuple(name for name in names if name != SANDBOX)
    if not names:
        raise InputError("--environments: there must be at least one beside the sandbox.", hint="For example: dev,prd.")
    for name in names:
        require_environment_name(name)
    return names


def check_subscriptions(texts: tuple[str, ...], environments: tuple[str, ...]) -> dict[str, str]:
    """``ID`` for every environment, or ``ENV=ID`` for one. Raises :class:`InputError`."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, identifier = text.rpartition("=")
        if equals and name not in environments:
            raise InputError(
                f"--subscription {text!r}: {name!r} is none of the environments {', '.join(environments)}.",
                hint="Name one of them, or add it to --environments.",
            )
        if not _GUID.match(identifier):
            raise InputError(
                f"--subscription: {identifier!r} is not an id of the form 8-4-4-4-12 hexadecimal digits.",
                hint="Copy it from: az account list",
            )
        found |= {name: identifier} if equals else {one: identifier for one in environments if one not in found}
    return found


def check_backend(text: str) -> BackendType:
    """Where the state is kept. Raises :class:`InputError`."""
    if text not in ("azurerm", "local"):
        raise InputError(f"--backend: {text!r} is not azurerm or local.", hint="A team needs azurerm.")
    return cast(BackendType, text)


def check_github(text: str) -> str | None:
    """A repository, or none. Raises :class:`InputError`."""
    text = text.strip().removeprefix("https://github.com/").removesuffix(".git").rstrip("/")
    if text and not REPOSITORY.fullmatch(text):
        raise InputError(f"--github: {text!r} is not a repository.", hint=f"Write it as {FORMS}.")
    return text or None


def check_folder_name(text: str) -> str:
    """Name of the project's folder, from PROJECT_FOLDER_NAME. Raises :class:`InputError`."""
    if not _FOLDER.fullmatch(text):
        raise InputError(
            f"PROJECT_FOLDER_NAME: {text!r} is not the name of a folder.",
            hint="Use letters, digits, hyphens, underscores and periods, or give the folder: ezazml init DIR",
        )
    return text
