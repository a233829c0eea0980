"""Does a text hold a secret? Masks what looks like one before it goes where others read it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ezazml.config.show import MASK

_SECRET_NAME = re.compile(r"SECRET|PASSWORD|TOKEN|_KEY$|_PAT$|CREDENTIAL|CONNECTION_STRING|_SAS$")
#: Shorter values are words that may stand anywhere.
_SHORTEST = 6
#: Tokens of Entra and GitHub, keys in connection strings, signatures in addresses, client secrets of Entra.
_SECRET_FORMS = re.compile(
    r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"
    r"|gh[a-z]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
    r"|(?<=AccountKey=)[A-Za-z0-9+/=]+|(?<=SharedAccessKey=)[A-Za-z0-9+/=]+|(?<=[?&]sig=)[^&\s\"']+"
    r"|[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,}"
)


def redacted(text: str, environ: Mapping[str, str]) -> str:
    """``text`` without the values of secret variables, and without what has the form of a secret."""
    values = {
        value
        for name, value in environ.items()
        if _SECRET_NAME.search(name.upper()) and len(value) >= _SHORTEST and value.lower() not in ("true", "false")
    }
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, MASK)
    return _SECRET_FORMS.sub(MASK, text)
