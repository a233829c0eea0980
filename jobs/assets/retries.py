"""What happens when Azure says "later", or the line drops? The same is tried again, after a wait that grows.

Two layers, so that neither has to wait long: azure-core repeats a single request a few times (``REQUEST_RETRIES``),
tenacity repeats a whole write, which looks at what is there before it writes again. Both honour ``Retry-After``; at
their worst, a write waits about two minutes before it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

T = TypeVar("T")

#: Options of azure-core's clients: how one request is repeated.
REQUEST_RETRIES: dict[str, Any] = {
    "retry_total": 3,
    "retry_backoff_factor": 0.3,
    "retry_backoff_max": 10,
    "connection_timeout": 20,
    "read_timeout": 120,
}

_ATTEMPTS = 5
_LONGEST_WAIT = 60.0
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_jitter = wait_random_exponential(multiplier=0.5, max=20)


def with_retries(operation: Callable[[int], T]) -> T:
    """The result of ``operation``, which gets the number of the attempt (from 1).

    Errors that pass by themselves are repeated, others raised at once.
    """
    for attempt in Retrying(
        retry=retry_if_exception(is_passing), wait=_wait, stop=stop_after_attempt(_ATTEMPTS), reraise=True
    ):
        with attempt:
            return operation(attempt.retry_state.attempt_number)
    raise AssertionError("tenacity raises after the last attempt")


def is_passing(error: BaseException) -> bool:
    """Whether the error, or what caused it, passes by itself: rate limits, 5xx, timeouts, dropped lines."""
    from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError  # noqa: PLC0415
    from requests.exceptions import ConnectionError as LineDropped  # noqa: PLC0415
    from requests.exceptions import Timeout  # noqa: PLC0415

    for one in _causes(error):
        if isinstance(one, HttpResponseError) and one.status_code is not None:
            return one.status_code in _PASSING
        if isinstance(one, (ServiceRequestError, ServiceResponseError, LineDropped, Timeout)):
            return True
    return False


def retry_after(error: BaseException | None) -> float | None:
    """Seconds that Azure asked to wait, if it did."""
    for one in _causes(error):
        headers = getattr(getattr(one, "response", None), "headers", None) or {}
        with suppress(KeyError, ValueError):
            return min(float(headers["Retry-After"]), _LONGEST_WAIT)
    return None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    # Jitter also after a Retry-After: everyone was told the same number.
    return (retry_after(error) or 0.0) + _jitter(state)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
