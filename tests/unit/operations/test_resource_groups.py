"""Tagged resource groups are found, and nothing is not taken for none."""

from __future__ import annotations

import pytest

from ezazml.errors import EzazmlError
from ezazml.operations.resource_groups import ResourceGroup, tagged_groups
from tests.unit.operations.azure import SUBSCRIPTION, SUBSCRIPTION_ID, FakeAzure

FILTERED = f"{SUBSCRIPTION}/resourcegroups?tagName eq 'ExpireOn'"


def test_only_groups_with_the_tag_are_found() -> None:
    azure = FakeAzure()
    # Azure's filter finds old tags too: what was taken away a moment ago.
    azure.arm.lists_at(FILTERED, {"name": "a", "tags": {"ExpireOn": "x"}}, {"name": "b"}, {"name": "c", "tags": None})
    assert tagged_groups(azure.apis(), "ExpireOn") == [ResourceGroup("a", {"ExpireOn": "x"})]


def test_a_subscription_without_any_has_none() -> None:
    azure = FakeAzure()
    azure.arm.has(SUBSCRIPTION)
    assert tagged_groups(azure.apis(), "ExpireOn") == []


def test_a_subscription_that_the_login_does_not_see_is_told() -> None:
    with pytest.raises(EzazmlError, match=f"does not see the subscription {SUBSCRIPTION_ID}"):
        tagged_groups(FakeAzure().apis(), "ExpireOn")
