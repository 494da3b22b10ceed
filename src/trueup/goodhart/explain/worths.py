"""What a judge point was worth before, and the signals as one: shared by the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.composite import combine
from trueup.goodhart.slope import record_slope, reliability

if TYPE_CHECKING:
    from trueup.goodhart.composite import Composite
    from trueup.goodhart.explain.path import Path
    from trueup.goodhart.explain.window import Window
    from trueup.goodhart.slope import Slope


@dataclass(frozen=True, slots=True)
class Worths:
    """What records before say.

    Attributes:
        slopes: Per signal, signed so that up is good.
        composite: Of the signals that follow the judge; None where none does.
    """

    slopes: tuple[Slope, ...]
    composite: Composite | None

    def gain(self, window: Window, *, segment: int | None = None) -> Path | None:
        """Return the signals as one in judge points, of one segment or all."""
        if self.composite is None:
            return None
        whole: Path | None = None
        for weight, k in zip(self.composite.weights, self.composite.used, strict=True):
            part = signal_path(window, k, segment=segment) * float(weight)
            whole = part if whole is None else whole + part
        return whole


def signal_path(window: Window, signal: int, *, segment: int | None = None) -> Path:
    """Return a signal's means, signed so that up is good, at its responders' mix before."""
    return window.path(
        f"m{signal}", f"s{signal}", factor=window.spec.signals[signal].sign,
        ripe=True, segment=segment, like=f"m{signal}",
    )  # fmt: skip


def worths_of(window: Window) -> Worths:
    """Return what a judge point was worth in the rows before (of the control, between arms)."""
    rows = slice(0, window.before.rows)
    trust = reliability(window.before, rows, declared=window.spec.reliability)
    slopes = tuple(
        record_slope(window.before, rows, k, signal.sign, trust)
        for k, signal in enumerate(window.spec.signals)
    )
    moved = [signal_path(window, k).moved() for k in range(len(slopes))]
    variances = np.array([0.0 if one is None else one.error**2 for one in moved])
    used = [k for k, slope in enumerate(slopes) if slope.informs]
    return Worths(slopes, combine(slopes, variances, used) if used else None)
