"""Held out: what users did is no judge's business, or it measures nothing of what users do.

A judge that sees a signal, a rubric that asks for one, or a fit that learns from one predicts the
signal, and its score rises and falls with it. So columns and metadata that carry the name of a
signal in the store are refused where they were asked for, and withheld where a judge is shown all
that there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trueup.errors import DataError, RubricError
from trueup.item.model import TEXTS
from trueup.item.names import squash
from trueup.item.plain import excerpt

if TYPE_CHECKING:
    from trueup.item.model import Item
    from trueup.rubric.model import Rubric

_METADATA = "metadata."
_RENAME = "Take what people answered to the criterion; rename the column if this is it"
_WHY = "which is held out from judges: a judge that sees what users did measures nothing of it"


def signal_in(name: str, held_out: Mapping[str, str]) -> str | None:
    """Return the signal that a column, path or metadata key names, None for none.

    Args:
        name: As somebody wrote it; case, `_`, `-` and blanks do not matter.
        held_out: What `trueup.store.signals.held_out` returns.
    """
    return held_out.get(squash(name)) or held_out.get(squash(name.rpartition(".")[2]))


def refuse_rubric(rubric: Rubric, held_out: Mapping[str, str]) -> None:
    """Refuse a rubric that asks for a signal, in `needs` or in what a check compares.

    Raises:
        RubricError: A criterion does.
    """
    for criterion in rubric.criteria:
        for place in (*criterion.needs, *_compared(criterion.check or {})):
            key = place.removeprefix(_METADATA)
            signal = signal_in(key, held_out) if place.startswith(_METADATA) else None
            if signal is not None:
                what = f"criterion {criterion.id} looks at {place}, the signal {signal}, {_WHY}"
                mend = "Ask for something that was known before users answered"
                raise RubricError(what, where=rubric.path or rubric.name, mend=mend)


def refuse_fields(
    fields: Mapping[str, str], held_out: Mapping[str, str], *, where: str | None = None
) -> None:
    """Refuse items whose input, output, reference or context is filled from a signal's column.

    Args:
        fields: Field of an item -> column or path.
        held_out: What `trueup.store.signals.held_out` returns.
        where: The source's name, for the message.

    Raises:
        DataError: One is.
    """
    for field in TEXTS:
        signal = signal_in(fields.get(field) or "", held_out)
        if signal is not None:
            what = f"{field} is read from '{excerpt(fields[field])}', the signal {signal}, {_WHY}"
            mend = f"Name another column for {field}, or none"
            raise DataError(what, where=where, mend=mend)


def refuse_answers(
    fields: Mapping[str, str], held_out: Mapping[str, str], *, where: str | None = None
) -> None:
    """Refuse to take a signal's column for people's labels, which judges are fitted on.

    Args:
        fields: Field of a label, or `criterion.ID` -> column or name.
        held_out: What `trueup.store.signals.held_out` returns.
        where: The source's name, for the message.

    Raises:
        DataError: An answer is read from one.
    """
    for field, source in fields.items():
        answer = field == "value" or field.startswith("criterion.")
        signal = signal_in(source, held_out) if answer else None
        if signal is not None:
            what = (
                f"{field} is read from '{excerpt(source)}', the signal {signal}, and a signal is "
                "no label: a judge that is fitted to what users did measures nothing of it"
            )
            raise DataError(what, where=where, mend=_RENAME)


def withheld(item: Item, held_out: Mapping[str, str]) -> Item:
    """Return an item without the metadata that carries a signal's name, at any depth."""
    if not held_out or not item.metadata:
        return item
    kept = _without(item.metadata, held_out)
    return item if kept is item.metadata else replace(item, metadata=kept)


def _without(given: Mapping[str, Any], held_out: Mapping[str, str]) -> Mapping[str, Any]:
    """Return a mapping without what carries a signal's name; itself where nothing does."""
    kept: dict[str, Any] = {}
    same = True
    for key, value in given.items():
        if signal_in(str(key), held_out) is not None:
            same = False
            continue
        inner = _inside(value, held_out)
        same &= inner is value
        kept[key] = inner
    return given if same else kept


def _inside(value: Any, held_out: Mapping[str, str]) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(value, Mapping):
        return _without(value, held_out)
    if isinstance(value, list) and any(isinstance(one, (Mapping, list)) for one in value):
        inner = [_inside(one, held_out) for one in value]
        same = all(new is old for new, old in zip(inner, value, strict=True))
        return value if same else inner
    return value


def _compared(check: Mapping[str, Any]) -> list[str]:
    """Return the places that a check looks at."""
    other = check.get("equals")
    places = [check.get("where"), other.get("field") if isinstance(other, Mapping) else None]
    return [place for place in places if isinstance(place, str)]
