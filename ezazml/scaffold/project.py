"""How does a project of one's own come about? Copied, adapted to the answers, checked, and only then put in place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from ezazml import __version__
from ezazml.config.blocks import write_block
from ezazml.config.checks import STATE_ACCOUNT_PLACEHOLDER
from ezazml.config.loading import FOLDER, load_environment
from ezazml.config.names import RULES
from ezazml.config.promotion import FILE as PROMOTION_FILE
from ezazml.config.promotion import read_promotion
from ezazml.config.schema import write_schema
from ezazml.config.yaml_file import read_yaml
from ezazml.errors import EzazmlError, InputError
from ezazml.scaffold.answers import SANDBOX, Answers
from ezazml.scaffold.template import copy_template
from ezazml.terraform.runner import Progress

#: Lines of the template's files that speak of what is left out. Each must be there, so that none is forgotten.
_EDITS = {
    "pyproject.toml": [('"tools", "benchmarks", "tests"', '"tools", "tests"'), (r'"benchmarks/\*\*" = .*\n', "")],
    "Makefile": [(r"bench: setup ##.*\n(\t.*\n)+\n", ""), (r"(\.PHONY:.*) bench\b", r"\1")],
    "docs/commands.md": [(", `bench`", "")],
}
#: Computes of the template, and what they are called where prefix and environment leave too little room.
_SHORTER = {
    ("compute_instance", "instance"): "ci",
    ("compute_cluster", "cpu-cluster"): "cpu",
    ("compute_cluster", "gpu-cluster"): "gpu",
    ("compute_cluster", "spot-cluster"): "spot",
}
_PROMOTION_HEADER = "# Which push deploys which environment: branch, tag X.Y.Z, or neither (by hand); see docs/ci.md.\n"
_README = """\
# {title}

An MLOps platform on Azure, made with EZAZ ML {version}. All of its code is in this folder and yours to change.

```
make setup          # Python and Node packages, once
make demo           # deploys into a sandbox on this machine: no Azure account needed
make test           # lint, types, the stacks against tests/golden, a deployment into the sandbox
```

Environments: {environments}; settings in `environments/`, explained in [docs/configuration.md](docs/configuration.md).

First deployment of an environment to Azure:

```
az login
. .venv/bin/activate
ezazml bootstrap {first} --write    # storage for the state, and an identity for GitHub without a secret
ezazml plan {first}
ezazml deploy {first}
```

After a change that is meant to change a stack: `make golden`, and look at what git shows.
All commands: [docs/commands.md](docs/commands.md). How things work: [docs/architecture.md](docs/architecture.md).
"""


def require_empty(target: Path) -> None:
    """Raise :class:`InputError` when ``target`` is a file, or a folder that is not empty."""
    if target.is_file():
        raise InputError(f"{target} is a file.", hint="Give a new folder: ezazml init DIR")
    if target.is_dir() and any(target.iterdir()):
        inside = sorted(path.name for path in target.iterdir())
        more = " and more" if len(inside) > 3 else ""
        raise InputError(
            f"The folder {target} is not empty: it has {', '.join(inside[:3])}{more}. Nothing was written.",
            hint="Give a new folder: ezazml init DIR",
        )


def make_project(answers: Answers, target: Path, *, template: Path, show: Progress) -> list[str]:
    """Write the project into ``target``, which must be empty or missing. Returns what could not be done, if anything.

    It is made beside ``target`` and moved there when it is whole and valid, so that a failure leaves nothing.
    Raises :class:`InputError` for answers that make no valid environment.
    """
    require_empty(target)
    if target == template or template in target.parents:
        raise InputError(
            f"{target} is inside of the project that is copied.", hint="Give a folder elsewhere: ezazml init DIR"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        show("copying")
        copy_template(template, building)
        _adapt(building)
        _write_environments(building, template, answers)
        _write_readme(building, target.name, answers)
        show("writing the golden files of your stacks")
        left = _write_golden_files(building)
        if target.exists():
            target.rmdir()
        building.chmod(0o755)
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return left


def _adapt(project: Path) -> None:
    for name, edits in _EDITS.items():
        path = project / name
        text = path.read_text(encoding="utf-8")
        for pattern, replacement in edits:
            text, count = re.subn(pattern, replacement, text)
            if count != 1:
                raise EzazmlError(f"The template's {name} is not as expected: {pattern!r} was found {count} times.")
        path.write_text(text, encoding="utf-8")


def _write_environments(project: Path, template: Path, answers: Answers) -> None:
    folder = project / FOLDER
    folder.mkdir()
    shutil.copy(template / FOLDER / "example.env", folder)
    write_schema(project)
    for name in (*answers.environments, SANDBOX):
        source = template / FOLDER / f"{name}.yaml"
        path = folder / f"{name}.yaml"
        shutil.copy(source if source.is_file() else template / FOLDER / "dev.yaml", path)
        overlay = template / FOLDER / name
        if overlay.is_dir():
            shutil.copytree(overlay, folder / name)
        _adapt_environment(path, answers)
        load_environment(name, root=project, environ={})
    _write_promotion(template, project, answers.environments)
    _adapt_feature_workflow(project, answers.environments)
    _adapt_policy(project, answers.environments)


def _write_promotion(template: Path, project: Path, environments: Sequence[str]) -> None:
    """The template's order for the environments that there are; others are deployed by hand until somebody decides."""
    known = {step.environment: step for step in read_promotion(template).steps} if _has_promotion(template) else {}
    steps = [
        known[name].model_dump(by_alias=True, exclude_none=True) if name in known else {"environment": name}
        for name in sorted(environments, key=lambda name: list(known).index(name) if name in known else len(known))
    ]
    if not any("branch" in step for step in steps):
        steps[0]["branch"] = "main"
        steps[0].pop("tag", None)
        steps[0].pop("from", None)
    text = yaml.safe_dump({"promotion": steps}, sort_keys=False)
    (project / PROMOTION_FILE).write_text(f"{_PROMOTION_HEADER}{text}", encoding="utf-8")


def _adapt_feature_workflow(project: Path, environments: Sequence[str]) -> None:
    """Feature environments are made from dev; in a project without one, from its first environment."""
    path = project / ".github" / "workflows" / "feature-environment.yml"
    if "dev" in environments or not path.is_file():
        return
    text = path.read_text(encoding="utf-8")
    text = text.replace("SOURCE: dev ", f"SOURCE: {environments[0]} ").replace("dev-plan", f"{environments[0]}-plan")
    path.write_text(text, encoding="utf-8")


def _adapt_policy(project: Path, environments: Sequence[str]) -> None:
    """Checkov scans what is made of prd; in a project without one, of its last environment."""
    path = project / "policy" / "profiles.yaml"
    if "prd" not in environments and path.is_file():
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("  base: prd\n", f"  base: {environments[-1]}\n"), encoding="utf-8")


def _has_promotion(template: Path) -> bool:
    return (template / PROMOTION_FILE).is_file()


def _adapt_environment(path: Path, answers: Answers) -> None:
    name = path.stem
    text = path.read_text(encoding="utf-8")
    if not read_yaml(path, label=path.name).data.get("prefix"):
        raise EzazmlError(f"The template's environments/{path.name} has no prefix.")
    for (kind, long), short in _SHORTER.items():
        if not RULES[kind].allows(f"{answers.prefix}-{name}-{long}-w01"):
            text = text.replace(f"- name: {long}\n", f"- name: {short}\n")
    values = {"prefix": answers.prefix, "location": answers.location}
    if name in answers.subscriptions:
        values["subscription_id"] = answers.subscriptions[name]
    for key, value in values.items():
        text = _with_value(text, key, value)
    text, named = re.subn(r"(?m)^(    name_prefix:) *\S+", rf"\1 {answers.prefix}", text)
    path.write_text(text, encoding="utf-8")
    if not named:
        identities = read_yaml(path, label=path.name).data.get("identities") or {}
        application = {**(identities.get("application") or {}), "name_prefix": answers.prefix}
        write_block(path, "identities", {**identities, "application": application})
    if name == SANDBOX:
        return
    write_block(path, "backend", _backend(answers))
    if answers.github is not None:
        write_block(path, "bootstrap", {"github": {"repository": answers.github}})


def _with_value(text: str, key: str, value: str) -> str:
    """Set a setting at the top of the file, also where it stands in a comment; what follows it on the line stays."""
    new, count = re.subn(
        rf"^(# )?{key}: *\S+( *)(#.*)?$",
        lambda found: f"{key}: {value}" + (f"{found[2] or ' '}{found[3]}" if found[3] else ""),
        text,
        count=1,
        flags=re.MULTILINE,
    )
    return new if count else re.sub(r"^prefix:.*$", rf"\g<0>\n{key}: {value}", text, count=1, flags=re.MULTILINE)


def _backend(answers: Answers) -> dict[str, Any]:
    if answers.backend == "local":
        return {"type": "local"}
    # `ezazml bootstrap ENV --write` puts the name of the account that it makes here.
    return {"type": "azurerm", "storage_account_name": STATE_ACCOUNT_PLACEHOLDER, "container_name": "tfstate"}


def _write_readme(project: Path, title: str, answers: Answers) -> None:
    environments = ", ".join(f"`{name}`" for name in (*answers.environments, SANDBOX))
    text = _README.format(title=title, version=__version__, environments=environments, first=answers.environments[0])
    (project / "README.md").write_text(text, encoding="utf-8")


def _write_golden_files(project: Path) -> list[str]:
    """The project's own test writes them, so that it will find what it expects."""
    test = ["tests/synth/test_golden.py", "-q", "--update-golden", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *test]
    answer = subprocess.run(command, cwd=project, env=_plain_environ(), capture_output=True, text=True, check=False)
    for folder in project.rglob("__pycache__"):
        shutil.rmtree(folder)
    if answer.returncode == 0:
        return []
    return ["The golden files of your stacks could not be written. After `make setup` run: make golden"]


def _plain_environ() -> Mapping[str, str]:
    """The caller's variables without those that set anything: golden files are the same for everyone."""
    prefixes = ("ARM_", "AZURE_", "EZAZML_", "TF_", "CDKTF_", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
