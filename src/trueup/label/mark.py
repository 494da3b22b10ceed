"""The mark: what a tool has no field for, carried inside its own records there and back.

A mark holds for the answer that it was written with. Where somebody has changed the answer since,
it is ignored: whose the new one is, and from when, only the tool knows.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trueup.label.cells import answer
from trueup.label.model import Label

if TYPE_CHECKING:
    from collections.abc import Collection

    from trueup.label.cells import Cells

KEY = "trueup"

_DEFAULTS = {field.name: field.default for field in fields(Label)}


def plain_fields(label: Label) -> dict[str, Any]:
    """Return a label's fields as JSON values, without those that say nothing."""
    found: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(label, name)
        if value is None or value == default:
            continue
        if isinstance(value, datetime):
            value = value.isoformat().replace("+00:00", "Z")
        elif isinstance(value, float) and name == "value" and value.is_integer():
            value = int(value)
        found[name] = value
    return found


def mark_of(label: Label, *, held: Collection[str]) -> dict[str, Any]:
    """Return the mark of a label.

    Args:
        label: The label.
        held: The fields that the tool itself holds; the answer is in every mark.
    """
    every = plain_fields(label)
    return {name: value for name, value in every.items() if name == "value" or name not in held}


def marked(holder: object, value: object) -> Cells | None:
    """Return the cells that a mark fills, None where there is none or it no longer holds.

    Args:
        holder: What may hold a mark under its key.
        value: The answer that stands beside it.
    """
    mark = holder.get(KEY) if isinstance(holder, dict) else None
    if not isinstance(mark, dict) or answer(mark.get("value")) != answer(value):
        return None
    return {name: cell for name, cell in mark.items() if name in _DEFAULTS and name != "value"}
