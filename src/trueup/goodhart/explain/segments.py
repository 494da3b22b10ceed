"""Which segments carry the judge's rise, and in which of them users fell short."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scipy import special

from trueup.goodhart.explain.path import Z, discoveries, percent, ratio

if TYPE_CHECKING:
    from trueup.goodhart.explain.path import Moved
    from trueup.goodhart.explain.window import Window
    from trueup.goodhart.explain.worths import Worths


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment, in judge points.

    Attributes:
        name: Its name.
        share: Of the outputs before.
        rise: The judge's change; None where it was not seen on both sides.
        low: Lower end of the 95 % interval.
        high: Upper end.
        part: Its part in the whole rise, shares held fixed; None where that is near 0.
        gain: What the signals did, in judge points: equal to `rise` where users followed fully.
        phi: gain over rise; None where the judge did not clearly move here.
        phi_low: Lower end of its 95 % interval.
        phi_high: Upper end.
        chance: P value of users having got at least `c` of what was expected here, adjusted for
            the false discovery rate (Benjamini and Hochberg 1995); of this look alone.
        short: Whether that is below `alpha`.
    """

    name: str
    share: float
    rise: float | None
    low: float | None = None
    high: float | None = None
    part: float | None = None
    gain: float | None = None
    phi: float | None = None
    phi_low: float | None = None
    phi_high: float | None = None
    chance: float | None = None
    short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """Every segment, the largest part in the rise first.

    Attributes:
        each: The segments.
        sentence: The same in words.
    """

    each: tuple[Segment, ...]
    sentence: str


def by_segment(window: Window, worths: Worths) -> Segments | None:
    """Return every segment's rise and gain; None where there is one segment alone.

    What a judge point is worth is taken over all segments: single ones have too few records.
    """
    if len(window.segments) < 2:  # noqa: PLR2004 - one alone is the whole
        return None
    shares = window.shares()
    found = [
        _segment(window, worths, i, name, float(shares[i]))
        for i, name in enumerate(window.segments)
    ]
    whole = sum(share * (one.rise or 0.0) for share, (one, _) in zip(shares, found, strict=True))
    tested = [i for i, (_, chance) in enumerate(found) if chance is not None]
    adjusted = discoveries([found[i][1] or 0.0 for i in tested])
    each = [one for one, _ in found]
    for i, chance in zip(tested, adjusted, strict=True):
        each[i] = replace(each[i], chance=chance, short=chance < window.spec.alpha)
    moved = window.path("w", "wj").moved()
    if moved is not None and abs(moved.value) > Z * moved.error and whole:
        each = [
            one if one.rise is None else replace(one, part=one.share * one.rise / whole)
            for one in each
        ]
    each.sort(key=lambda one: -(one.part or 0.0))
    return Segments(each=tuple(each), sentence=_sentence(each))


def _segment(
    window: Window, worths: Worths, number: int, name: str, share: float
) -> tuple[Segment, float | None]:
    """Return a segment and its p value, None where nothing is to be tested."""
    rise = window.path("w", "wj", segment=number).moved()
    if rise is None:
        return Segment(name=name, share=share, rise=None), None
    row = Segment(name=name, share=share, rise=rise.value, low=rise.low, high=rise.high)
    path = worths.gain(window, segment=number)
    gain = None if path is None else path.moved()
    if gain is None or worths.composite is None:
        return row, None
    row = replace(row, gain=gain.value)
    if rise.value <= Z * rise.error:
        return row, None
    due = replace(rise, error=(rise.error**2 + (rise.value * worths.composite.error) ** 2) ** 0.5)
    part = ratio(gain, due)
    if part is not None:
        row = replace(row, phi=part.value, phi_low=part.low, phi_high=part.high)
    return row, _chance(gain, due, window.spec.c)


def _chance(gain: Moved, due: Moved, c: float) -> float:
    variance = gain.error**2 - 2 * c * gain.with_(due) + c * c * due.error**2
    error = max(variance, 0.0) ** 0.5  # of few users the parts need not fit together
    return float(special.ndtr((gain.value - c * due.value) / error)) if error > 0 else 1.0


def _sentence(each: list[Segment]) -> str:
    carried = [one for one in each if one.part is not None]
    if not carried:
        return "The judge did not clearly move, so that no segment carries a rise."
    parts = ", ".join(f"{one.name or '(none)'} {percent(one.part or 0.0)}" for one in carried[:4])
    short = [one.name or "(none)" for one in each if one.short]
    tested = sum(one.chance is not None for one in each)
    if short:
        tail = f"users fell short in {', '.join(short)} (of {tested} segments tested)"
    else:
        tail = "in no single segment is it clear that users fell short"
    return f"The rise lies in these segments: {parts}; {tail}."
