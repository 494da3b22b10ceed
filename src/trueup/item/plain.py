"""Plain values: what a cell of any source holds, as JSON values without broken characters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

_LONE = re.compile("[\ud800-\udfff]")
_NOTHING = frozenset({"NAType", "NaTType"})
"""The types of pandas.NA and pandas.NaT, known by name so that pandas need not be imported."""


def plain(value: object) -> Any:  # noqa: ANN401 - a JSON value
    """Return a cell as a JSON value; None for None, NaN, pandas.NA and pandas.NaT.

    Null entries of mappings are left out, so that a Parquet struct and a JSON object that hold
    the same are equal. Undecodable bytes become lone surrogates, which `mended` replaces.
    """
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is float:
        return None if value != value else value  # noqa: PLR0124 - the test for NaN
    if isinstance(value, Mapping):
        pairs = ((str(key), plain(part)) for key, part in value.items())
        return {key: part for key, part in pairs if part is not None}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, (Sequence, AbstractSet)) and not isinstance(value, str):
        return [plain(part) for part in value]
    return _plain_scalar(value)


def _plain_scalar(value: object) -> Any:  # noqa: ANN401 - a JSON value
    if type(value).__name__ in _NOTHING:
        return None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return plain(float(value))
    if isinstance(value, str):  # a subclass, for example numpy.str_
        return str(value)
    to_list = getattr(value, "tolist", None)  # numpy arrays and scalars
    if callable(to_list):
        return plain(to_list())
    return str(value)


def broken(text: str) -> bool:
    """Tell whether text holds lone surrogates, which no UTF-8 file, store or endpoint takes."""
    if text.isascii():
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def mended(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    """Return a JSON value, or a tuple of some, with every lone surrogate replaced by U+FFFD."""
    if isinstance(value, str):
        return value if value.isascii() or not broken(value) else _LONE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {mended(key): mended(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(mended, value))
    return value


def name_text(value: object) -> str | None:
    """Return an id or another name as text; None where it is missing or empty.

    Whole floats lose their `.0`: pandas makes floats of whole numbers beside a missing one.
    """
    if type(value) is str:
        return mended(value) or None
    value = plain(value)
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return mended(str(value)) or None


def excerpt(text: str, limit: int = 60) -> str:
    """Return the first characters of text with everything unprintable escaped, for messages."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text[:limit]
    )
    return shown + ("..." if len(text) > limit else "")
