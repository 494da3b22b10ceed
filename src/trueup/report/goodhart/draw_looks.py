"""The picture of versions side by side: what each look saw of their difference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trueup.report.goodhart.picture import Level, Picture, SignalLine
from trueup.report.goodhart.series import line_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.goodhart.look import Look, SignalChange
    from trueup.report.goodhart.series import Triple


def picture_of_looks(looks: Sequence[Look]) -> Picture | None:
    """Return the picture of the latest look's versions, None where no look compared them."""
    seen = [look for look in looks if look.rise is not None and look.label == looks[-1].label]
    if not seen:
        return None
    rises = [(one.value, one.low, one.high) for look in seen if (one := look.rise)]
    users = [_gained(look) for look in seen]
    alarm = next((at for at, look in enumerate(seen) if look.verdict == "gaming"), None)
    return Picture(
        kind="looks",
        labels=tuple(look.called for look in seen),
        starts=tuple(look.start for look in seen),
        reference=0,
        judge=line_of(rises),
        expected=line_of([_promised(look) for look in seen]),
        users=line_of(users),
        judge_after=_level(rises[-1], len(seen)),
        after=_level(users[-1], len(seen)),
        signals=tuple(_signal(one, seen) for one in seen[-1].signals),
        alarm=alarm,
    )


def _level(found: Triple, count: int) -> Level | None:
    if found is None or not all(map(math.isfinite, found)):
        return None
    return Level(first=0, last=count - 1, value=found[0], low=found[1], high=found[2])


def _gained(look: Look) -> Triple:
    """Return what users gained, all signals as one, in judge points: each by its slope."""
    value = square = total = 0.0
    for one in look.signals:
        if one.weight > 0 and one.change is not None and one.slope:
            value += one.weight * one.change.value / one.slope
            square += (one.weight * (one.change.high - one.change.low) / 2 / one.slope) ** 2
            total += one.weight
    if not total:
        return None
    half = math.sqrt(square)
    return value / total, (value - half) / total, (value + half) / total


def _promised(look: Look) -> Triple:
    """Return what users should have gained, in judge points, with the error of the slopes."""
    rise = look.rise
    if rise is None or _gained(look) is None:
        return None
    if look.worth.source == "experiments":
        return _by_tests(look, rise.value)
    half = (rise.high - rise.low) / 2
    slopes = 0.0
    for one in look.signals:
        low, high = one.expected_low, one.expected_high
        if one.weight and one.slope and low is not None and high is not None:
            slopes += one.weight * abs(high - low) / 2 / abs(one.slope)
    half = max(half, slopes)
    return rise.value, rise.value - half, rise.value + half


def _by_tests(look: Look, rise: float) -> Triple:
    """Return the same where past tests say what a judge point is worth: its range is no half."""
    low = high = total = 0.0
    for one in look.signals:
        ends = one.expected_low, one.expected_high
        if one.weight and one.slope and ends[0] is not None and ends[1] is not None:
            least, most = sorted(end / one.slope for end in ends if end is not None)
            low, high, total = (
                low + one.weight * least,
                high + one.weight * most,
                total + one.weight,
            )
    return (rise, low / total, high / total) if total else None


def _signal(latest: SignalChange, looks: Sequence[Look]) -> SignalLine:
    realised: list[Triple] = []
    expected: list[Triple] = []
    for look in looks:
        one = next((found for found in look.signals if found.name == latest.name), None)
        change = one.change if one else None
        realised.append((change.value, change.low, change.high) if change else None)
        expected.append(_expected(one))
    return SignalLine(
        name=latest.name,
        said=latest.said,
        better=latest.better,
        per=latest.per,
        realised=line_of(realised),
        expected=line_of(expected),
        dropped=latest.dropped,
    )


def _expected(one: SignalChange | None) -> Triple:
    if one is None or one.expected is None:
        return None
    if one.expected_low is None or one.expected_high is None:
        return None
    return one.expected, one.expected_low, one.expected_high
