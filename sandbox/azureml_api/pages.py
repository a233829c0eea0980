"""How are lists cut into pages? ``$top``, ``$skip`` and ``nextLink``, as the Azure ML API uses them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from sandbox.web import Answer, Call, Refusal

#: Azure's own pages are of this order; long enough to need few calls, short enough that programs meet a second one.
PAGE = 200


def answer(items: Sequence[Any], call: Call) -> Answer:
    """One page of ``items``, with a link to the next one."""
    top, start = _number(call, "$top"), _number(call, "$skip") or 0
    size = min(top or PAGE, PAGE)
    body: dict[str, Any] = {"value": list(items[start : start + size])}
    if start + size < len(items) and top is None:
        query = {**call.query, "$skip": str(start + size)}
        body["nextLink"] = f"{call.url}?{urlencode(query)}"
    return Answer(body=body)


def _number(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    if not text.isdigit():
        raise Refusal(400, "ValidationError", f"The request is invalid. The query {name} must be a number, not {text}.")
    return int(text)
