"""Fences around judged text, which is hostile until shown otherwise.

The boundary is keyed to the item under the store's secret: whoever wrote the text cannot know
it, yet every call about the same item carries the same one, so that provider prefix caches and
the sharing of calls between equal texts survive. Tokens that chat templates and parsers reserve
are made harmless first; what was changed is recorded.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

NEUTRALISING = "1"
"""Version of the table below; part of the instrument."""

_RESERVED = re.compile(
    r"<\|[^|<>\n]{1,40}\|>"  # <|im_start|>, <|eot_id|>, ...
    r"|<\uff5c[^\n<>]{1,40}\uff5c>"  # the full-width form of the same
    r"|</?(?:s|bos|eos|pad|unk|think|thinking|tools|tool_call|tool_response|start_of_turn|end_of_turn)>"
    r"|\[/?(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|THINK)\]"
    r"|<</?SYS>>"
    r"|\\boxed\b",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_HARMLESS = str.maketrans(
    {"<": "\u2039", ">": "\u203a", "[": "\u27e6", "]": "\u27e7", "\\": "\u29f5"}
)


class Neutral(NamedTuple):
    """Text without reserved tokens."""

    text: str
    changed: int
    """How many places were changed."""


def neutralise(text: str) -> Neutral:
    """Make reserved tokens readable but harmless; drop what cannot be seen.

    Nothing else of the text is touched. Plain text comes back as the same object.
    """
    if _harmless(text):
        return Neutral(text, 0)
    # what cannot be seen goes first: it may stand in the middle of a token
    text, invisible = _INVISIBLE.subn("", text)
    text, control = _CONTROL.subn("\ufffd", text)
    text, reserved = _RESERVED.subn(lambda match: match[0].translate(_HARMLESS), text)
    return Neutral(text, reserved + invisible + control)


def _harmless(text: str) -> bool:
    """Tell, for a tenth of what the table costs, whether nothing in a text can be in it."""
    if not text.isascii() or "<" in text or "[" in text or "\\" in text:
        return False
    return text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable()


def boundary(secret: bytes, key: bytes, text: str) -> str:
    """Return a boundary that does not occur in the text: 12 hexadecimal digits.

    Args:
        secret: The store's secret.
        key: The item's content hash and the template's version.
        text: Everything that will be fenced.
    """
    for count in range(1000):
        mac = hmac.new(secret, b"%b/%d" % (key, count), hashlib.sha256).hexdigest()[:12]
        if mac not in text:
            return mac
    msg = "no boundary found that the text does not contain"
    raise ValueError(msg)


def nonce(secret: bytes, about: bytes, criteria: Iterable[str]) -> str:
    """Return what an answer must repeat where nothing but words demands its shape: 12 digits.

    The same for every asking of the same questions about the same item, so that the call is too.
    """
    asked = b"nonce/" + about + "/".join(criteria).encode()
    return hmac.new(secret, asked, hashlib.sha256).hexdigest()[:12]


def fence(name: str, text: str, mark: str) -> str:
    """Return text between two lines that carry the boundary."""
    return f"[{name} {mark}]\n{text}\n[/{name} {mark}]"
