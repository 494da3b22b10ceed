"""Feedback: what the exports of Langfuse and LangSmith share, records of one answer each.

Only those that people gave in the tool's interface are labels, so that a record has to say its
source.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from trueup.errors import DataError
from trueup.item.declare import mapping
from trueup.item.plain import excerpt
from trueup.label.tool.shape import BY_MODEL, parsed

if TYPE_CHECKING:
    from trueup.label.model import Label
    from trueup.label.tool.shape import Body

BY_PROGRAM = "sent by a program, which may be a judge or a user's click"
_OTHERS = {"eval": BY_MODEL, "model": BY_MODEL, "auto_eval": BY_MODEL, "api": BY_PROGRAM}


def by_other(source: str) -> str:
    """Return why what is from a source is no label, unless that source is people."""
    return _OTHERS.get(source.casefold(), f"of source '{excerpt(source)}'")


def metadata(cell: object) -> Body:
    """Return what may hold a mark; whatever else people put there, text too, holds none."""
    with suppress(DataError):
        found = parsed(cell, of="metadata")
        if isinstance(found, dict):
            return found
    return {}


def unsourced(column: str) -> DataError:
    """Return the error for records that do not say whether a person or a judge gave them."""
    what = f"these scores do not say who gave them (there is no '{column}')"
    columns = ", ".join(mapping(field) for field in ("item_id", "criterion", "value"))
    mend = f"Export them with it; or, if people gave all of them, name the columns: {columns}"
    return DataError(what, mend=mend)


def record_id(label: Label, place: int) -> str:
    """Return a UUID that is the same whenever the same person's answer is sent again.

    Those that nobody signed are told apart by their place among all.
    """
    who = place if label.annotator is None else label.annotator
    parts = (label.unit_kind, label.item_id, label.question or label.criterion, who)
    return str(uuid5(NAMESPACE_URL, f"trueup:label:{parts!r}"))
