"""Secrets: how they are recognised in judge files, and kept out of what is written down.

Keys come from the environment and enter no store, report or message. A judge of somebody else's
making may still put one into an exception, and a hurried author one into a file.
"""

from __future__ import annotations

import os
import re

_NAMED = re.compile(
    r"(?:^|[-_.])(?:api[-_]?key|apikey|access[-_]?key|secret[-_]?key|key|auth|authorization|"
    r"bearer|token|secret|password|passwd|credentials?|cookie)$",
    re.IGNORECASE,
)
_SHAPED = re.compile(
    # a word with such a beginning and no digit in it is a word
    r"\b(?:sk|pk|rk|gsk|xai|hf|gh[opsu]|github_pat|glpat|ya29)[-_.](?=[\w\-.]*\d)[\w\-.]{16,}"
    r"|\b(?:AKIA[A-Z0-9]{16}|AIza[\w\-]{30,})"
    r"|\b(?:Bearer|Basic)\s+[A-Za-z0-9_\-.=+/~]{8,}",
)
_IN_ADDRESS = re.compile(
    r"://[^/@\s]+@|[?&](?:api[-_]?key|key|token|access_token)=[^&\s]+", re.IGNORECASE
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BEGUN = re.compile(r"(?:sk|pk|rk|gsk|xai|hf|gh[opsu]|github_pat|glpat|ya29)_\w{16,}")
_MIXED = re.compile(
    r"(?=.*[A-Za-z])(?=.*[0-9])(?:(?=.*[a-z])(?=.*[A-Z])|(?=(?:.*[0-9]){4}))[A-Za-z0-9]{16,}"
)
"""One long run of letters and digits as keys have it: both cases, or four digits and more."""
_SHORTEST = 8
"""Shorter values are no keys, and taking them out would garble a message."""


def names_secret(name: str) -> bool:
    """Tell whether a key of a file or a header's name announces a secret."""
    return _NAMED.search(name) is not None


def holds_secret(text: str) -> bool:
    """Tell whether a text looks like a key, or an address that carries one."""
    return _SHAPED.search(text) is not None or _IN_ADDRESS.search(text) is not None


def no_variable(name: str) -> str:
    """Return why a text is no name of an environment variable; empty where it may be one.

    The text is not repeated: whoever mistakes one for the other has written the key itself.
    """
    if holds_secret(name) or _BEGUN.fullmatch(name) or any(map(_MIXED.fullmatch, name.split("_"))):
        return "this looks like a key, and a file that holds a key is not read"
    if not _VARIABLE.fullmatch(name):
        return "this is no name of an environment variable, which has only letters, digits and _"
    return ""


def conceal(text: str) -> str:
    """Return text without what looks like a key, or is one in this process's environment."""
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST and names_secret(name) and value in text:
            text = text.replace(value, "***")
    text = _SHAPED.sub("***", text)
    return _IN_ADDRESS.sub(lambda match: "://***@" if match[0][0] == ":" else "?***", text)
