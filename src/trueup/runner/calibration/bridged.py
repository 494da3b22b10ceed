"""Bridged: this week's share of verdicts as the instrument before would have given it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trueup.agreement.drift.bridge import bridge_rate
from trueup.agreement.drift.week import ordinal
from trueup.errors import TooFewLabels
from trueup.runner.calibration.recent import WEEKS
from trueup.runner.calibration.result import Bridge, Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FEWEST = 20
"""Anchors that both instruments judged; with fewer the link says nothing."""


def bridged(series: Sequence[Mapping[str, Any]], entry: Mapping[str, Any]) -> Bridge | None:
    """Return this week's share on the scale of the last other instrument; None where there is none.

    Over anchors that both judged, each in its own week, and as long as the change is no more than a
    quarter ago.

    Args:
        series: One criterion's entries by week.
        entry: This week's.
    """
    here = ordinal(entry["week"])
    others = [
        one
        for one in series
        if one["question"] == entry["question"]
        and one["instrument"] != entry["instrument"]
        and 0 < here - ordinal(one["week"]) <= 7 * WEEKS
    ]
    if not others:
        return None
    before = max(others, key=lambda one: ordinal(one["week"]))
    common = sorted(before["anchors"].keys() & entry["anchors"].keys())
    if len(common) < FEWEST:
        return None
    old, new = (np.array([one["anchors"][name] for name in common]) for one in (before, entry))
    hits, of = (sum(count[at] for count in entry["judged"].values()) for at in (0, 1))
    try:
        found = bridge_rate(hits, of, old=old, new=new)
    except TooFewLabels:
        return None
    shown, link = (
        Figure(estimate=one.estimate, low=one.low, high=one.high, n=n, method=one.method)
        for one, n in ((found.figure, of), (found.link, len(common)))
    )
    return Bridge(week=before["week"], instrument=before["instrument"], judged=shown, link=link)
