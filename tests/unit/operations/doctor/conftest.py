"""An environment and a login for the checks, without Azure."""

from __future__ import annotations

from pathlib import Path

import pytest

from ezazml.config.loading import load_environment
from ezazml.operations.doctor.finding import Case, Machine
from tests.unit.operations.azure import SUBSCRIPTION, SUBSCRIPTION_ID, FakeAzure


@pytest.fixture
def azure() -> FakeAzure:
    fake = FakeAzure()
    fake.arm.has(SUBSCRIPTION, state="Enabled", displayName="Ours")
    return fake


@pytest.fixture
def case(project: Path, azure: FakeAzure) -> Case:
    environ = {"ARM_SUBSCRIPTION_ID": SUBSCRIPTION_ID}
    return Case(Machine(project, environ), load_environment("dev", root=project, environ=environ), azure.apis())
