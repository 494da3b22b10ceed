"""Draws: which items of a sitting are to be labelled, and with what probability each was drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trueup.store import schema
from trueup.store.rows import storable
from trueup.store.store import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One item that was drawn to be labelled."""

    sitting: str
    item_id: str
    place: int
    """Order of labelling, from 0."""
    run: int
    """The run that judged it."""
    design: str
    probability: float
    """Probability with which it was drawn from the items that were judged."""
    people: int
    """How many people are to label it, blind to each other."""
    why: str


def add_draw(store: Store, drawn: Sequence[Drawn]) -> None:
    """Record a draw; an item that was drawn in a sitting stays drawn as it was."""
    at = now()
    rows = [
        {
            "sitting": storable(one.sitting),
            "item_id": storable(one.item_id),
            "place": one.place,
            "run": one.run,
            "design": one.design,
            "probability": one.probability,
            "people": one.people,
            "why": one.why,
            "drawn_at": at,
        }
        for one in drawn
    ]
    if rows:
        with store.transaction() as connection:
            connection.execute(store.insert(schema.draw), rows)


def draws(store: Store, sitting: str | None = None) -> list[Drawn]:
    """Return what was drawn in a sitting, or in all of them, in the order of labelling."""
    table = schema.draw
    columns = [column for column in table.c if column.name != "drawn_at"]
    select = sa.select(*columns).order_by(table.c.drawn_at, table.c.sitting, table.c.place)
    if sitting is not None:
        select = select.where(table.c.sitting == sitting)
    with store.reading() as connection:
        return [Drawn(**row) for row in connection.execute(select).mappings()]
