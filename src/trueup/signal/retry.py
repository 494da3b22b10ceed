"""Retries: items that ask again for what an earlier item should have given.

A retry is a link between two items: the later names the earlier, or it comes from the same session
within minutes with nearly the same input. Either way the earlier one is what is retried, and the
record is about it.
"""

from __future__ import annotations

import unicodedata
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import Indel

from trueup.errors import DataError, did_you_mean
from trueup.item.model import as_text
from trueup.item.path import place
from trueup.item.plain import excerpt, name_text
from trueup.signal.model import SignalRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from trueup.item.model import Item

NAME = "retries"
SIMILARITY = 0.8
WITHIN = timedelta(minutes=10)
_COMPARED = 5_000
"""Characters of an input that are compared; conversations are compared by their last message."""
_OPEN = 20
"""So many earlier items of a session may still be retried."""


def linked_retries(
    items: Iterable[Item],
    column: str,
    *,
    within: timedelta | None = None,
    name: str = NAME,
) -> Iterator[SignalRecord]:
    """Yield a record of value 1 about every item that a later one names as the one it retries.

    Args:
        items: In any order; held in memory by id and time alone.
        column: The metadata key, or path into it, under which an item names the one it retries.
        within: Where given, an item that is not retried for so long gets a record of value 0,
            known at the end of that time, as far as the items themselves reach; otherwise none.
        name: The signal's name.

    Raises:
        DataError: No item has the column, an item that retries another has no timestamp, or an
            item names itself.
    """
    times: dict[str, datetime | None] = {}
    links: dict[str, str] = {}
    keys: set[str] = set()
    for item in items:
        times[item.id] = item.timestamp
        if len(keys) < _COMPARED:
            keys.update(item.metadata)
        target = name_text(place(column, item.metadata).of(item.metadata))
        if target == item.id:
            what = f"item '{excerpt(item.id)}' names itself as the one that it retries"
            raise DataError(what, mend="Name the column that holds the earlier item's id")
        if target is not None:
            links[item.id] = target
    if not links and place(column, keys).column not in keys:
        raise DataError(f"no item has metadata '{column}'", mend=did_you_mean(column, keys))
    for retry, target in links.items():
        at = times[retry]
        if at is None:
            what = f"item '{excerpt(retry)}' retries another, and has no timestamp"
            raise DataError(what, mend="Say which column holds it, so that its order is known")
        yield _record(target, 1.0, at, name=name)
    if within is not None:
        retried = set(links.values())
        last = max((at for at in times.values() if at is not None), default=None)
        for id_, at in times.items():
            if id_ not in retried and at and last and at + within <= last:
                yield _record(id_, 0.0, at + within, name=name)


def find_retries(
    items: Iterable[Item],
    *,
    within: timedelta = WITHIN,
    similarity: float = SIMILARITY,
    zeros: bool = True,
    name: str = NAME,
) -> Iterator[SignalRecord]:
    """Yield a record about every item that the same session asked again shortly after.

    An item is retried where a later one of its session, at most `within` after it, has nearly the
    same input: 1 minus the normalised Indel distance of the two, white space and case apart, is at
    least `similarity`. It is the nearest earlier item that is retried. Of conversations the last
    message is compared. Items without a session or a timestamp are passed over: nothing can be said
    of them.

    Args:
        items: In any order; held in memory with their inputs, cut to 5,000 characters.
        within: How long after an item the same question is a retry of it.
        similarity: In (0, 1]; the least that counts as the same question.
        zeros: Whether an item that is not retried gets a record of value 0, known when `within`
            has passed, as far as the items themselves reach.
        name: The signal's name.

    Raises:
        ValueError: `similarity` is outside (0, 1], or `within` is not positive.
    """
    if not 0 < similarity <= 1:
        raise ValueError(f"similarity is {similarity}; it must be above 0 and at most 1")
    if within <= timedelta(0):
        raise ValueError(f"within is {within}; it must be longer than nothing")
    asked = [
        _Asked(item.session_id, item.timestamp, item.id, _question(item))
        for item in items
        if item.session_id is not None and item.timestamp is not None
    ]
    asked.sort()
    last = max((one.at for one in asked), default=None)
    open_: deque[_Asked] = deque(maxlen=_OPEN)
    retried: set[str] = set()
    for one in asked:
        if open_ and open_[-1].session != one.session:
            open_.clear()
        for before in reversed(open_):
            if one.at - before.at > within:
                break
            if _alike(before.question, one.question, similarity) and before.item_id != one.item_id:
                if before.item_id not in retried:
                    retried.add(before.item_id)
                    yield _record(before.item_id, 1.0, one.at, name=name)
                break
        open_.append(one)
    if zeros and last is not None:
        for one in asked:
            if one.item_id not in retried and one.at + within <= last:
                yield _record(one.item_id, 0.0, one.at + within, name=name)


class _Asked(NamedTuple):
    """What one item asked; in the order of session and time."""

    session: str
    at: datetime
    item_id: str
    question: str


def _question(item: Item) -> str:
    last = item.input if isinstance(item.input, str) else as_text(item.input[-1:])
    text = unicodedata.normalize("NFC", last[:_COMPARED]).casefold()
    return " ".join(text.split())


def _alike(one: str, other: str, least: float) -> bool:
    if not one or not other:
        return False
    return bool(Indel.normalized_similarity(one, other, score_cutoff=least) >= least)


def _record(item_id: str, value: float, at: datetime, *, name: str) -> SignalRecord:
    return SignalRecord(
        unit_id=item_id, name=name, value=value, event_at=at, known_at=at, exposed=True
    )
