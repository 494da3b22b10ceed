"""What past A/Bs say a judge point is worth, for the test at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.goodhart.ledger.blend import blend
from trueup.goodhart.ledger.file import read_ledger
from trueup.goodhart.ledger.past import past_effects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trueup.goodhart.ledger.posterior import Posterior
    from trueup.goodhart.spec import WatchSpec

    Blend = Callable[[Mapping[str, float], float], Posterior]


def learnt(spec: WatchSpec, *, instrument: str | None = None) -> Blend | None:
    """Return how records and the ledger's tests are blended; None without a row to blend.

    The ledger is read once. For each look the composite's weights are laid over all of its rows.

    Args:
        spec: Its `ledger` is a path, rows, or None.
        instrument: What measured the judge's scores at hand; rows of another one are left out.

    Raises:
        DataError: The ledger cannot be read.
    """
    if spec.ledger is None:
        return None
    rows = read_ledger(spec.ledger) if isinstance(spec.ledger, str) else tuple(spec.ledger)
    better = {signal.name: signal.better for signal in spec.signals}
    names = {signal.name: 1.0 for signal in spec.signals}
    usable = past_effects(rows, {n: 1.0 for n in names if any(n in r.signals for r in rows)},
                          instrument=instrument, better=better)  # fmt: skip
    if not len(usable):
        return None

    def found(weights: Mapping[str, float], error: float) -> Posterior:
        past = past_effects(rows, weights, instrument=instrument, better=better)
        return blend(1.0, error, past if len(past) else None)

    return found
