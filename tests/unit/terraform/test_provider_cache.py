"""Providers are downloaded once for all environments."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ezazml.terraform.engine import find_engine
from ezazml.terraform.provider_cache import ProviderCache
from ezazml.terraform.runner import Terraform
from sandbox.home import SandboxHome


def stack(folder: Path, version: str = "4.55.0") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    required = {"azurerm": {"source": "azurerm", "version": version}}
    (folder / "cdk.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
    return folder


@pytest.mark.parametrize("variable", [{}, {"TF_PLUGIN_CACHE_DIR": "/elsewhere"}])
def test_init_gets_the_cache_unless_the_caller_has_one(tmp_path: Path, variable: dict[str, str]) -> None:
    with ProviderCache(tmp_path / "cache").for_init(stack(tmp_path / "dev"), variable) as environ:
        assert environ["TF_PLUGIN_CACHE_DIR"] == variable.get("TF_PLUGIN_CACHE_DIR", str(tmp_path / "cache"))


def test_cdktfs_switch_turns_it_off(tmp_path: Path) -> None:
    folder = stack(tmp_path / "sandbox")
    with ProviderCache(tmp_path / "cache").for_init(folder, {"CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1"}) as environ:
        assert "TF_PLUGIN_CACHE_DIR" not in environ
    assert not (tmp_path / "cache").exists()


def test_a_lock_file_serves_stacks_with_the_same_providers_only(tmp_path: Path) -> None:
    cache = ProviderCache(tmp_path / "cache")
    with cache.for_init(stack(tmp_path / "dev"), {}):
        (tmp_path / "dev" / ".terraform.lock.hcl").write_text("checksums")
    with cache.for_init(stack(tmp_path / "prd"), {}):
        assert (tmp_path / "prd" / ".terraform.lock.hcl").read_text() == "checksums"
    with cache.for_init(stack(tmp_path / "dev", "4.81.0"), {}):
        assert not (tmp_path / "dev" / ".terraform.lock.hcl").exists()


def test_an_init_that_ends_with_an_error_leaves_the_others_lock_file(tmp_path: Path) -> None:
    cache = ProviderCache(tmp_path / "cache")
    with cache.for_init(stack(tmp_path / "dev"), {}):
        (tmp_path / "dev" / ".terraform.lock.hcl").write_text("checksums")
    with pytest.raises(RuntimeError), cache.for_init(stack(tmp_path / "prd"), {}):
        (tmp_path / "prd" / ".terraform.lock.hcl").write_text("half of a lock fi")
        raise RuntimeError("killed")
    with cache.for_init(stack(tmp_path / "uat"), {}):
        assert (tmp_path / "uat" / ".terraform.lock.hcl").read_text() == "checksums"


def test_opentofu_has_lock_files_of_its_own(tmp_path: Path) -> None:
    cache = ProviderCache(tmp_path / "cache")
    with cache.for_init(stack(tmp_path / "dev"), {}, engine="Terraform"):
        (tmp_path / "dev" / ".terraform.lock.hcl").write_text("of registry.terraform.io")
    with cache.for_init(stack(tmp_path / "dev"), {}, engine="OpenTofu"):
        assert not (tmp_path / "dev" / ".terraform.lock.hcl").exists()


@pytest.mark.e2e
def test_terraform_links_the_second_environments_provider_from_the_cache(tmp_path: Path) -> None:
    home = SandboxHome(tmp_path / ".sandbox")
    home.up()
    environ = home.environ(["dev"], os.environ)
    del environ["CDKTF_DISABLE_PLUGIN_CACHE_ENV"]
    engine = find_engine(environ)
    for name in ("dev", "prd"):
        Terraform(engine, stack(tmp_path / name), environ, providers=ProviderCache(tmp_path / "cache")).init()
    provider = next((tmp_path / "prd" / ".terraform" / "providers").rglob("4.55.0/*"))
    assert provider.readlink().is_relative_to(tmp_path / "cache")
