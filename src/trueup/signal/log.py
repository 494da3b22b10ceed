"""open_retries: what the log of items itself tells, as a source of signals to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.item.memory import iterable_rows
from trueup.item.read import open_items
from trueup.signal.cells import Reading
from trueup.signal.declare import field_as
from trueup.signal.read import SignalSource
from trueup.signal.retry import NAME, WITHIN, find_retries, linked_retries
from trueup.signal.rows import LongRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from trueup.item.model import Item
    from trueup.item.read import Source
    from trueup.signal.model import SignalRecord


def open_retries(
    source: Source,
    *,
    link: str | None = None,
    within: timedelta | None = None,
    name: str = NAME,
    fields: Mapping[str, str] | None = None,
    timezone: str | None = None,
) -> SignalSource:
    """Return the retries in a log of items, for `import_signals`.

    Args:
        source: The log: what `open_items` takes. It is read here, ids and times are held in memory,
            and inputs as well where no column links items.
        link: Column in which an item names the one that it retries, as of `linked_retries`. Left
            out, they are found by what a session asks again, as of `find_retries`.
        within: For how long; an item that was not retried by then gets a 0. Left out, links tell of
            no 0, and without links it is ten minutes.
        name: The signal's name.
        fields: Field of an item -> column, as far as names do not say it.
        timezone: The zone of times that name none.

    Raises:
        DataError: The log cannot be read, or has no retry and no item that could have had one.
    """
    items = open_items(source, fields=fields, timezone=timezone)
    every = (item for _, item in items.numbered(needs_output=False))
    try:
        found = list(_found(every, link, within, name))
    except DataError as error:
        raise DataError(error.what, where=error.where or items.name, mend=error.mend) from None
    if not found:
        raise _none(items.name, link)
    rows = iterable_rows([_row(record) for record in found], items.name)
    opened = SignalSource(rows, LongRows(rows, {}), Reading())
    opened.source_format = items.format
    opened.columns = {} if link is None else {link: name}
    return opened


def _found(
    items: Iterable[Item], link: str | None, within: timedelta | None, name: str
) -> Iterable[SignalRecord]:
    if link is not None:
        return linked_retries(items, link, within=within, name=name)
    return find_retries(items, within=within or WITHIN, name=name)


def _row(record: SignalRecord) -> Mapping[str, object]:
    return {
        "unit_id": record.unit_id, "name": record.name, "value": record.value,
        "event_at": record.event_at, "known_at": record.known_at, "exposed": record.exposed,
    }  # fmt: skip


def _none(where: str, link: str | None) -> DataError:
    if link is not None:
        what = f"no item names another in '{link}'"
        return DataError(what, where=where, mend="Name the column that holds the earlier item's id")
    what = "no item has both a session and a time, so that nothing can be asked again in one"
    mend = f"Say which columns hold them: {field_as('session_id')}, {field_as('timestamp')}"
    return DataError(what, where=where, mend=mend)
