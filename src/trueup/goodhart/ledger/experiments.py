"""What past A/Bs say a judge point is worth, for the test at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.goodhart.ledger.blend import blend
from trueup.goodhart.ledger.entries import without_sitting
from trueup.goodhart.ledger.file import read_ledger
from trueup.goodhart.ledger.past import past_effects

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from trueup.goodhart.ledger.entries import Release
    from trueup.goodhart.ledger.posterior import Posterior
    from trueup.goodhart.spec import WatchSpec

    Blend = Callable[[Mapping[str, float], float], Posterior]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a ledger teaches.

    Attributes:
        blend: From a composite's weights and error to what is known of its worth; None without a
            row to blend.
        notes: What of the ledger was left out, and what is doubtful.
    """

    blend: Blend | None = None
    notes: tuple[str, ...] = ()


def rows_of(spec: WatchSpec) -> tuple[Release, ...]:
    """Return the rows of a watch's ledger; none where it has no ledger.

    Raises:
        DataError: The ledger cannot be read.
    """
    if spec.ledger is None:
        return ()
    return read_ledger(spec.ledger) if isinstance(spec.ledger, str) else tuple(spec.ledger)


def learnt(
    spec: WatchSpec, *, instrument: str | None = None, under_test: Collection[str] = ()
) -> Learnt:
    """Return how records and the ledger's tests are blended.

    The ledger is read once. For each look the composite's weights are laid over all of its rows.

    Args:
        spec: Its `ledger` is a path, rows, or None.
        instrument: What measured the judge's scores at hand; rows of another one are left out.
        under_test: Ids of the tests to be decided, which are no part of their own slope.

    Raises:
        DataError: The ledger cannot be read.
    """
    rows = [row for row in rows_of(spec) if row.id not in under_test]
    if not rows:
        return Learnt()
    named = without_sitting(instrument)[0] if instrument else None
    better = {signal.name: signal.better for signal in spec.signals}
    names = {signal.name: 1.0 for signal in spec.signals}
    usable = past_effects(rows, {n: 1.0 for n in names if any(n in r.signals for r in rows)},
                          instrument=named, better=better)  # fmt: skip
    notes = tuple(f"ledger: {note}" for note in usable.notes)
    if not len(usable):
        return Learnt(notes=notes)

    def found(weights: Mapping[str, float], error: float) -> Posterior:
        past = past_effects(rows, weights, instrument=named, better=better)
        return blend(1.0, error, past if len(past) else None)

    return Learnt(found, notes)
