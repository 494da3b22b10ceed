"""Next: which items of a sitting people should label, drawn with known chances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trueup.agreement.sampling import draw
from trueup.store.draws import Drawn, add_draw, answered, draws
from trueup.store.rows import storable

if TYPE_CHECKING:
    from collections.abc import Collection

    from trueup.rubric.model import Rubric
    from trueup.runner.calibration.gather import Items
    from trueup.runner.result import Scores
    from trueup.store.store import Store

DESIGN = "stratified"


def draw_name(week: str, rubric: Rubric) -> str:
    """Return the name of a week's draw: rubrics that share a store draw each for themselves."""
    return f"{week} {rubric.name}"


def draw_next(
    store: Store,
    scores: Scores,
    of: Items,
    *,
    week: str,
    items: int,
    people: int,
    labelled: Collection[str],
    seed: int,
) -> list[Drawn]:
    """Return what is to be labelled of a sitting, drawing it where that was not done before.

    Items are drawn more often where the judge's score says less about the label, and never by
    top-k: every item has a chance, which is kept.

    Args:
        store: Where draws are kept.
        scores: The sitting's run.
        of: Its items.
        week: Its week.
        items: How many to draw.
        people: How many people are to label each, blind to each other.
        labelled: Ids of items that have a label already, and are not drawn; what has one in a
            closed part of the split is found here.
        seed: Of the draw.
    """
    sitting = draw_name(week, scores.rubric)
    held = draws(store, sitting)
    if held or not items:
        return held
    questions = [criterion.question for criterion in scores.rubric.criteria]
    closed = {item_id for item_id, _ in answered(store, questions, items=of.ids, but="")}
    already = [item_id in labelled or storable(item_id) in closed for item_id in of.ids]
    if all(already):
        return []
    import numpy as np  # noqa: PLC0415 - only where something is drawn

    groups = [g or f"item {item}" for item, g in zip(of.ids, of.groups, strict=True)]
    found = draw(
        of.ids,
        items,
        value=of.scores,
        segment=of.segments,
        group=groups if len(set(groups)) < len(groups) else None,
        already=np.array(already),
        seed=seed,
    )
    chosen = [
        Drawn(
            sitting=sitting,
            item_id=of.ids[row],
            place=place,
            run=scores.run,
            design=DESIGN,
            probability=float(chance),
            people=people,
            why=_why(of.scores[row], of.segments[row]),
        )
        for place, (row, chance) in enumerate(zip(found.indices, found.probabilities, strict=True))
    ]
    add_draw(store, chosen)
    return chosen


def _why(value: float, segment: str) -> str:
    said = "no score" if math.isnan(value) else f"score {value:.2f}"
    return f"{said}, segment {segment}" if segment else said
