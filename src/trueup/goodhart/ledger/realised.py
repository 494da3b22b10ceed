"""Which part of what was due users got, where past tests say what a judge point is worth.

`gaming` rests on the chance that users got less than a share c of what was due, averaged over what
a judge point may be worth. The part they got, and its interval, are read off the same chance as a
function of c: where it passes 1/2, 2.5 % and 97.5 %. So a verdict and its figures agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.ledger.posterior import Posterior

    Floats = NDArray[np.float64]

SHARES = np.linspace(-6.0, 7.0, 27)
"""Shares between which the ends of an interval are sought."""
FINER = 5
ROUNDS = 4
LEVEL = 0.95
LEAST = 1e-12
FURTHEST = 1e3
"""A part beyond this is not told."""
HALVINGS = 60
GRID = 0.1 * np.sinh(np.linspace(-10.2, 10.2, 401))
"""Shares of what records say was due, dense around none: a chance is interpolated between them."""


class Part(NamedTuple):
    """The part of what was due that users got, and its 95 % interval; None where unbounded."""

    value: float | None
    low: float | None
    high: float | None


class Chance(Protocol):
    """The chance that users got less than some shares of what was due."""

    def __call__(self, shares: Floats, /) -> Floats:
        """Return it, shape (shares, alternatives)."""
        ...


class Below(Protocol):
    """The same where a judge point's worth is known but for how it varies from test to test."""

    def __call__(self, shares: Floats, varies: Floats, /) -> Floats:
        """Return it for shares of what records say was due, shape (varies, shares)."""
        ...


def part_of(chance: Chance) -> Part:
    """Return the part that users got, from the chance of less than any share."""
    low, high = interval_of(chance)
    return Part(_middle(chance), low, high)


def widened(part: Part, rise: float, *, up: float, down: float) -> Part:
    """Return a part whose interval allows for what a guard says of the judge's rise.

    Args:
        part: Of what is due by the rise that is seen.
        rise: That rise, in judge points, above 0.
        up: Judge points of it that may be no quality.
        down: Judge points of quality that may have been hidden.
    """
    least, most = 1 - up / rise, 1 + down / rise

    def over(end: float | None, *, lower: bool) -> float | None:
        share = least if end is not None and (end < 0) == lower else most
        return None if end is None or share <= 0 else end / share

    return Part(part.value, over(part.low, lower=True), over(part.high, lower=False))


def interval_of(chance: Chance, level: float = LEVEL) -> tuple[float | None, float | None]:
    """Return every share that no alternative rejects, as in Fieller's interval."""
    tail = (1 - level) / 2
    return _end(chance, tail, lower=True), _end(chance, tail, lower=False)


def mixed(known: Posterior, below: Below) -> Chance:
    """Return the chance by a posterior, for a design with an error model of its own.

    A share of what was due by a worth is a share times that worth over records' of what was due by
    records. `below` is worked out on a grid of these, once.
    """
    kinds, which = np.unique(known.varies, return_inverse=True)
    scores = special.ndtri(np.clip(below(GRID, kinds), LEAST, 1 - LEAST))

    def chance(shares: Floats) -> Floats:
        at = np.asarray(shares, dtype=np.float64)[:, None] * known.records * known.ratios
        score = np.empty_like(at)
        for kind, row in enumerate(scores):
            here = which == kind
            score[:, here] = np.interp(at[:, here], GRID, row)
        found: Floats = special.ndtr(score) @ known.weights.T
        return found

    return chance


def worth_detail(known: Posterior | None) -> dict[str, float]:
    """Return a look's figures of what tests say of a judge point; none where records decide."""
    if known is None:
        return {}
    return dict(zip(("worth", "worth_low", "worth_high"), known.ratio(), strict=True))


def _end(chance: Chance, tail: float, *, lower: bool) -> float | None:
    """Return one end of the interval: the outermost share that is not rejected."""
    shares, level = SHARES if lower else SHARES[::-1], float(special.ndtri(tail))
    for finer in range(ROUNDS):
        found = chance(shares)
        doubt = found.max(-1) if lower else 1 - found.min(-1)
        kept = int(np.argmax(doubt > tail))
        if kept == 0:
            return None
        if finer < ROUNDS - 1:
            shares = np.linspace(shares[kept - 1], shares[kept], FINER)
    out, inside = special.ndtri(np.clip(doubt[kept - 1 : kept + 1], LEAST, 1 - LEAST))
    part = (level - out) / (inside - out)
    return float(shares[kept - 1] + part * (shares[kept] - shares[kept - 1]))


def _middle(chance: Chance) -> float | None:
    """Return the share that users got less than by a chance of one half; None beyond all."""

    def under(share: float) -> bool:
        return bool(chance(np.array([share])).mean() < 1 / 2)

    if not under(-FURTHEST) or under(FURTHEST):
        return None
    low, high = -np.arcsinh(FURTHEST), np.arcsinh(FURTHEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if under(float(np.sinh(middle))) else (low, middle)
    return float(np.sinh((low + high) / 2))
