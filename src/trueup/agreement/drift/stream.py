"""Streams: the weekly shares that are watched, made from weeks; each answers for one cause.

`anchors`: how often an anchor's verdict differs from its usual one (the judge); `overlap` and
`checks`: how often people say the same, and what is trusted on anchors (the raters); `mix`: the
segments' shares (traffic); `pass`: verdicts that say met, within segments (the system, or the
judge); `tpr` and `tnr`: the judge against fresh labels (the judge, the raters, or other items).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.agreement.drift.week import Week

    Floats = NDArray[np.float64]

PEOPLE = ("overlap", "checks")
"""Streams that no judge touches: they go on where only the instrument changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A weekly share, in one or more strata; weeks in which it was not measured are left out."""

    name: str
    weeks: tuple[int, ...]
    """Which of the criterion's weeks, by position."""
    hits: Floats
    """Shape (weeks, strata)."""
    of: Floats
    """Shape (weeks, strata)."""
    exact: bool
    """Few counts, so that exact tails are taken."""
    rises_only: bool = False
    """Only a rise is a change."""


def names(weeks: Sequence[Week]) -> list[str]:
    """Return what can be watched in these weeks; segments in the order of their appearance."""
    seen = {name: None for week in weeks for name in sorted(week.judged)}
    mix = [f"mix {name}" for name in seen] if len(seen) > 1 else []
    return ["anchors", *PEOPLE, "tpr", "tnr", "pass", *mix]


def stream(name: str, weeks: Sequence[Week], part: range, *, baseline: int) -> Stream:
    """Return one stream of some of a criterion's weeks; `baseline` says how anchors are read."""
    if name == "anchors":
        return _anchors(weeks, part, baseline)
    if name == "pass":
        return _stream(name, part, *judged(weeks, part), exact=False)
    if name.startswith("mix "):
        return _stream(name, part, *_share(weeks, part, name[4:]), exact=False)
    counts = {"overlap": _overlap, "checks": _checks, "tpr": _tpr, "tnr": _tnr}[name]
    table = np.array([counts(weeks[i]) for i in part], dtype=float).reshape(-1, 2)
    return _stream(name, part, table[:, :1], table[:, 1:], exact=True)


def _overlap(week: Week) -> tuple[float, float]:
    return week.overlap


def _checks(week: Week) -> tuple[float, float]:
    return week.checks


def _tpr(week: Week) -> tuple[float, float]:
    return week.labelled.met_met, week.labelled.met_met + week.labelled.unmet_met


def _tnr(week: Week) -> tuple[float, float]:
    return week.labelled.unmet_unmet, week.labelled.unmet_unmet + week.labelled.met_unmet


def _stream(
    name: str, part: range, hits: Floats, of: Floats, *, exact: bool, rises_only: bool = False
) -> Stream:
    had = of.sum(axis=1) > 0
    return Stream(
        name=name,
        weeks=tuple(week for week, kept in zip(part, had, strict=True) if kept),
        hits=hits[had],
        of=of[had],
        exact=exact,
        rises_only=rises_only,
    )


def _share(weeks: Sequence[Week], part: range, segment: str) -> tuple[Floats, Floats]:
    """Return one segment's verdicts and all, each of shape (weeks, 1)."""
    own = [[weeks[i].judged.get(segment, (0, 0))[1]] for i in part]
    every = [[sum(count.of for count in weeks[i].judged.values())] for i in part]
    return np.array(own, dtype=float), np.array(every, dtype=float)


def segments(weeks: Sequence[Week], part: Sequence[int]) -> list[str]:
    """Return the segments of these weeks, sorted."""
    return sorted({name for i in part for name in weeks[i].judged})


def judged(weeks: Sequence[Week], part: Sequence[int]) -> tuple[Floats, Floats]:
    """Return met and judged, each of shape (weeks, segments)."""
    names = segments(weeks, part)
    table = np.array(
        [[weeks[i].judged.get(name, (0, 0)) for name in names] for i in part], dtype=float
    ).reshape(len(part), len(names), 2)
    return table[:, :, 0], table[:, :, 1]


def sittings(weeks: Sequence[Week], part: Sequence[int]) -> Floats:
    """Return the anchors' verdicts, 1 met and 0 unmet and NaN for none, shape (weeks, anchors)."""
    answers = [dict(weeks[i].anchors) for i in part]
    names = sorted(set().union(*answers))
    rows = [[answer.get(name, np.nan) for name in names] for answer in answers]
    return np.array(rows, dtype=float).reshape(len(part), len(names))


def _anchors(weeks: Sequence[Week], part: range, baseline: int) -> Stream:
    """Count the anchors whose verdict differs from their usual one, by week.

    The usual verdict is the majority of the first `baseline` sittings but one: of all others for a
    sitting among those, which leaves itself out, and of the first for later ones, so that both are
    compared with equally many. An anchor without a majority, or that joined later, is left out.
    """
    verdicts = sittings(weeks, part)
    sat = np.flatnonzero(np.isfinite(verdicts).any(axis=1))[:baseline]
    hits, of = np.zeros((len(part), 1)), np.zeros((len(part), 1))
    for week, row in enumerate(verdicts):
        others = sat[sat != week][: baseline - 1]
        votes = verdicts[others]
        lean = np.nansum(2 * votes - 1, axis=0)
        known = np.isfinite(row) & (lean != 0)
        hits[week] = (known & ((row == 1) != (lean > 0))).sum()
        of[week] = known.sum()
    return _stream("anchors", part, hits, of, exact=True, rises_only=True)
