"""What is tried again, how long it waits, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

from ezazml.errors import InputError
from jobs.assets import retries
from jobs.assets.retries import is_passing, retry_after, with_retries
from jobs.azure_errors import AzureError


class Response:
    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status_code, self.reason, self.headers = status, "", headers
        self.content_type = "application/json"

    def text(self) -> str:
        return ""


def http(status: int, **headers: str) -> HttpResponseError:
    given: Any = Response(status, {name.replace("_", "-"): value for name, value in headers.items()})
    return HttpResponseError("no", response=given)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited."""
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    return waited


@pytest.mark.parametrize(
    "error", [http(429), http(500), http(503), ServiceRequestError("line"), ServiceResponseError("line")]
)
def test_what_passes_is_tried_again(error: Exception) -> None:
    attempts: list[int] = []

    def operation(attempt: int) -> str:
        attempts.append(attempt)
        if attempt < 3:
            raise error
        return "done"

    assert with_retries(operation) == "done"
    assert attempts == [1, 2, 3]


@pytest.mark.parametrize("error", [http(400), http(403), http(404), http(409), InputError("wrong"), KeyError("x")])
def test_what_does_not_pass_is_raised_at_once(error: Exception) -> None:
    attempts: list[int] = []

    def operation(attempt: int) -> None:
        attempts.append(attempt)
        raise error

    with pytest.raises(type(error)):
        with_retries(operation)
    assert attempts == [1]


def test_it_gives_up_and_raises_what_happened(waits: list[float]) -> None:
    def operation(_attempt: int) -> None:
        raise http(503)

    with pytest.raises(HttpResponseError):
        with_retries(operation)
    assert len(waits) == 4


def test_retry_after_is_honoured_with_jitter_on_top(waits: list[float]) -> None:
    def operation(attempt: int) -> None:
        if attempt < 5:
            raise http(429, Retry_After="7")

    with_retries(operation)
    assert all(wait >= 7 for wait in waits)
    assert len(set(waits)) > 1


def test_an_absurd_retry_after_is_cut() -> None:
    assert retry_after(http(429, Retry_After="86400")) == 60
    assert retry_after(http(429, Retry_After="tomorrow")) is None
    assert retry_after(http(429)) is None


def test_the_cause_of_a_readable_error_decides() -> None:
    try:
        raise AzureError("Uploading: no") from http(500)
    except AzureError as error:
        assert is_passing(error)
    assert not is_passing(AzureError("no"))
    assert retries.REQUEST_RETRIES["retry_total"] <= 3


@pytest.mark.parametrize(
    "message",
    [
        "Cannot create a deployment in endpoint x because it is in Updating provisioning state.",
        "Conflict of operation, another operation on same entity is already running in workspace ws",
    ],
)
def test_a_busy_endpoint_is_waited_for(message: str, waits: list[float]) -> None:
    error = http(409)
    error.message = message
    error.args = (message,)

    def operation(attempt: int) -> int:
        if attempt <= 20:
            raise error
        return attempt

    assert with_retries(operation) == 21
    assert min(waits) >= 20


def test_an_endpoint_that_failed_is_not_waited_for(waits: list[float]) -> None:
    error = http(400)
    error.args = ("Cannot create a deployment in endpoint x because it is in Failed provisioning state.",)
    with pytest.raises(HttpResponseError):
        with_retries(lambda _attempt: (_ for _ in ()).throw(error))
    assert not waits
