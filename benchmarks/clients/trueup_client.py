"""trueup through its facade, with its store in a file: what a user runs."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

import trueup
from benchmarks.clients.work import Work, items, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_numbers = count()


async def main() -> None:
    """Score every item."""
    work = Work.given()
    folder = work.folder

    async def ask_all(jobs: Sequence[dict[str, Any]]) -> Callable[[], int]:
        store = folder / f"store-{work.count}-{next(_numbers)}.db"
        scores = await trueup.ascore(
            list(jobs), rubric=folder / "rubric.yaml", judge=folder / work.judge, store=store
        )
        return lambda: sum(row["score"] is not None for row in scores.item_rows())

    await measure(work, items(work.count), ask_all)


asyncio.run(main())
