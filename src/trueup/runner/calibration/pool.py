"""Pool: the labelled items of several sittings together; twenty a week say little alone."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trueup.runner.calibration.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.agreement.designs import Design
    from trueup.rubric.model import Criterion
    from trueup.runner.calibration.gather import Labelled

    Floats = NDArray[np.float64]


class Part(NamedTuple):
    """One criterion's labelled items of one sitting."""

    sitting: str
    pairs: Sequence[Labelled]
    """Those with an answer and a verdict with a value."""
    answered: int
    """Those with an answer, whether or not the judge gave a value."""
    design: Design | None
    """How they were chosen; None where nobody has said."""
    share: float
    """What part of all items of the sitting the judge calls met."""
    judged: int
    """How many these are."""


class Pool:
    """Labelled items of one criterion, each standing for a part of the traffic of its sitting.

    A sitting counts as much as it has labels. One of which it is known how its items were chosen
    is not mixed with one of which it is not: where there are both, the former count.

    Args:
        criterion: What was asked.
        parts: Sittings, oldest first, of the same question and instrument.
    """

    def __init__(self, criterion: Criterion, parts: Sequence[Part]) -> None:
        self.criterion = criterion
        self.answered = sum(part.answered for part in parts)
        filled = [part for part in parts if part.pairs]
        weighed = [(part, _weights(criterion, part)) for part in filled]
        known = [(part, weights) for part, weights in weighed if weights is not None]
        self.parts = [part for part, _ in known] or filled
        self._weights = np.concatenate([weights for _, weights in known]) if known else None

    @property
    def sittings(self) -> tuple[str, ...]:
        """Names of the sittings that count, oldest first."""
        return tuple(part.sitting for part in self.parts)

    @cached_property
    def table(self) -> Table:
        """The items as arrays; only where there are some."""
        return Table(self.criterion, [one for part in self.parts for one in part.pairs])

    @property
    def weights(self) -> Floats | None:
        """What each item stands for; None where all stand for as much, or nobody knows."""
        even = self._weights is None or self._weights.min() == self._weights.max()
        return None if even else self._weights

    @property
    def share(self) -> float | None:
        """Share of the traffic that the judge calls met, where items stand for it unevenly."""
        if self.weights is None:
            return None
        return float(np.average([part.share for part in self.parts], weights=self._sizes))

    @property
    def units(self) -> float | None:
        """How many items, all counted alike, would tell that share as surely."""
        if self.weights is None:
            return None
        judged = np.array([max(part.judged, len(part.pairs)) for part in self.parts])
        return float(self._sizes.sum() ** 2 / (self._sizes**2 / judged).sum())

    @property
    def _sizes(self) -> Floats:
        return np.array([len(part.pairs) for part in self.parts], dtype=float)

    @property
    def chances(self) -> Floats | None:
        """Each item's chance of being labelled, but for a factor that all share."""
        weights = self.weights
        return None if weights is None else weights.min() / weights


def _weights(criterion: Criterion, part: Part) -> Floats | None:
    """Return what each item stands for, their sum as many as they are; None where not known."""
    table = Table(criterion, part.pairs)
    chances = table.chances
    if chances is not None:
        weights = 1 / chances
    elif part.design == "random":
        weights = np.ones(len(part.pairs))
    elif part.design == "stratified":
        weights = _by_verdict(table.judged, part.share)
    else:
        return None
    found: Floats = weights * (len(weights) / weights.sum())
    return found


def _by_verdict(judged: Floats, share: float) -> Floats:
    """Return weights with which the verdicts have the shares that they have in the traffic."""
    met = judged.mean()
    if met in {0.0, 1.0} or share in {0.0, 1.0}:
        return np.ones(len(judged))
    found: Floats = np.where(judged == 1, share / met, (1 - share) / (1 - met))
    return found
