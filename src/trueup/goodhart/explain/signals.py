"""Every signal by itself: what it should have done, what it did, and whether that is clear."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from scipy import special

from trueup.goodhart.explain.path import holm, ratio
from trueup.goodhart.explain.worths import signal_path

if TYPE_CHECKING:
    from trueup.goodhart.explain.path import Moved
    from trueup.goodhart.explain.window import Window
    from trueup.goodhart.explain.worths import Worths
    from trueup.goodhart.slope import Slope

Found = Literal["fell short", "followed", "open", "uninformative"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """One signal; numbers in its own unit, raw: up is up.

    Attributes:
        name: Of the signal.
        said: How reports call it.
        change: What it did; None where too little arrived.
        low: Lower end of the 95 % interval.
        high: Upper end.
        expected: What the judge's rise should have brought; None where it does not follow the
            judge.
        phi: Realised part; None where the judge did not clearly rise.
        phi_low: Lower end of its 95 % interval.
        phi_high: Upper end.
        chance_short: P value of having got at least `c` of what was expected, by Holm.
        chance_real: P value of having got at most that, by Holm.
        found: `fell short` or `followed` where that is clear at `alpha`, at this look alone.
    """

    name: str
    said: str
    change: float | None
    low: float | None = None
    high: float | None = None
    expected: float | None = None
    phi: float | None = None
    phi_low: float | None = None
    phi_high: float | None = None
    chance_short: float | None = None
    chance_real: float | None = None
    found: Found = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Every signal.

    Attributes:
        each: In the order of the spec.
        sentence: The same in words.
    """

    each: tuple[SignalRow, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class _Tried:
    row: SignalRow
    short: float
    real: float


def by_signal(window: Window, worths: Worths) -> Signals | None:
    """Return every signal's change beside what the judge's rise should have brought it.

    P values are of this look alone and are adjusted over signals by Holm (1979); the verdict's
    false-alarm rate over all looks is not theirs.
    """
    if not worths.slopes:
        return None
    rise = window.path("w", "wj").moved()
    tried = [_try(window, worths.slopes[k], k, rise) for k in range(len(worths.slopes))]
    tested = [i for i, one in enumerate(tried) if one.row.phi is not None]
    shorts = holm([tried[i].short for i in tested])
    reals = holm([tried[i].real for i in tested])
    rows = [one.row for one in tried]
    alpha = window.spec.alpha
    for i, short, real in zip(tested, shorts, reals, strict=True):
        found: Found = "fell short" if short < alpha else "followed" if real < alpha else "open"
        rows[i] = _with(rows[i], short, real, found)
    return Signals(each=tuple(rows), sentence=_sentence(rows))


def _with(row: SignalRow, short: float, real: float, found: Found) -> SignalRow:
    return replace(row, chance_short=short, chance_real=real, found=found)


def _try(window: Window, slope: Slope, k: int, rise: Moved | None) -> _Tried:
    signal = window.spec.signals[k]
    moved = signal_path(window, k).moved()
    if moved is None:
        return _Tried(SignalRow(name=signal.name, said=signal.said, change=None), 1.0, 1.0)
    ends = sorted((signal.sign * moved.low, signal.sign * moved.high))
    row = SignalRow(
        name=signal.name, said=signal.said, change=signal.sign * moved.value,
        low=ends[0], high=ends[1], found="open" if slope.informs else "uninformative",
    )  # fmt: skip
    if not slope.informs or rise is None:
        return _Tried(row, 1.0, 1.0)
    row = replace(row, expected=signal.sign * slope.value * rise.value)
    if rise.value <= 1.96 * rise.error:
        return _Tried(row, 1.0, 1.0)
    part = ratio(moved, _times(rise, slope))
    if part is None:
        return _Tried(row, 1.0, 1.0)
    row = replace(row, phi=part.value, phi_low=part.low, phi_high=part.high)
    due = _times(rise, slope)
    c = window.spec.c
    error = (moved.error**2 - 2 * c * moved.with_(due) + c * c * due.error**2) ** 0.5
    score = (moved.value - c * due.value) / error if error > 0 else 0.0
    return _Tried(row, float(special.ndtr(score)), float(special.ndtr(-score)))


def _times(rise: Moved, slope: Slope) -> Moved:
    """Return what the rise should have brought, the slope's error included."""
    error = ((slope.value * rise.error) ** 2 + (rise.value * slope.error) ** 2) ** 0.5
    return replace(
        rise, value=slope.value * rise.value, error=error, without=slope.value * rise.without
    )


def _sentence(rows: list[SignalRow]) -> str:
    parts = []
    for found, words in (
        ("fell short", "fell clearly short of what the judge's rise should have brought"),
        ("followed", "clearly followed it"),
        ("open", "are open"),
        ("uninformative", "have not followed this judge before, so that they say nothing of it"),
    ):
        names = [row.said for row in rows if row.found == found]
        if names:
            parts.append(f"{', '.join(names)} {words}")
    text = "; ".join(parts)
    return f"Signal by signal: {text}."
