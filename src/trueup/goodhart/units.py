"""In what unit a signal's changes are told, where nobody said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.goodhart.cells import Cells
    from trueup.goodhart.spec import WatchSpec

PER = 100
"""Events and shares are told per so many outputs, amounts per output."""
_SLACK = 1e-9


def with_units(cells: Cells, spec: WatchSpec) -> WatchSpec:
    """Return a spec in which every signal has its `per`.

    Squares add up to more than the values themselves only where some lie outside 0 to 1.
    """
    signals = []
    for k, signal in enumerate(spec.signals):
        total, squares = (float(cells.sums[f"{part}{k}"].sum()) for part in "sq")
        amounts = squares > total + _SLACK * abs(total)
        signals.append(replace(signal, per=signal.per or (1 if amounts else PER)))
    return replace(spec, signals=tuple(signals))
