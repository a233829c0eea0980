"""How does an environment come about? Layers of settings, the strongest first: the target's fixed values, the
process environment, ``environments/<name>.env``, ``environments/<name>.yaml``, defaults."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ezazml.config.checks import check_settings, secrets_in_file
from ezazml.config.env_file import read_env_file
from ezazml.config.environment import Environment
from ezazml.config.git_commit import current_commit
from ezazml.config.layers import Layers, assign
from ezazml.config.models import EnvironmentModel
from ezazml.config.names import NAME_RULE, make_names
from ezazml.config.paths import Path as SettingPath
from ezazml.config.paths import flatten, format_path
from ezazml.config.targets import Target, choose_target, fixed_settings, in_sandbox_shell
from ezazml.config.validation import problems_of
from ezazml.config.variables import LOGIN_VARIABLES, assignments
from ezazml.config.yaml_file import read_yaml
from ezazml.errors import ConfigurationError, InputError, Problem

FOLDER = "environments"
_ENVIRONMENT_NAME = re.compile(r"^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,19}$")
#: Files in the folder that describe no environment.
_NOT_ENVIRONMENTS = frozenset({"promotion"})


def available_environments(root: Path) -> list[str]:
    """Names of the environments that have a file, sorted."""
    return sorted(
        path.stem
        for path in (root / FOLDER).glob("*.yaml")
        if path.stem not in _NOT_ENVIRONMENTS
        and not path.name.endswith(".schema.yaml")
        # Editors and file systems keep copies there: .dev.yaml, .#dev.yaml, ._dev.yaml.
        and not path.name.startswith(".")
    )


def environments_to_synthesise(root: Path, environ: Mapping[str, str]) -> list[str]:
    """What ``main.py`` synthesises: those named in EZAZML_ENVIRONMENTS (comma separated), else all.

    In a shell that is set for the sandbox, only the environments it is set for. Raises :class:`InputError` for a
    name without a file.
    """
    available = available_environments(root)
    named = [name.strip() for name in environ.get("EZAZML_ENVIRONMENTS", "").split(",") if name.strip()]
    for name in named:
        _require_known(name, available)
    if named:
        return named
    if in_sandbox_shell(environ):
        allowed = environ.get("EZAZML_SANDBOX_ENVIRONMENTS", "").split(",")
        return [name for name in available if name in allowed]
    return available


def left_out_here(environments: Sequence[Environment], environ: Mapping[str, str]) -> list[Environment]:
    """Those of the sandbox, in a shell that is not set for it: there Terraform would fetch the real providers and run
    them with the caller's login.

    Raises :class:`InputError` when EZAZML_ENVIRONMENTS asks for them all the same.
    """
    if in_sandbox_shell(environ):
        return []
    found = [one for one in environments if one.settings.target is Target.SANDBOX]
    if found and environ.get("EZAZML_ENVIRONMENTS", "").strip():
        raise InputError(left_out_message(found), hint="Or take it out of EZAZML_ENVIRONMENTS.")
    return found


def require_its_shell(environment: Environment, environ: Mapping[str, str]) -> None:
    """Raise :class:`InputError` for an environment of the sandbox in a shell that is not set for it."""
    if environment.settings.target is Target.SANDBOX and not in_sandbox_shell(environ):
        raise InputError(
            f"{environment.name}: this shell is not set for the sandbox.",
            hint='To work on it: eval "$(ezazml sandbox env)".',
        )


def left_out_message(environments: Sequence[Environment]) -> str:
    """Why these are left out, and how to work on them."""
    names = ", ".join(one.name for one in environments)
    return f'{names}: left out, this shell is not set for the sandbox. To work on it: eval "$(ezazml sandbox env)".'


def environ_to_look(name: str, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Variables with which the configuration of ``name`` is looked at, which touches nothing.

    A shell of the sandbox may look at every environment: those that it was not opened for are seen as a new shell sees
    them, without what sets it for the sandbox.
    """
    if not in_sandbox_shell(environ) or name in environ.get("EZAZML_SANDBOX_ENVIRONMENTS", "").split(","):
        return environ
    sandbox = {"EZAZML_TARGET", "EZAZML_SANDBOX_HOME", "EZAZML_SANDBOX_ENVIRONMENTS", *LOGIN_VARIABLES}
    return {variable: value for variable, value in environ.items() if variable not in sandbox}


def load_environment(name: str, *, root: Path, environ: Mapping[str, str] | None = None) -> Environment:
    """Load and validate one environment.

    ``environ`` stands for the process environment (default: the real one). Raises :class:`InputError` for an
    unknown environment and :class:`ConfigurationError` with every problem found.
    """
    environ = os.environ if environ is None else environ
    _require_known(name, available_environments(root))
    path = root / FOLDER / f"{name}.yaml"
    file = read_yaml(path, label=f"{FOLDER}/{name}.yaml")
    layers = Layers()
    layers.add_file(file)
    problems = secrets_in_file(file)
    target = choose_target(name, file, environ)
    problems += _add_variables(layers, name, root, environ, target)
    if target is Target.SANDBOX:
        for setting, value in fixed_settings(name, root, environ).items():
            layers.set(setting, value, "target sandbox")
    settings, found = _validated(layers, path_label=file.label)
    problems += [problem for problem in found if problem.field not in {known.field for known in problems}]
    if settings is not None:
        problems += check_settings(settings, origin_of=_where_of(layers, file.label))
        names, name_problems = make_names(name, settings, origin_of=_where_of(layers, file.label))
        problems += name_problems
    if problems or settings is None:
        raise ConfigurationError(problems)
    commit = current_commit(root) if settings.tag_git_commit else None
    return Environment(name, root, path, settings, names, _origins(settings, layers), commit)


def new_environment(name: str, *, source: str, root: Path) -> Path:
    """Write ``environments/<name>.yaml`` as a copy of ``source`` and return its path.

    Raises :class:`InputError` for a name that breaks the rule or is taken, and an unknown source.
    """
    available = available_environments(root)
    _require_known(source, available)
    require_environment_name(name)
    path = root / FOLDER / f"{name}.yaml"
    if path.exists():
        raise InputError(f"Environment {name!r} exists already: {path}.", hint="Choose another name.")
    path.write_text((root / FOLDER / f"{source}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def require_environment_name(name: str) -> None:
    """Raise :class:`InputError` for what cannot be the name of an environment."""
    if not _ENVIRONMENT_NAME.match(name):
        raise InputError(f"Environment name {name!r} breaks the rule: {NAME_RULE}.", hint="Choose another.")
    if name in _NOT_ENVIRONMENTS:
        raise InputError(
            f"Environment name {name!r} is taken: {FOLDER}/{name}.yaml describes no environment.",
            hint="Choose another.",
        )


def _require_known(name: str, available: Sequence[str]) -> None:
    if name in available:
        if not _ENVIRONMENT_NAME.match(name):
            raise InputError(
                f"Environment name {name!r} breaks the rule: {NAME_RULE}.",
                hint=f"Rename {FOLDER}/{name}.yaml.",
            )
        return
    near = difflib.get_close_matches(name, available, n=1)
    known = ", ".join(available) or "none"
    raise InputError(
        f"Environment {name!r} is unknown: there is no {FOLDER}/{name}.yaml. Known environments: {known}.",
        hint=f"Did you mean {near[0]}?" if near else f"Create it by copying {FOLDER}/dev.yaml.",
    )


def _add_variables(layers: Layers, name: str, root: Path, environ: Mapping[str, str], target: Target) -> list[Problem]:
    label = f"{FOLDER}/{name}.env"
    problems: list[Problem] = []
    sources = [(label, read_env_file(root / label, label, problems)), ("variable", environ)]
    for source, variables in sources:
        own = source == "variable" and in_sandbox_shell(environ)
        # Nobody's login, tenant or password belongs into the sandbox.
        ignored = LOGIN_VARIABLES if target is Target.SANDBOX and not own else frozenset()
        counted = {key: text for key, text in variables.items() if key not in ignored}
        found, wrong = assignments(name, counted, label=source)
        problems += wrong
        for assignment in found:
            problem = assign(layers, assignment, f"{source} {assignment.variable}")
            problems += [problem] if problem else []
    return problems


def _validated(layers: Layers, *, path_label: str) -> tuple[EnvironmentModel | None, list[Problem]]:
    not_text = [key for key in layers.values if not isinstance(key, str)]
    if not_text:
        problem = Problem(path_label, str(not_text[0]), "is not the name of a setting.", "Remove it.")
        return None, [problem]
    try:
        return EnvironmentModel.model_validate(layers.values), []
    except ValidationError as error:
        return None, problems_of(error, where=_where_of(layers, path_label))


class _where_of:
    """Where a setting was set, for messages: its file and line or variable, else the file."""

    def __init__(self, layers: Layers, label: str) -> None:
        self._layers = layers
        self._label = label

    def __call__(self, path: SettingPath) -> str:
        return self._layers.origin_of(path) or self._label


def _origins(settings: EnvironmentModel, layers: Layers) -> dict[str, str]:
    origins = {}
    for path, _ in flatten(settings.model_dump(mode="python")):
        given = layers.origin_inside(path) or layers.origin_of(path) if _is_given(layers.values, path) else None
        origins[format_path(path)] = given or "default"
    return origins


def _is_given(values: Any, path: SettingPath) -> bool:
    """Whether some layer sets the very setting at ``path``, not only the group around it."""
    for part in path:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True
