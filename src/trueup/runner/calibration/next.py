"""Next: which items of a sitting people should label, drawn with known chances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trueup.agreement.sampling import draw
from trueup.store.draws import Drawn, add_draw, draws

if TYPE_CHECKING:
    from collections.abc import Collection

    from trueup.rubric.model import Rubric
    from trueup.runner.result import Scores
    from trueup.store.store import Store

DESIGN = "stratified"


def draw_name(week: str, rubric: Rubric) -> str:
    """Return the name of a week's draw: rubrics that share a store draw each for themselves."""
    return f"{week} {rubric.name}"


def draw_next(
    store: Store,
    scores: Scores,
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
        week: Its week.
        items: How many to draw.
        people: How many people are to label each, blind to each other.
        labelled: Ids of items that have a label already, and are not drawn.
        seed: Of the draw.
    """
    sitting = draw_name(week, scores.rubric)
    held = draws(store, sitting)
    if held or not items:
        return held
    ids, values, groups, segments = [], [], [], []
    for judged in scores.judged():
        if judged.known.get("purpose") == "probe":
            continue
        score, _ = scores.score_of(judged)
        ids.append(judged.item_id)
        values.append(math.nan if score.value is None else score.value)
        groups.append(str(judged.known.get("group") or f"item {judged.item_id}"))
        segments.append(str(judged.known.get("segment") or ""))
    already = [item_id in labelled for item_id in ids]
    if all(already):
        return []
    import numpy as np  # noqa: PLC0415 - only where something is drawn

    found = draw(
        ids,
        items,
        value=values,
        segment=segments,
        group=groups if len(set(groups)) < len(groups) else None,
        already=np.array(already),
        seed=seed,
    )
    chosen = [
        Drawn(
            sitting=sitting,
            item_id=ids[row],
            place=place,
            run=scores.run,
            design=DESIGN,
            probability=float(chance),
            people=people,
            why=_why(values[row], segments[row]),
        )
        for place, (row, chance) in enumerate(zip(found.indices, found.probabilities, strict=True))
    ]
    add_draw(store, chosen)
    return chosen


def _why(value: float, segment: str) -> str:
    said = "no score" if math.isnan(value) else f"score {value:.2f}"
    return f"{said}, segment {segment}" if segment else said
