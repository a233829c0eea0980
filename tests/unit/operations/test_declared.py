"""Whether assets are declared, and whether a deployment can put them where they go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ezazml.config.environment import Environment
from ezazml.config.loading import load_environment
from ezazml.operations.declared import declares_assets, left_out_because


def environment(root: Path, settings: dict[str, Any]) -> Environment:
    (root / "environments").mkdir(exist_ok=True)
    (root / "environments" / "dev.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return load_environment("dev", root=root, environ={})


@pytest.mark.parametrize("folder", ["assets", "environments/dev/assets"])
def test_a_folder_declares_assets(tmp_path: Path, folder: str) -> None:
    assert not declares_assets(environment(tmp_path, {}))
    (tmp_path / folder).mkdir(parents=True)
    assert declares_assets(environment(tmp_path, {}))


@pytest.mark.parametrize(
    ("network", "left_out"),
    [
        ({}, False),
        ({"profile": "managed"}, False),
        ({"profile": "private"}, True),
        ({"profile": "private", "deployer_inside": True}, False),
    ],
)
def test_from_outside_of_a_private_network_assets_are_left_to_those_inside(
    tmp_path: Path, network: dict[str, Any], left_out: bool
) -> None:
    settings = {
        "network": network,
        "container_registry": {"sku": "Premium"},
        "identities": {"application": {"secret_enabled": False}},
    }
    reason = left_out_because(environment(tmp_path, settings))
    assert (reason is not None) == left_out
    if reason is not None:
        assert "Run inside its network: ezazml assets apply dev" in reason
