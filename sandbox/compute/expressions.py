"""What does a job's command say? ``${{inputs.x}}`` and its like, replaced as Azure ML replaces them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sandbox.compute.errors import ComputeError

_EXPRESSION = re.compile(r"\$\{\{\s*([\w.\-]+)\s*\}\}")
#: ``$[[--rate ${{inputs.rate}}]]`` is there only when the input has a value.
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)


def names_in(text: str) -> list[str]:
    """What the text asks for, such as ``inputs.data``."""
    return _EXPRESSION.findall(text)


def replaced(text: str, values: Mapping[str, str]) -> str:
    """The text with its values. Raises :class:`ComputeError` for a name that has none."""

    def optional(found: re.Match[str]) -> str:
        return found[1] if all(name in values for name in names_in(found[1])) else ""

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            known = ", ".join(sorted(values)) or "none"
            raise ComputeError(f"The command names '{found[1]}', which the job does not have. It has: {known}.")
        return values[found[1]]

    return _EXPRESSION.sub(value, _OPTIONAL.sub(optional, text))
