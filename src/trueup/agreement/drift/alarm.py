"""Alarm: which watched share has moved, at a stated yearly rate of false alarms over everything."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from trueup.agreement.drift.scan import YEAR, boundary, scan
from trueup.agreement.drift.stream import PEOPLE, names, stream
from trueup.agreement.drift.week import in_order, ordinal
from trueup.agreement.estimate import Estimate
from trueup.agreement.shares import wilson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from trueup.agreement.drift.stream import Stream
    from trueup.agreement.drift.week import Week

    Floats = NDArray[np.float64]

BASELINE = 8
"""Weeks with data before a change can be seen; even, see `stream._anchors`."""

_SHARES = {
    "anchors": 0.15,
    "overlap": 0.35,
    "checks": 0.1,
    "pass": 0.15,
    "tpr": 0.075,
    "tnr": 0.075,
    "mix": 0.1,
}
"""Of a criterion's yearly rate; most goes to where 20 pairs of labels a week have least power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A watched share crossed its boundary."""

    criterion: str
    stream: str
    seen: str
    """Week whose look crossed the boundary."""
    since: str
    """First week after the likeliest change."""
    look: int
    """Position of `seen` among the criterion's weeks."""
    change: int
    """Position of `since`."""
    start: int
    """Position of the first week that it was compared with."""
    z: float
    bound: float
    inflation: float
    """Variance over sampling variance that was allowed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What one stream showed, week by week; of equal length, NaN nowhere."""

    stream: str
    weeks: tuple[int, ...]
    """Positions of the weeks in which it was measured."""
    hits: tuple[float, ...]
    of: tuple[float, ...]
    looks: tuple[int, ...]
    """Positions of the weeks from which on there was a baseline to compare with."""
    z: tuple[float, ...]
    """At each look the largest deviate over all splits, with its sign."""
    bounds: tuple[float, ...]
    """At each look: alarm where |z| exceeds it."""

    def shares(self) -> tuple[Estimate, ...]:
        """Return each week's share with its 95 % Wilson interval, as sampling alone gives it."""
        return tuple(
            Estimate(k / n, *wilson(k, n), n=round(n), n_groups=round(n), method="wilson")
            for k, n in zip(self.hits, self.of, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """All that was watched, and every alarm as it rang at the time."""

    history: Mapping[str, tuple[Week, ...]]
    """Criterion to its weeks, by date."""
    tracks: Mapping[str, tuple[Track, ...]]
    alarms: tuple[Alarm, ...]
    """By week."""
    yearly: float
    baseline: int


def watch(
    history: Mapping[str, Sequence[Week]], *, yearly: float = 0.05, baseline: int = BASELINE
) -> Watch:
    """Look at every week as it came and say which shares left their boundaries.

    Each criterion gets `yearly` / criteria, each of its streams a fixed part of that, so that over
    all of them together an alarm rings in at most a share `yearly` of years in which nothing
    changes. The criteria of a week are those that were asked by then, and within the last year:
    one that is added later widens the boundaries from then on, and unsays no alarm.

    Nothing changes: the judge's chances of each answer on each anchor, people's of saying the same,
    and the segments' pass rates and shares stay, but for sampling and weekly shocks. Measured at
    5 %, 1,000 years each: 0.4 to 1.9 % of years, with 1 to 8 criteria, no anchors, missing weeks,
    no segments and unequal weeks as well; 1.8, 4.3, 13 and 30 % where weekly shocks of 2 points in
    2,000 verdicts have an autocorrelation of .3, .5, .7 and .9. It is wrong from about .6 on: a
    pass rate that wanders is then called moved. Setting a step against wandering by their
    likelihood ratio keeps 2 to 5 % up to .9, but in calm weeks finds a step of 2 points in 56 % of
    years instead of 99 %, and in 18 weeks instead of 9; so it is not done.

    After an alarm its stream starts again at the change. A changed question starts all streams of
    a criterion again, a changed instrument those that the judge touches.

    Args:
        history: Criterion to its weeks, in any order.
        yearly: Share of years with a false alarm, over all criteria together.
        baseline: Weeks with data before a change can be seen; an even number of at least 4.

    Raises:
        DataError: A week comes twice.
    """
    if baseline < 4 or baseline % 2:  # noqa: PLR2004 - two windows need some scatter
        raise ValueError(f"baseline is {baseline}: give an even number of at least 4")
    ordered = {name: in_order(name, weeks) for name, weeks in history.items()}
    sharing = _sharing([*ordered.values()])
    tracks: dict[str, tuple[Track, ...]] = {}
    alarms: list[Alarm] = []
    for criterion, weeks in ordered.items():
        rates = np.array([yearly / sharing[week.week] for week in weeks])
        found = list(_follow_all(criterion, weeks, rates, baseline))
        tracks[criterion] = tuple(track for track, _ in found)
        alarms += [alarm for _, rung in found for alarm in rung]
    alarms.sort(key=lambda alarm: (alarm.seen, alarm.criterion, alarm.stream))
    return Watch(
        history=ordered, tracks=tracks, alarms=tuple(alarms), yearly=yearly, baseline=baseline
    )


def stretches(weeks: Sequence[Week], name: str) -> list[range]:
    """Return the runs of weeks in which a stream measures the same thing in the same way."""
    if name.startswith("mix "):
        keys: list[object] = [None] * len(weeks)
    elif name in PEOPLE:
        keys = [week.question for week in weeks]
    else:
        keys = [(week.question, week.instrument) for week in weeks]
    cuts = [0, *(i for i in range(1, len(keys)) if keys[i] != keys[i - 1]), len(keys)]
    return [range(a, b) for a, b in pairwise(cuts) if a < b]


def _sharing(history: Sequence[Sequence[Week]]) -> dict[str, int]:
    """Return each week's number of criteria, of those asked in the 52 weeks up to it."""
    named = {week.week: ordinal(week.week) for weeks in history for week in weeks}
    asked = [np.array([named[week.week] for week in weeks]) for weeks in history]
    return {
        name: sum(bool(((day - 7 * YEAR < days) & (days <= day)).any()) for days in asked)
        for name, day in named.items()
    }


def _parts(weeks: Sequence[Week]) -> Iterator[tuple[str, float]]:
    """Yield each stream and its part of the rate; new segments take nothing from those before."""
    segment = 0
    for name in names(weeks):
        if name.startswith("mix "):
            segment += 1
            yield name, _SHARES["mix"] / (segment * (segment + 1))
        else:
            yield name, _SHARES[name]


def _follow_all(
    criterion: str, weeks: Sequence[Week], rates: Floats, baseline: int
) -> Iterator[tuple[Track, list[Alarm]]]:
    known, where = np.unique(rates, return_inverse=True)
    for name, own in _parts(weeks):
        sides = 2 if name == "anchors" else 1
        bounds = np.array([boundary(min(sides * own * rate, 0.99)) for rate in known])[where]
        for part in stretches(weeks, name):
            whole = stream(name, weeks, part, baseline=baseline)
            if whole.weeks:
                yield _follow(criterion, weeks, whole, part, bounds=bounds, baseline=baseline)


def _follow(
    criterion: str,
    weeks: Sequence[Week],
    whole: Stream,
    part: range,
    *,
    bounds: Floats,
    baseline: int,
) -> tuple[Track, list[Alarm]]:
    alarms: list[Alarm] = []
    looks: dict[int, float] = {}
    current = whole
    while len(current.weeks) > baseline:
        found = scan(current.hits, current.of, baseline=baseline, exact=current.exact)
        size = np.maximum(found.z, 0) if current.rises_only else np.abs(found.z)
        over = np.flatnonzero(size > bounds[np.array(current.weeks)[found.look]])
        end = found.look[over[0]] if over.size else found.look[-1]
        best = _largest(size, found.look)
        looks |= {
            current.weeks[look]: float(found.z[row]) for look, row in best.items() if look <= end
        }
        if not over.size:
            break
        row = best[int(end)]
        change = current.weeks[found.change[row]]
        alarms.append(
            Alarm(
                criterion=criterion,
                stream=current.name,
                seen=weeks[current.weeks[end]].week,
                since=weeks[change].week,
                look=current.weeks[end],
                change=change,
                start=current.weeks[found.start[row]],
                z=float(found.z[row]),
                bound=float(bounds[current.weeks[end]]),
                inflation=float(found.inflation[row]),
            )
        )
        current = stream(current.name, weeks, range(change, part.stop), baseline=baseline)
    track = Track(
        stream=whole.name,
        weeks=whole.weeks,
        hits=tuple(whole.hits.sum(axis=1).tolist()),
        of=tuple(whole.of.sum(axis=1).tolist()),
        looks=tuple(looks),
        z=tuple(looks.values()),
        bounds=tuple(bounds[list(looks)].tolist()),
    )
    return track, alarms


def _largest(size: Floats, look: NDArray[np.int64]) -> dict[int, int]:
    """Return each look's row with the largest statistic."""
    return {
        int(week): int(np.flatnonzero(look == week)[size[look == week].argmax()])
        for week in np.unique(look)
    }
