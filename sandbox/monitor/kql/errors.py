"""What is wrong with a query? Errors with the codes that Azure Monitor gives."""

from __future__ import annotations


class KqlError(Exception):
    """A query that is not answered. ``kind`` and ``code`` are those of Azure Monitor's inner errors."""

    def __init__(self, kind: str, code: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.message = message


def syntax(message: str, position: int) -> KqlError:
    """The query is not in the language."""
    text = f"Query could not be parsed at position {position + 1}: {message}"
    return KqlError("SyntaxError", "SYN0002", text)


def semantic(message: str) -> KqlError:
    """The query names what does not exist, or mixes what does not fit."""
    return KqlError("SemanticError", "SEM0100", message)


def not_served(what: str, known: tuple[str, ...]) -> KqlError:
    """The language has it, the sandbox does not."""
    text = f"The sandbox does not answer {what}; it knows {', '.join(sorted(known))}."
    return KqlError("NotSupportedInSandbox", "NotSupportedInSandbox", text)
