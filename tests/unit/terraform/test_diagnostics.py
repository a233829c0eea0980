"""A lock on the state is told with its holder, since when, and how to break it."""

from __future__ import annotations

from ezazml.terraform.diagnostics import StateLockedError, failure, format_diagnostic, lock_in

LOCKED = """Error message: state blob is already locked
Lock Info:
  ID:        5f1a2c3d-0000-4000-8000-123456789abc
  Path:      tfstate/dev.tfstate
  Operation: OperationTypeApply
  Who:       alice@laptop
  Version:   1.11.4
  Created:   2026-01-31 10:00:00.123456789 +0000 UTC
  Info:

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time."""
DIAGNOSTIC = {"severity": "error", "summary": "Error acquiring the state lock", "detail": LOCKED}


def test_a_locked_state_says_who_since_when_and_how_to_break_it() -> None:
    error = failure("plan", "dev", [DIAGNOSTIC], code=1)
    assert isinstance(error, StateLockedError)
    assert str(error) == (
        "The state of dev is locked: alice@laptop has held it since 2026-01-31 10:00:00+00:00 for an apply (lock "
        "5f1a2c3d-0000-4000-8000-123456789abc). Nothing was changed. Wait until that is finished. If you know that it "
        "no longer runs, break the lock: ezazml unlock dev --id 5f1a2c3d-0000-4000-8000-123456789abc"
    )


def test_a_lock_without_its_facts_is_still_told() -> None:
    lock = lock_in("Error acquiring the state lock\nLock Info:\n  ID:   x1\n  Created: yesterday\n")
    assert lock is not None
    assert str(lock) == "somebody unknown has held it since yesterday for an operation"


def test_other_errors_keep_terraforms_words() -> None:
    diagnostic = {"address": "azurerm_key_vault.v", "summary": "VaultAlreadyExists", "detail": "The name is taken.\n"}
    error = failure("apply", "dev", [diagnostic], code=1)
    assert not isinstance(error, StateLockedError)
    assert str(error) == f"terraform apply failed:\n{format_diagnostic(diagnostic)}"
    assert error.diagnostics == (diagnostic,)
    assert lock_in("state lock") is None


def test_an_end_without_diagnostics_tells_the_exit_code() -> None:
    assert str(failure("apply", "dev", [], code=137)) == "terraform apply failed:\nexit code 137"
