"""Which answer does a request get? Finds the host, strikes with faults, calls the route, logs one line."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox import tokens
from sandbox.cloud import Cloud
from sandbox.faults import FaultKind, FaultSource, Strike
from sandbox.hosts import Host, find_host
from sandbox.store import StoreError
from sandbox.web import Answer, Call, Refusal

_LOG = logging.getLogger(__name__)
#: One line per request: what tests and people read to see what a program did.
REQUESTS = logging.getLogger("sandbox.requests")
_RETRY_AFTER = {"Retry-After": "1"}


class App:
    """The ASGI application behind every host that is served."""

    def __init__(self, cloud: Cloud, faults: FaultSource, *, drop: Callable[[int], None]) -> None:
        self._cloud = cloud
        self._faults = faults
        self._drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        call = await _read(request)
        host = find_host(call.host)
        started = time.perf_counter()
        answer: Answer | None
        if host is None:
            answer = Refusal(502, "HostNotServed", f"The sandbox does not serve {call.host}.").answer()
        elif host.faulty:
            answer = await self._with_faults(host, call)
        else:
            answer = await run_in_threadpool(self._answer, host, call)
        took = (time.perf_counter() - started) * 1000
        REQUESTS.info("%s %s %s %.0f ms", call.method, call.url, answer.status if answer else "dropped", took)
        if answer is None:
            self._drop(request.client.port if request.client else 0)
            while (await receive())["type"] != "http.disconnect":
                pass  # until the server has seen it too; it would answer in our place
            return
        await _response(answer)(scope, receive, send)

    async def _with_faults(self, host: Host, call: Call) -> Answer | None:
        """The answer, late or lost or another one, as asked for. ``None`` stands for a dropped connection."""
        latency = self._faults.current().latency_ms / 1000
        if latency:
            await asyncio.sleep(latency)
        strike = self._faults.strike()
        if strike is None:
            return await run_in_threadpool(self._answer, host, call)
        if strike.kind is FaultKind.SLOW:
            await asyncio.sleep(self._faults.current().slow_seconds)
        if strike.after or strike.kind is FaultKind.SLOW:
            answer = await run_in_threadpool(self._answer, host, call)
            return answer if strike.kind is FaultKind.SLOW else _fault(strike)
        return _fault(strike)

    def _answer(self, host: Host, call: Call) -> Answer:
        try:
            found = host.routes.find(call.method, call.path)
            if host.needs_token and not (found and found[0].public):
                _require_token(call)
            if found is None:
                _LOG.warning("Not served: %s %s", call.method, call.url)
                text = f"The sandbox does not serve {call.method} {call.url} (docs/sandbox.md says what it serves)."
                raise Refusal(501, "NotImplemented", text)
            route, parameters = found
            return route.handler(self._cloud, replace(call, parameters=parameters))
        except Refusal as refusal:
            return refusal.answer()
        except StoreError as error:
            return Refusal(500, "StoreError", str(error)).answer()
        except Exception:
            _LOG.exception("%s %s failed", call.method, call.url)
            text = "The sandbox itself failed; .sandbox/logs/service.log says how."
            return Refusal(500, "InternalServerError", text).answer()


def _fault(strike: Strike) -> Answer | None:
    if strike.kind is FaultKind.DROP:
        return None
    if strike.kind is FaultKind.TOO_MANY:
        refusal = Refusal(429, "TooManyRequests", "Too many requests (an ordered fault of the sandbox).")
        return replace(refusal.answer(), headers=_RETRY_AFTER)
    return Refusal(500, "InternalServerError", "Something failed (an ordered fault of the sandbox).").answer()


def _require_token(call: Call) -> None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or tokens.read(token) is None:
        text = "Authentication failed. The 'Authorization' header is missing, or its token is not the sandbox's."
        raise Refusal(401, "AuthenticationFailed", text)


async def _read(request: Request) -> Call:
    return Call(
        method=request.method,
        host=request.headers.get("host", "").partition(":")[0].lower(),
        path=request.url.path,
        query=dict(request.query_params),
        headers=dict(request.headers),
        content=await request.body(),
    )


def _response(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, headers, "application/xml")
    return Response(json.dumps(answer.body), answer.status, headers, "application/json")
