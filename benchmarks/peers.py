"""How fast are others? The same stack with cdktn (Python) and with TypeScript cdktf, each installed on its own.

Optional (``make bench PEERS=1``): it installs about 800 MB into ``.bench/`` once, from PyPI and npm.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.measure import Case

_CDKTN = (
    "cdktn==0.24.0",
    "cdktn-provider-azurerm==17.0.0",
    "cdktn-provider-azuread==17.0.0",
    "constructs>=10.6,<10.8",
    "pydantic",
    "pydantic-settings",
    "pyyaml",
)
_TYPESCRIPT = (
    "cdktf@0.21.0",
    "@cdktf/provider-azurerm@14.23.1",
    "@cdktf/provider-azuread@14.3.1",
    "constructs@10.6.0",
    "typescript@5.9.3",
    "ts-node@10.9.2",
    "@types/node@20",
)
_TSCONFIG = {
    "files": ["main.ts"],
    "compilerOptions": {
        "target": "ES2020",
        "module": "commonjs",
        "skipLibCheck": True,
        "types": ["node"],
        "outDir": "compiled",
    },
}


def cdktn(root: Path, bench: Path, environ: Mapping[str, str]) -> Case:
    """This project with its bindings replaced by cdktn's, imported as its documentation shows."""
    folder = bench / "cdktn"
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(folder / "venv")], bench)
        _run([str(python), "-m", "pip", "install", "--quiet", *_CDKTN], bench)
    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    for name in ("constructs_lib", "stacks", "ezazml", "environments"):
        shutil.copytree(root / name, project / name, ignore=shutil.ignore_patterns("__pycache__", "*.env"))
    shutil.copy(root / "main.py", project)
    for path in (project / "constructs_lib").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"\bcdktf_cdktf_provider_", "cdktn_provider_", text)
        path.write_text(re.sub(r"\bfrom cdktf import", "from cdktn import", text), encoding="utf-8")
    return Case(
        "cdktn 0.24: python main.py",
        [str(python), "main.py"],
        project,
        {**environ, "EZAZML_ENVIRONMENTS": "dev", "EZAZML_EAGER_BINDINGS": "1", "CDKTF_OUTDIR": str(folder / "out")},
    )


def typescript(stack: Mapping[str, Any], bench: Path, environ: Mapping[str, str]) -> list[Case]:
    """The resources of ``stack`` (Terraform JSON) as a TypeScript program: with ts-node, and compiled beforehand."""
    folder = bench / "typescript"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "node_modules" / ".bin" / "ts-node").exists():
        (folder / "package.json").write_text('{"private": true}')
        _run(["npm", "install", "--no-fund", "--no-audit", "--loglevel=error", *_TYPESCRIPT], folder)
    (folder / "tsconfig.json").write_text(json.dumps(_TSCONFIG))
    (folder / "main.ts").write_text("\n".join(_program(stack, folder / "node_modules")), encoding="utf-8")
    _run(["node_modules/.bin/tsc"], folder)
    return [
        Case("TypeScript cdktf: ts-node main.ts", ["node_modules/.bin/ts-node", "main.ts"], folder, environ),
        Case("TypeScript cdktf, compiled before: node main.js", ["node", "compiled/main.js"], folder, environ),
    ]


def _program(stack: Mapping[str, Any], modules: Path) -> Iterator[str]:
    """A program that makes the same resources, with the imports that cdktf's documentation shows."""
    yield 'import { App, TerraformStack } from "cdktf";'
    made = []
    for provider in ("azurerm", "azuread"):
        yield f'import * as {provider} from "@cdktf/provider-{provider}/lib/provider";'
        cls = provider.capitalize() + "Provider"
        configuration = _arguments(stack["provider"][provider][0])
        made.append(f'new {provider}.{cls}(stack, "{provider}", {configuration} as any);')
    for kind, resources in stack["resource"].items():
        provider, _, name = kind.partition("_")
        library = modules / "@cdktf" / f"provider-{provider}" / "lib" / name.replace("_", "-")
        if not library.is_dir():  # terraform_data and the like: not of a provider package
            continue
        found = re.search(
            r"export declare class (\w+) extends cdktf\.TerraformResource", (library / "index.d.ts").read_text()
        )
        assert found is not None, library
        yield f'import {{ {found[1]} as {kind} }} from "@cdktf/provider-{provider}/lib/{library.name}";'
        made += [f'new {kind}(stack, "{kind}-{key}", {_arguments(body)} as any);' for key, body in resources.items()]
    yield 'const app = new App();\nconst stack = new TerraformStack(app, "dev");'
    yield from made
    yield "app.synth();"


def _arguments(body: Mapping[str, Any]) -> str:
    return json.dumps({_camel(key): _value(value) for key, value in body.items() if key not in ("//", "depends_on")})


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {_camel(key): _value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value(inner) for inner in value]
    return value


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def _run(command: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, cwd=folder, check=True)
