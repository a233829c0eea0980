"""The bindings load quickly, through one module, and give the same output as the slow way."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from tests.synth.stacks import ROOT

_SYNTH = """
import sys, hashlib, pathlib
sys.path.insert(0, {root!r})
from tests.synth.stacks import ROOT, synthesise
from ezazml.config.loading import load_environment
from constructs_lib.bindings import App
from stacks.environment import EnvironmentStack
app = App(outdir={out!r})
for name in ("dev", "prd", "sandbox"):
    EnvironmentStack(app, load_environment(name, root=ROOT, environ={{}}))
app.synth()
print(len([m for m in sys.modules if m.startswith("cdktf_cdktf_provider_")]))
"""


def run(out: Path, **variables: str) -> int:
    """Synthesise in a fresh process; returns how many provider modules it loaded."""
    out.mkdir()
    code = _SYNTH.format(root=str(ROOT), out=str(out))
    environ = {**os.environ, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20", **variables}
    answer = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    return int(answer.stdout.splitlines()[-1])


def test_only_the_modules_in_use_are_loaded_and_the_output_is_the_same_to_the_byte(tmp_path: Path) -> None:
    quick = run(tmp_path / "quick")
    slow = run(tmp_path / "slow", EZAZML_EAGER_BINDINGS="1")
    assert quick < 150
    assert slow > 1500
    files = sorted(path.relative_to(tmp_path / "quick") for path in (tmp_path / "quick").rglob("*.json"))
    assert len(files) >= 4
    for file in files:
        assert (tmp_path / "quick" / file).read_bytes() == (tmp_path / "slow" / file).read_bytes()


def test_a_class_that_no_stack_uses_is_not_imported() -> None:
    code = (
        "import sys\n"
        "from constructs_lib import bindings as tf\n"
        "module = 'cdktf_cdktf_provider_azurerm.nat_gateway'\n"
        "assert module not in sys.modules\n"
        "assert tf.NatGateway is sys.modules[module].NatGateway\n"
        "assert 'NatGateway' in vars(tf)\n"
        "assert not hasattr(tf, 'NoSuchThing')\n"
        "assert not [name for name in tf.__all__ if not hasattr(tf, name)]"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_package_imported_before_is_left_as_it_is() -> None:
    code = (
        "import cdktf_cdktf_provider_azuread as eager\n"
        "from constructs_lib import bindings\n"
        "assert bindings.User is eager.user.User\n"
        "from cdktf_cdktf_provider_azurerm import storage_account\n"
        "assert storage_account.StorageAccount is bindings.StorageAccount"
    )
    subprocess.run([sys.executable, "-W", "error::DeprecationWarning", "-c", code], cwd=ROOT, check=True)


def test_unexpected_bindings_are_imported_the_slow_way(tmp_path: Path) -> None:
    package = tmp_path / "cdktf_cdktf_provider_strange"
    package.mkdir()
    (package / "__init__.py").write_text("value = 1\n")
    code = (
        "from constructs_lib.lazy_bindings import load_lazily\n"
        "assert load_lazily('cdktf_cdktf_provider_strange') is False\n"
        "assert load_lazily('cdktf_cdktf_provider_missing') is False\n"
        "import cdktf_cdktf_provider_strange as s; assert s.value == 1"
    )
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)


def test_node_options_are_put_back() -> None:
    code = (
        "import os; os.environ['NODE_OPTIONS'] = '--no-warnings'\n"
        "from constructs_lib import bindings\n"
        "assert os.environ['NODE_OPTIONS'] == '--no-warnings'"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_only_one_module_imports_cdktf_and_the_providers() -> None:
    importing = set()
    for folder in ("constructs_lib", "stacks", "ezazml", "jobs", "sandbox", "."):
        files = (ROOT / folder).rglob("*.py") if folder != "." else [ROOT / "main.py"]
        for path in files:
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                packages = {name.split(".")[0] for name in names} - {"constructs_lib"}
                if any(package.startswith(("cdktf", "constructs", "jsii")) for package in packages):
                    importing.add(path.relative_to(ROOT).as_posix())
    assert importing == {"constructs_lib/bindings.py"}
