"""What part of the judge's rise the form of the outputs predicts: length, markup, hedging, ..."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.explain.path import Moved, percent, ratio
from trueup.goodhart.grid import left_out
from trueup.goodhart.series import TINY, jackknife

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.explain.window import Window
    from trueup.goodhart.grid import Grid

    Floats = NDArray[np.float64]

MOSTLY = 0.5
FLAT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One surface feature's part.

    Attributes:
        name: Its column.
        change: By how much its mean moved, at the mix before.
        low: Lower end of the 95 % interval.
        high: Upper end.
        slope: Judge points per unit before, all named features held fixed together.
        points: Judge points of the rise that this predicts.
        share: Those over the rise; None where the judge did not clearly move.
    """

    name: str
    change: float
    low: float
    high: float
    slope: float
    points: float
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What surface features predict of the judge's rise.

    Attributes:
        rise: The judge's, over outputs with all features.
        points: Judge points predicted by all features.
        low: Lower end of the 95 % interval.
        high: Upper end.
        share: points over rise; None where the judge did not clearly move.
        share_low: Lower end of its 95 % interval.
        share_high: Upper end.
        features: Each one's part.
        sentence: The same in words.
    """

    rise: float
    points: float
    low: float
    high: float
    share: float | None
    share_low: float | None
    share_high: float | None
    features: tuple[Feature, ...]
    sentence: str


def surface_share(window: Window) -> Surface | None:
    """Return what part of the judge's rise the named features predict.

    Ordinary least squares of the score on all features within period and segment, on the records
    before, times the features' changes; errors by leaving out buckets of users. Features that go
    with quality predict a real gain too: this says where to look, not what is deserved.

    Returns:
        None where no feature is named or seen.
    """
    names = tuple(window.spec.features)
    if not names:
        return None
    changes = [window.path("fn", f"fx{i}").moved() for i in range(len(names))]
    rise = window.path("fn", "fj").moved()
    slopes = _slopes(window.before, len(names))
    if rise is None or slopes is None or any(change is None for change in changes):
        return None
    seen = [change for change in changes if change is not None]
    slope, without = slopes
    points = float(sum(b * change.value for b, change in zip(slope, seen, strict=True)))
    left_out = np.sum([without[:, i] * change.without for i, change in enumerate(seen)], axis=0)
    variance = float(jackknife(left_out))
    for b, change in zip(slope, seen, strict=True):
        # shocks of periods that users' scatter does not show
        variance += float(b) ** 2 * max(change.error**2 - float(jackknife(change.without)), 0.0)
    error = variance**0.5
    whole = Moved(points, points - 1.96 * error, points + 1.96 * error, 0.0, error, left_out)
    part = ratio(whole, rise)
    features = tuple(
        Feature(
            name=name, change=change.value, low=change.low, high=change.high, slope=float(b),
            points=float(b * change.value),
            share=None if part is None else float(b * change.value / rise.value),
        )
        for name, b, change in zip(names, slope, seen, strict=True)
    )  # fmt: skip
    found = Surface(
        rise=rise.value, points=points, low=whole.low, high=whole.high,
        share=None if part is None else part.value,
        share_low=None if part is None else part.low,
        share_high=None if part is None else part.high,
        features=features, sentence="",
    )  # fmt: skip
    return _told(found)


def _slopes(grid: Grid, count: int) -> tuple[Floats, Floats] | None:
    """Return the regression's slopes, shape (features,), and without each bucket."""
    n = left_out(grid.by_bucket("fn"))
    j = left_out(grid.by_bucket("fj"))
    x = [left_out(grid.by_bucket(f"fx{i}")) for i in range(count)]
    here = n > TINY
    safe = np.where(here, n, 1.0)

    def within(both: Floats, one: Floats, other: Floats) -> Floats:
        return np.asarray(np.where(here, both - one * other / safe, 0.0).sum((0, 1)))

    buckets = n.shape[2]
    inner, outer = np.zeros((buckets, count, count)), np.zeros((buckets, count))
    for i in range(count):
        outer[:, i] = within(left_out(grid.by_bucket(f"fxj{i}")), x[i], j)
        for o in range(i, count):
            both = within(left_out(grid.by_bucket(f"fxx{i}_{o}")), x[i], x[o])
            inner[:, i, o] = inner[:, o, i] = both
    scale = np.sqrt(np.maximum(np.diagonal(inner, axis1=1, axis2=2), 0.0))
    level = np.abs(np.array([part.sum((0, 1)) for part in x])).T + 1.0
    flat = scale <= FLAT * level
    if flat.all():
        return None
    unit = np.where(flat, np.inf, scale)
    scaled = inner / (unit[:, :, None] * unit[:, None, :])
    found = np.einsum(
        "bij,bj->bi", np.linalg.pinv(scaled, rcond=1e-8, hermitian=True), outer / unit
    )
    found = found / unit
    return found[0], found[1:]


def _told(found: Surface) -> Surface:
    names = " and ".join(feature.name.replace("_", " ") for feature in found.features)
    if found.share is None:
        sentence = (
            f"The judge did not clearly move, so there is no rise for {names} to account for."
        )
        return replace(found, sentence=sentence)
    ends = ""
    if found.share_low is not None and found.share_high is not None:
        ends = f" ({percent(found.share_low)} to {percent(found.share_high)})"
    ranked = sorted(found.features, key=lambda f: -abs(f.share or 0.0))
    parts = ", ".join(f"{f.name.replace('_', ' ')} {percent(f.share or 0.0)}" for f in ranked[:4])
    way = "rise" if found.rise > 0 else "fall"
    sentence = (
        f"Surface features account for {percent(found.share)}{ends} of the judge's {way} of "
        f"{abs(found.rise):.2f}: {parts}."
    )
    if found.share_low is not None and found.share_low > MOSTLY:
        sentence += f" Most of the {way} is form."
    return replace(found, sentence=sentence)
