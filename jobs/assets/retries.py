"""What happens when Azure says "later", or the line drops? The same is tried again, after a wait that grows.

Two layers, so that neither has to wait long: azure-core repeats a single request a few times (``REQUEST_RETRIES``),
tenacity repeats a whole write, which looks at what is there before it writes again. Both honour ``Retry-After``; at
their worst, a write waits about two minutes before it fails. What another operation keeps busy (an endpoint while one
of its deployments is made) takes minutes to be free: that is waited for up to half an hour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

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
#: How Azure says that an endpoint takes no write now: "Cannot create a deployment in endpoint x because it is in
#: Updating provisioning state", "another operation on same entity is already running".
_BUSY = re.compile(
    r"in (?:Creating|Updating|Deleting) provisioning state|(?:another )?operation .{0,80}(?:in progress|running)",
    re.IGNORECASE,
)
_BUSY_SECONDS = 20.0
_BUSY_ATTEMPTS = 60
_jitter = wait_random_exponential(multiplier=0.5, max=20)


def with_retries(operation: Callable[[int], T]) -> T:
    """The result of ``operation``, which gets the number of the attempt (from 1).

    Errors that pass by themselves are repeated, others raised at once.
    """
    for attempt in Retrying(retry=retry_if_exception(is_passing), wait=_wait, stop=_stop, reraise=True):
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
            return one.status_code in _PASSING or is_busy(one)
        if isinstance(one, (ServiceRequestError, ServiceResponseError, LineDropped, Timeout)):
            return True
    return False


def is_busy(error: BaseException | None) -> bool:
    """Whether Azure refuses a write because another operation on the same thing still runs."""
    return getattr(error, "status_code", None) in {400, 409} and _BUSY.search(str(error)) is not None


def retry_after(error: BaseException | None) -> float | None:
    """Seconds that Azure asked to wait, if it did."""
    for one in _causes(error):
        headers = getattr(getattr(one, "response", None), "headers", None) or {}
        with suppress(KeyError, ValueError):
            return min(float(headers["Retry-After"]), _LONGEST_WAIT)
    return None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if any(is_busy(one) for one in _causes(error)):
        return max(retry_after(error) or 0.0, _BUSY_SECONDS) + _jitter(state)
    # Jitter also after a Retry-After: everyone was told the same number.
    return (retry_after(error) or 0.0) + _jitter(state)


def _stop(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    most = _BUSY_ATTEMPTS if any(is_busy(one) for one in _causes(error)) else _ATTEMPTS
    return state.attempt_number >= most


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
