"""What Azure refuses is answered with the commands that lead out."""

from __future__ import annotations

import pytest

from ezazml.errors import EzazmlError
from ezazml.operations.ways_out import hint_for, ways_out


@pytest.mark.parametrize(
    ("message", "commands"),
    [
        ("Conflict: Soft-deleted workspace exists. Please purge or recover it.", ["recover dev", "purge dev"]),
        ("An existing soft-deleted Key Vault exists with the Name 'v' (SoftDeletedVaultExists)", ["recover dev"]),
        ('A resource with the ID "x" already exists - to be managed via Terraform this', ["import dev --all"]),
        ("Operation results in exceeding quota limits of Core. Maximum allowed: 8", ["doctor dev"]),
        ("exceeding approved Total Regional Cores quota", ["doctor dev"]),
        ("MissingSubscriptionRegistration: The subscription is not registered to use namespace", ["doctor dev"]),
        ("StorageAccountAlreadyTaken: The storage account named x is already taken.", ["doctor dev"]),
    ],
)
def test_the_commands_are_named(message: str, commands: list[str]) -> None:
    hint = hint_for(message, "dev")
    assert hint is not None
    assert [command for command in commands if f"ezazml {command}" in hint] == commands


@pytest.mark.parametrize("message", ["", "AuthorizationFailed", "BadRequest: the tag is too long"])
def test_what_says_enough_itself_gets_no_advice(message: str) -> None:
    assert hint_for(message, "dev") is None


def test_the_error_stays_the_same_and_keeps_its_own_hint() -> None:
    error = EzazmlError("Soft-deleted workspace exists", hint="Own hint.")
    with pytest.raises(EzazmlError) as caught, ways_out("dev"):
        raise error
    assert caught.value is error
    assert str(error).startswith("Soft-deleted workspace exists Own hint. A deleted one holds the name.")
