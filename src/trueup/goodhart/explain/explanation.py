"""Everything that may explain a look, in parts of which none changes a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.goodhart.explain.began import when_began
from trueup.goodhart.explain.criteria import by_criterion
from trueup.goodhart.explain.mix import mixes
from trueup.goodhart.explain.order import by_order
from trueup.goodhart.explain.outputs import by_outputs
from trueup.goodhart.explain.segments import by_segment
from trueup.goodhart.explain.shares import surface_share
from trueup.goodhart.explain.signals import by_signal
from trueup.goodhart.explain.window import Window, window_of
from trueup.goodhart.explain.worths import worths_of
from trueup.goodhart.units import with_units

if TYPE_CHECKING:
    from trueup.goodhart.cells import Cells
    from trueup.goodhart.explain.began import Began
    from trueup.goodhart.explain.criteria import Criteria
    from trueup.goodhart.explain.mix import Mix
    from trueup.goodhart.explain.order import Orders
    from trueup.goodhart.explain.outputs import Outputs
    from trueup.goodhart.explain.segments import Segments
    from trueup.goodhart.explain.shares import Surface
    from trueup.goodhart.explain.signals import Signals
    from trueup.goodhart.look import Look
    from trueup.goodhart.spec import WatchSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What may lie behind a look. A part is None (or empty) where the data do not hold it.

    Attributes:
        label: Of the look.
        surface: What the form of the outputs predicts of the judge's rise.
        criteria: Which criteria it is made of.
        segments: Which segments carry it, and where users fell short.
        signals: Every signal by itself; gold labels are one where they are declared so.
        mix: How much of each raw change is another mix of segments.
        began: When the judge began to rise; None where it has not.
        order: Whether higher-scored outputs still do better within a slice.
        outputs: Whether outputs have become alike.
        notes: What was left out, and why.
    """

    label: str
    surface: Surface | None = None
    criteria: Criteria | None = None
    segments: Segments | None = None
    signals: Signals | None = None
    mix: tuple[Mix, ...] = ()
    began: Began | None = None
    order: Orders | None = None
    outputs: Outputs | None = None
    notes: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """Everything in words, the parts that most often matter first."""
        parts = (
            self.outputs, self.surface, self.order, self.criteria, self.segments, self.signals,
            *self.mix[:1], self.began,
        )  # fmt: skip
        return (*(part.sentence for part in parts if part is not None), *self.notes)

    @property
    def message(self) -> str:
        """The same as one text."""
        return " ".join(self.sentences)


def explain(cells: Cells, spec: WatchSpec, look: Look) -> Explanation:
    """Return what may lie behind a look; nothing here has a part in its verdict.

    Intervals and p values are of this look alone.

    Args:
        cells: From `read_cells`, with the spec of the look.
        spec: What is watched.
        look: One of `backtest_cells`.
    """
    spec = with_units(cells, spec)
    window = window_of(cells, spec, look)
    if not isinstance(window, Window):
        alone = by_outputs(cells)
        return Explanation(label=look.label, outputs=alone, notes=(f"Not compared: {window}.",))
    worths = worths_of(window)
    return Explanation(
        label=look.label,
        surface=surface_share(window),
        criteria=by_criterion(window),
        segments=by_segment(window, worths),
        signals=by_signal(window, worths),
        mix=mixes(window),
        began=None if look.verdict == "judge_flat" else when_began(window),
        order=by_order(window),
        outputs=by_outputs(cells, until=window.numbers[-1] if window.numbers else None),
        notes=window.notes,
    )
