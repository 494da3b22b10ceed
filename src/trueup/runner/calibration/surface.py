"""Surface: how much of a judge's scores is told by length, lists and overlap alone.

The canary: a judge whose scores become predictable from the surface of texts can be pleased by
the surface of texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.errors import DataError, TooFewLabels
from trueup.judge.features.fit import fit
from trueup.runner.calibration.result import Absent, Figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.item.model import Item
    from trueup.rubric.model import Rubric
    from trueup.runner.calibration.gather import Gathered
    from trueup.runner.calibration.result import Maybe

MOST = 400
"""Items that it is estimated from; more change little and take their time."""


def predicted_share(
    found: Gathered, items: Mapping[str, Item], rubric: Rubric, *, seed: int
) -> Maybe:
    """Return the share of the variance of a judge's ranks that surface features predict.

    The square of the rank correlation, on items left out, of the embedded judge's predictions with
    the judge's values; 0 where it is no better than chance.
    """
    made = found.production
    values = {
        item_id: value
        for item_id, value in zip(made.items.ids, made.values, strict=True)
        if value is not None and item_id in items
    }
    chosen = dict(list(values.items())[:MOST])
    if len(set(chosen.values())) == 1:
        return Absent(why="the judge gives every item the same value")
    name = found.criterion.id
    kept = [items[item_id] for item_id in chosen]
    try:
        skill = fit(kept, chosen, criterion=name, rubric=rubric, seed=seed).agreement
    except (TooFewLabels, DataError) as error:
        return Absent(why=error.what)
    low, middle, high = (max(r, 0.0) ** 2 for r in (skill.low, skill.estimate, skill.high))
    return Figure(
        estimate=middle, low=low, high=high, n=skill.n, method=f"square of: {skill.method}"
    )
