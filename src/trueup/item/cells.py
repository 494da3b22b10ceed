"""Readers of single cells that are neither text nor time: purposes, probabilities, metadata."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from trueup.errors import DataError, did_you_mean
from trueup.item.declare import mapping
from trueup.item.plain import excerpt, mended, name_text, plain
from trueup.item.text import as_messages, json_strings

if TYPE_CHECKING:
    from collections.abc import Sequence

_PURPOSES = {
    "eval": "eval",
    "evaluation": "eval",
    "prod": "prod",
    "production": "prod",
    "probe": "probe",
    "replay": "replay",
}


def read_purpose(raw: object) -> str | None:
    """Return what an item is for; None where the cell is empty.

    Raises:
        DataError: The purpose is none of eval, prod, probe and replay.
    """
    name = name_text(raw)
    if name is None:
        return None
    purpose = _PURPOSES.get(name.strip().lower())
    if purpose is None:
        mend = f"{did_you_mean(name, _PURPOSES)}. Or leave the column out: {mapping('purpose', '')}"
        raise DataError(f"unknown purpose '{excerpt(name)}'", mend=mend.replace("?.", "?"))
    return purpose


_LEAST_PROBABILITY = 1e-9
"""A smaller probability is a slip, and one over it would drown every other item."""


def read_probability(field: str, raw: object) -> float | None:
    """Return a probability in (0, 1]; None where the cell is empty.

    Raises:
        DataError: The cell holds something else. An item that was drawn cannot have had the
            probability 0.
    """
    value = plain(raw)
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if isinstance(value, bool) or not _LEAST_PROBABILITY <= number <= 1:
        out = mapping(field, "")
        mend = f"Write a probability from 1e-9 to 1, or leave the column out: {out}"
        raise DataError(f"{field} is '{excerpt(str(value))}', no probability in (0, 1]", mend=mend)
    return number


def read_metadata(raw: object) -> Any:  # noqa: ANN401 - a JSON value
    """Return what a metadata cell holds; JSON text is parsed, other text is kept."""
    value = plain(raw)
    if isinstance(value, str):
        with contextlib.suppress(ValueError, RecursionError):
            value = plain(json.loads(value))
    return mended(value)


def looks_like_json(field: str, cells: Sequence[object]) -> bool:
    """Tell whether every filled cell is JSON text that the field would look into.

    That is a list of messages for inputs and outputs, and a list of strings for contexts.
    """
    filled = [cell for cell in map(plain, cells) if cell not in (None, "")]
    texts = [cell for cell in filled if isinstance(cell, str)]
    if not texts or len(texts) < len(filled):
        return False
    if field == "context":
        return all(json_strings(cell) is not None for cell in texts)
    return all(as_messages(cell, parse=True) is not None for cell in texts)
