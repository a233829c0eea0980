"""The bindings load quickly, through one module, and give the same output as the slow way."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_a_synthesis_prints_no_warnings_of_nodejs(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JSII_")}
    code = _SYNTH.format(root=str(ROOT), out=str(tmp_path))
    answer = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert answer.stderr == ""
    hook = ROOT / "constructs_lib" / "lazy_provider_index.cjs"
    old_name = ["node", "--require", str(hook), "--throw-deprecation", "-p", "require('util').isArray([])"]
    assert subprocess.run(old_name, capture_output=True, text=True, check=True).stdout == "true\n"


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


def test_a_lazy_package_offers_all_that_the_whole_one_does() -> None:
    code = (
        "import sys, pickle\n"
        "from constructs_lib import bindings as tf\n"
        "import cdktf_cdktf_provider_azuread as package\n"
        "names = set(dir(package))\n"
        "assert {'user', 'provider', 'application'} <= names, names\n"
        "assert 'cdktf_cdktf_provider_azuread.group' not in sys.modules\n"
        "assert not hasattr(package, 'no_such_type') and not hasattr(package, '__no_such_thing__')\n"
        "from cdktf_cdktf_provider_azuread import *\n"
        "assert group is package.group and set(package.__all__) <= set(globals())\n"
        "assert {'NatGateway', 'App'} <= set(dir(tf))\n"
        "assert pickle.loads(pickle.dumps(tf.User)) is tf.User\n"
        "try:\n"
        "    from cdktf_cdktf_provider_azuread import no_such_type\n"
        "except ImportError as error:\n"
        "    assert 'no_such_type' in str(error)\n"
        "else:\n"
        "    raise AssertionError"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


_PROVIDER = """
__all__ = [
    "broken",
    "provider",
]
from ._jsii import *
from . import provider
"""


def strange(folder: Path, init: str) -> dict[str, str]:
    """A package like provider bindings, one of whose modules does not work; variables with which it is found."""
    package = folder / "cdktf_cdktf_provider_strange"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(init)
    (package / "broken.py").write_text("import a_package_that_is_missing\n")
    (package / "provider.py").write_text("")
    (package / "_jsii.py").write_text("")
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}


def test_an_error_inside_a_provider_module_is_not_taken_for_a_missing_name(tmp_path: Path) -> None:
    code = (
        "from constructs_lib.lazy_bindings import load_lazily\n"
        "assert load_lazily('cdktf_cdktf_provider_strange')\n"
        "from cdktf_cdktf_provider_strange import provider\n"
        "from cdktf_cdktf_provider_strange import broken"
    )
    environ = strange(tmp_path, _PROVIDER)
    answer = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert answer.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'a_package_that_is_missing'"


def test_a_class_that_the_bindings_do_not_have_is_an_import_error(tmp_path: Path) -> None:
    (tmp_path / "some_bindings.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "from constructs_lib.lazy_bindings import names_on_demand\n"
        "if TYPE_CHECKING:\n"
        "    from cdktf_cdktf_provider_strange.provider import Missing as Renamed\n"
        "__getattr__ = names_on_demand(__name__)\n"
    )
    code = "import some_bindings; some_bindings.Renamed"
    for variable in ("0", "1"):
        environ = {**strange(tmp_path / variable, _PROVIDER), "EZAZML_EAGER_BINDINGS": variable}
        environ["PYTHONPATH"] += f"{os.pathsep}{tmp_path}"
        answer = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
        last = answer.stderr.splitlines()[-1]
        assert last.startswith("ImportError: cannot import name 'Missing' from 'cdktf_cdktf_provider_strange.provider'")


@pytest.mark.parametrize("init", ["value = 1\n", _PROVIDER.replace('"broken",', '"broken", "more",'), "# é\n"])
def test_bindings_that_look_different_are_left_alone_and_a_debug_line_says_so(tmp_path: Path, init: str) -> None:
    code = (
        "import logging; logging.basicConfig(level=logging.DEBUG)\n"
        "from constructs_lib.lazy_bindings import load_lazily\n"
        "assert load_lazily('cdktf_cdktf_provider_strange') is False"
    )
    environ = strange(tmp_path, init)
    if init == "# é\n":
        (tmp_path / "cdktf_cdktf_provider_strange" / "__init__.py").write_bytes(init.encode("latin-1"))
    answer = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert "cdktf_cdktf_provider_strange does not look as expected; importing all of it" in answer.stderr


def provider_in_node(folder: Path, index: str, **variables: str) -> list[str]:
    """Load a Node.js provider package with this ``index.js`` through the hook; which files it loaded, and messages."""
    library = folder / "a folder" / "@cdktf" / "provider-strange" / "lib"
    library.mkdir(parents=True)
    (library / "index.js").write_text(index)
    (library / "one.js").write_text("console.error('one loaded'); exports.One = 1;")
    (library / "two.js").write_text("throw new Error('two is broken');")
    code = (
        f"const p = require({str(library)!r});"
        "console.error(Object.keys(p).join());"
        "console.error('use'); console.error(p.one.One === 1, p.one === p.one);"
        "try { p.two } catch (error) { console.error(error.message) }"
    )
    hook = ROOT / "constructs_lib" / "lazy_provider_index.cjs"
    command = ["node", "--require", str(hook), "-e", code]
    answer = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    return answer.stderr.splitlines()


_INDEX = '"use strict";\n// generated by cdktf get\nexports.one = require("./one");\nexports.two = require("./two");\n'


def test_node_loads_a_file_when_it_is_used_and_its_error_is_the_real_one(tmp_path: Path) -> None:
    assert provider_in_node(tmp_path, _INDEX) == ["one,two", "use", "one loaded", "true true", "two is broken"]


def test_node_loads_an_index_that_looks_different_as_it_is(tmp_path: Path) -> None:
    index = 'const x = 1;\nexports.one = require("./one");\n'
    lines = provider_in_node(tmp_path, index, EZAZML_DEBUG="1")
    assert "does not look as expected; loading all of it" in lines[0]
    assert lines[1:4] == ["one loaded", "one", "use"]


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


@pytest.mark.parametrize("options", ["--no-warnings", '--require "{}"'])
def test_node_options_of_the_caller_hold_and_are_put_back(tmp_path: Path, options: str) -> None:
    hook = tmp_path / "the caller's own.cjs"
    hook.write_text(f"require('fs').writeFileSync({str(tmp_path / 'ran')!r}, '')")
    code = (
        f"import os; os.environ['NODE_OPTIONS'] = {options.format(hook)!r}\n"
        "from constructs_lib import bindings\n"
        f"assert os.environ['NODE_OPTIONS'] == {options.format(hook)!r}"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert (tmp_path / "ran").exists() == ("require" in options)


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
