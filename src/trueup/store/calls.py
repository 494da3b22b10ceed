"""What endpoints said of themselves while a run asked them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trueup.store import schema

if TYPE_CHECKING:
    from trueup.store.store import Store


def models_of(store: Store, run: int) -> list[str]:
    """Return the models that answered in a run's sitting, each with its fingerprint if it has one.

    A sitting that was gone on with counts as one: all runs of its judge under its occasion.
    """
    runs, call = schema.run, schema.call
    mine = sa.select(runs.c.occasion, runs.c.judge).where(runs.c.id == run).subquery()
    alike = sa.select(runs.c.id).where(
        runs.c.occasion == mine.c.occasion, runs.c.judge == mine.c.judge
    )
    select = (
        sa.select(call.c.model, call.c.fingerprint)
        .where(call.c.run.in_(alike), call.c.reply.is_not(None), call.c.model != "")
        .distinct()
    )
    with store.reading() as connection:
        found = connection.execute(select).all()
    return sorted(f"{model} {print_}".strip() for model, print_ in found)
