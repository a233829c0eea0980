"""What does a user read when Azure refuses? One place that turns the SDKs' exceptions into our errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from ezazml.errors import EzazmlError, InputError

#: Colours of a terminal, and the mistakes that stand among them.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_CROSS = re.compile(r"^\(x\) (.+)$", re.MULTILINE)


class AzureError(EzazmlError):
    """Azure, or the way to it, refused or failed; the message says what was tried and what Azure answered."""


@contextmanager
def readable_errors(action: str) -> Iterator[None]:
    """Turn exceptions of azure-core and azure-ai-ml inside the block into one message that begins with ``action``."""
    from azure.core import exceptions as azure  # noqa: PLC0415 - only what talks to Azure needs it

    try:
        yield
    except EzazmlError:
        raise
    except azure.ClientAuthenticationError as error:
        raise AzureError(
            f"{action}: the login failed: {short(error)}",
            hint="Run `az login`, or set ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID.",
        ) from error
    except azure.HttpResponseError as error:
        raise AzureError(f"{action}: {short(error)}", hint=_hint(error.status_code)) from error
    except azure.AzureError as error:
        if mistake := _mistake_behind(error):
            raise InputError(f"{action}: {short(mistake)}") from error
        raise AzureError(f"{action}: Azure cannot be reached: {short(error)}", hint="Check the network.") from error
    except Exception as error:
        if mistake := _mistake_behind(error):
            raise InputError(f"{action}: {short(mistake)}") from error
        raise


def short(error: BaseException) -> str:
    """The first line of an exception that says something, without the SDK's decoration, ending in a full stop."""
    message = getattr(error, "message", None) or str(error) or type(error).__name__
    found = _listed(str(message)) or " ".join(_marked(str(message)))
    if found:
        return found
    lines = [line.strip() for line in str(message).splitlines() if line.strip()]
    code = getattr(getattr(error, "error", None), "code", None)
    text = lines[0] if lines else type(error).__name__
    if code and code not in text:
        text = f"{code}: {text}"
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _listed(message: str) -> str | None:
    """What azure-ai-ml writes as a JSON document: each mistake with its field. ``None`` for any other text."""
    try:
        errors = json.loads(message)["errors"]
        said = [(one.get("path") or "-", str(one["message"]).splitlines()[0].strip().rstrip(".")) for one in errors]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return " ".join(f"{path}: {text}." for path, text in dict.fromkeys(said)) or None


def _marked(message: str) -> list[str]:
    """What azure-ai-ml writes in colours for a terminal: the lines of mistakes, each with a cross before it."""
    plain = _COLOURS.sub("", message)
    return [f"{one.strip().rstrip('.')}." for one in _CROSS.findall(plain) if one.strip()]


def _mistake_behind(error: BaseException | None) -> BaseException | None:
    """What azure-ai-ml marks as the caller's mistake: ValidationException and UserErrorException.

    The SDK raises some of them again as a decorated MlException, which is also what an unreachable Azure raises.
    """
    while error is not None:
        if type(error).__name__ == "MlException" and _marked(str(error)):
            return error
        if any(kind.__name__ in {"ValidationException", "UserErrorException"} for kind in type(error).__mro__):
            return error
        error = error.__cause__ or error.__context__
    return None


def _hint(status: int | None) -> str | None:
    return {
        401: "Log in again: az login.",
        403: "The login lacks a role here; in Azure a new role counts after some minutes.",
        404: "Check the name, and that the environment is deployed.",
        429: "Azure limits the rate; try again later.",
    }.get(status or 0)
