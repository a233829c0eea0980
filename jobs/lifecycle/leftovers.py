"""What does a deployment that fails or is interrupted leave behind? Told in its error, so that nobody has to guess."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ezazml.errors import EzazmlError
from jobs.azure_errors import short


@dataclass(frozen=True)
class Making:
    """One deployment while it is being made."""

    name: str
    #: Gives it as it is now, or raises what azure-ai-ml raises.
    find: Callable[[], Any]
    #: What this command did before: ``created``, ``updated`` or ``unchanged`` for each part.
    done: Mapping[str, str]
    #: Commands that show it, and that remove it, where there are such.
    look: str | None = None
    remove: str | None = None
    #: What its traffic is now, as a sentence.
    traffic: str = ""
    log: Callable[[], Sequence[str]] = tuple


@contextmanager
def telling_what_is_left(making: Making) -> Iterator[None]:
    """Add to an error of this package what is there now, and how to go on; to an interrupt, what Azure goes on with."""
    try:
        yield
    except EzazmlError as error:
        state = _state(making)
        if state is None:
            left, hint = f"Deployment {making.name} was not created.", "Correct it and deploy again."
            lines: Sequence[str] = ()
        else:
            left = f"Deployment {making.name} is there, {state}. {making.traffic}".rstrip()
            remove = f", or remove it: {making.remove}" if making.remove else ""
            hint = f"{_look(making)}Correct it and deploy again{remove}" + ("" if remove else ".")
            lines = making.log()
        text = [error.message, *(f"  {line}" for line in lines), f"{left} {_before(making.done)}"]
        raise type(error)("\n".join(text), hint=hint) from error
    except KeyboardInterrupt as stop:
        stop.add_note(f"Azure goes on with deployment {making.name}. {_look(making)}{_before(making.done)}")
        raise


def _look(making: Making) -> str:
    return f"Its log: {making.look}. " if making.look else ""


def _state(making: Making) -> str | None:
    """The deployment's state in words; nothing where there is none."""
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415 - only what talks to Azure needs it

    try:
        found = making.find()
    except ResourceNotFoundError:
        return None
    except Exception as error:  # the reason of the failure is told already
        return f"or not: Azure does not say ({short(error)})"
    state = getattr(found, "provisioning_state", None)
    return f"as {getattr(state, 'value', state)}" if state else "in an unknown state"


def _before(done: Mapping[str, str]) -> str:
    changed = [f"{part} was {what}" for part, what in done.items() if what != "unchanged"]
    return f"Before it, {', '.join(changed)}." if changed else "Nothing else was changed."
