"""Which models a sitting was answered by, as endpoints and judges say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trueup.store import schema

if TYPE_CHECKING:
    from trueup.store.store import Store

_BY_CODE = "code"
"""Who measures what no judge is asked; judges that differ share it."""


def models_of(store: Store, run: int) -> list[str]:
    """Return the models that answered in a run's sitting, each with its fingerprint if it has one.

    Several runs may be one sitting: those under the same occasion by the same judge, or with one
    of its instruments. A verdict is taken from an earlier run only if occasion and instrument are
    the same, so that whoever gave a verdict which this run found in the store is among them.
    """
    runs, told = schema.run, schema.answerer
    columns = (runs.c.occasion, runs.c.judge, runs.c.instruments)
    with store.reading() as connection:
        mine = connection.execute(sa.select(*columns).where(runs.c.id == run)).one_or_none()
        if mine is None:
            return []
        found = connection.execute(
            sa.select(told.c.model, runs.c.judge, runs.c.instruments)
            .join(runs, runs.c.id == told.c.run)
            .where(runs.c.occasion == mine.occasion)
        ).all()
    known = store.instruments(map(bytes.fromhex, _keys(mine.instruments)))
    judged = {key.hex() for key, (_, judge) in known.items() if judge != _BY_CODE}
    return sorted(
        {
            row.model
            for row in found
            if row.judge == mine.judge or not judged.isdisjoint(_keys(row.instruments))
        }
    )


def _keys(instruments: str) -> list[str]:
    """Return the instruments of a run, in hexadecimal digits."""
    return list(json.loads(instruments).values())
