"""Addresses as they may be shown: without what would let a stranger in."""

import re

_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")
_SECRET_PARAMETER = re.compile(
    r"(?i)\b(pass(?:word|wd|phrase)?|pwd|token|secret|api_?key|auth)=[^&\s'\"]+"
)


def redact(text: str) -> str:
    """The text with user information and secret parameters of any URL hidden."""
    text = _CREDENTIALS.sub("***@", text)
    return _SECRET_PARAMETER.sub(r"\1=***", text)
