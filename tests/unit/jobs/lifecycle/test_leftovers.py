"""What a deployment that failed or was interrupted leaves behind is in its error."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from ezazml.errors import EzazmlError, InputError
from jobs.lifecycle.leftovers import Making, telling_what_is_left


def making(found: Any = None, **values: Any) -> Making:
    def find() -> Any:
        if isinstance(found, Exception):
            raise found
        return found

    defaults: dict[str, Any] = {
        "done": {"endpoint": "unchanged"},
        "look": "ezazml endpoint logs dev e",
        "remove": "ezazml endpoint delete dev e",
        "traffic": "It gets no traffic.",
        "log": lambda: ["ValueError: no weights"],
    }
    return Making("green", find, **{**defaults, **values})


def failing(made: Making, error: BaseException) -> Any:
    with pytest.raises(type(error)) as raised, telling_what_is_left(made):
        raise error
    return raised.value


def test_a_deployment_that_stands_half_made_is_told_with_its_log_and_two_ways_on() -> None:
    error = failing(making(SimpleNamespace(provisioning_state="Failed")), EzazmlError("It failed."))
    assert error.message == (
        "It failed.\n  ValueError: no weights\nDeployment green is there, as Failed. It gets no traffic. "
        "Nothing else was changed."
    )
    assert error.hint == (
        "Its log: ezazml endpoint logs dev e. Correct it and deploy again, or remove it: ezazml endpoint delete dev e"
    )


def test_a_deployment_that_was_refused_is_not_there_and_has_no_log() -> None:
    error = failing(making(ResourceNotFoundError("no")), InputError("Refused."))
    assert error.message == "Refused.\nDeployment green was not created. Nothing else was changed."
    assert error.exit_code == 2


def test_what_was_done_before_is_told() -> None:
    done = {"endpoint": "created", "blue": "updated", "red": "unchanged"}
    error = failing(making(ResourceNotFoundError("no"), done=done), EzazmlError("Refused."))
    assert error.message.endswith("Before it, endpoint was created, blue was updated.")


def test_where_azure_does_not_answer_nothing_is_claimed() -> None:
    error = failing(making(HttpResponseError("Azure is away")), EzazmlError("It failed."))
    assert "is there, or not: Azure does not say (Azure is away.)" in error.message


def test_one_that_answers_requests_is_not_offered_for_removal() -> None:
    found = SimpleNamespace(provisioning_state="Failed")
    error = failing(making(found, remove=None, traffic="It still gets 90 % of the requests."), EzazmlError("Failed."))
    assert "It still gets 90 % of the requests." in error.message
    assert "remove" not in str(error)


def test_after_an_interrupt_it_is_said_what_azure_goes_on_with() -> None:
    stop = failing(making(done={"endpoint": "created"}), KeyboardInterrupt())
    assert stop.__notes__ == [
        "Azure goes on with deployment green. Its log: ezazml endpoint logs dev e. Before it, endpoint was created."
    ]
