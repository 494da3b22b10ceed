"""Week: what one weekly calibration run leaves of one criterion, as counts; all drift rests on it.

The recommended protocol for 40 labels and 60 anchors a week: draw 20 of the scored items by
probability sampling and have two people label each of them, blind to each other and to the judge.
Where they say the same, that is the item's label (`labelled`); how often they do is `overlap`. The
judge answers all 60 anchors anew in the same sitting, shuffled among the week's items.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trueup.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

PAIRS, ANCHORS = 20, 60
"""The recommended protocol: items a week that two people label, and anchors judged anew."""

_ISO_WEEK = re.compile(r"(\d{4})-W(\d{2})")


class Count(NamedTuple):
    """How many of how many."""

    hits: int
    of: int


class Labelled(NamedTuple):
    """Items with a verdict and a label, counted by both; see `labelled_from` for weighted samples.

    An item that two people label counts once, where they say the same.
    """

    met_met: float = 0
    """Judge met, label met."""
    met_unmet: float = 0
    """Judge met, label unmet: a false pass."""
    unmet_met: float = 0
    """Judge unmet, label met: a false fail."""
    unmet_unmet: float = 0
    """Judge unmet, label unmet."""


_NONE, _NO_LABELS = Count(0, 0), Labelled()


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One criterion in one week; whatever was not measured stays empty.

    Raises:
        DataError: A count is negative or contradicts another, or the week is no ISO week.
    """

    week: str
    """ISO week, as 2026-W07."""
    question: str
    """Question hash of the criterion."""
    instrument: str
    """Declared instrument (rendered prompt, model, sampling) that gave the verdicts."""
    observed: frozenset[str] = frozenset()
    """Models and fingerprints that the endpoint said had answered."""
    judged: Mapping[str, Count] = field(default_factory=dict)
    """Segment to (verdicts that say met, verdicts), of the week's random sample of production."""
    labelled: Labelled = _NO_LABELS
    """The fresh labels beside the verdicts on the same items."""
    overlap: Count = _NONE
    """(items on which both people said the same, items that two people labelled blind)."""
    checks: Count = _NONE
    """(labels equal to the trusted one, labels), where people label some anchors blind."""
    anchors: Mapping[str, bool] = field(default_factory=dict)
    """Anchor to whether this sitting's verdict says met; without those that got no answer."""

    def __post_init__(self) -> None:
        ordinal(self.week)
        for name, count in (("overlap", self.overlap), ("checks", self.checks)):
            object.__setattr__(self, name, self._count(name, count))
        judged = {
            str(name): self._count(f"judged[{name!r}]", count)
            for name, count in self.judged.items()
        }
        object.__setattr__(self, "judged", MappingProxyType(judged))
        anchors = {str(name): bool(met) for name, met in self.anchors.items()}
        object.__setattr__(self, "anchors", MappingProxyType(anchors))
        if len(self.labelled) != 4 or not all(np.isfinite(n) and n >= 0 for n in self.labelled):  # noqa: PLR2004 - a table of two by two
            raise self._wrong(
                f"labelled is {tuple(self.labelled)}", "Give four counts of 0 or more"
            )
        object.__setattr__(self, "labelled", Labelled(*map(float, self.labelled)))

    def _count(self, name: str, count: Sequence[int]) -> Count:
        if len(count) != 2 or any(n != int(n) for n in count) or not 0 <= count[0] <= count[1]:  # noqa: PLR2004 - hits, of
            raise self._wrong(f"{name} is {tuple(count)}", "Give (hits, of) with 0 <= hits <= of")
        return Count(int(count[0]), int(count[1]))

    def _wrong(self, what: str, mend: str) -> DataError:
        return DataError(what, where=f"week {self.week}", mend=f"{mend}.")


def ordinal(week: str) -> int:
    """Return the day number of an ISO week's Monday, by which weeks are ordered.

    >>> ordinal("2026-W02") - ordinal("2025-W52")
    14
    """
    found = _ISO_WEEK.fullmatch(week)
    try:
        if found is None:
            raise ValueError(week)  # noqa: TRY301 - one sentence for both ways to be wrong
        return dt.date.fromisocalendar(int(found[1]), int(found[2]), 1).toordinal()
    except ValueError:
        raise DataError(f"{week!r} is no ISO week", mend="Write it as 2026-W07.") from None


def in_order(criterion: str, weeks: Sequence[Week]) -> tuple[Week, ...]:
    """Return the weeks by date; what comes twice is refused, as it would count twice.

    Raises:
        DataError: A week comes twice.
    """
    ordered = sorted(weeks, key=lambda week: ordinal(week.week))
    for first, second in pairwise(ordered):
        if first.week == second.week:
            raise DataError(
                f"week {first.week} comes twice",
                where=criterion,
                mend="Keep one summary a week: a sitting that is repeated replaces the first.",
            )
    return tuple(ordered)


def new_models(weeks: Sequence[Week]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the weeks in which a model or fingerprint was observed for the first time, and which.

    Not for the first week that observed any. This alone is no change of a figure: `attribute`
    weighs it where something moved.

    >>> weeks = [Week(week=f"2026-W0{i}", question="q", instrument="j", observed=frozenset({name}))
    ...          for i, name in enumerate("aab", start=1)]
    >>> new_models(weeks)
    (('2026-W03', frozenset({'b'})),)
    """
    known: frozenset[str] = frozenset()
    found = []
    for week in sorted(weeks, key=lambda w: ordinal(w.week)):
        if known and week.observed - known:
            found.append((week.week, week.observed - known))
        known |= week.observed
    return tuple(found)


def labelled_from(
    verdicts: ArrayLike, labels: ArrayLike, *, probabilities: ArrayLike | None = None
) -> Labelled:
    """Count verdicts against labels, weighted where items were drawn with unequal probabilities.

    With probabilities every item weighs 1 / probability; the weighted shares are scaled to Kish's
    effective number of labels, (sum w)^2 / sum w^2, so that what is computed from the counts is as
    sure as they are. Source: Kish (1965), Survey Sampling, 11.7.

    Args:
        verdicts: Shape (items,), true where the judge says met.
        labels: Shape (items,), true where people say met.
        probabilities: Shape (items,), each item's probability of being drawn for labelling.

    Raises:
        DataError: The lengths differ, or a probability is not in (0, 1].

    >>> labelled_from([1, 1, 1, 0], [1, 1, 0, 0])
    Labelled(met_met=2.0, met_unmet=1.0, unmet_met=0.0, unmet_unmet=1.0)
    >>> weighted = labelled_from([1, 1, 0, 0], [1, 0, 0, 0], probabilities=[0.5, 0.5, 1, 1])
    >>> [round(n, 3) for n in weighted]
    [1.2, 1.2, 0.0, 1.2]
    """
    met, label = np.asarray(verdicts, dtype=bool), np.asarray(labels, dtype=bool)
    drawn = np.ones(met.shape) if probabilities is None else np.asarray(probabilities, dtype=float)
    if met.ndim != 1 or met.shape != label.shape or met.shape != drawn.shape:
        raise DataError(
            f"verdicts, labels and probabilities have shapes {met.shape}, {label.shape}, "
            f"{drawn.shape}",
            mend="Give one of each for every labelled item.",
        )
    if not ((drawn > 0) & (drawn <= 1)).all():
        raise DataError("a probability is not in (0, 1]", mend="Give the stored probabilities.")
    if not met.size:
        return Labelled()
    weight = 1 / drawn
    scale = weight.sum() / (weight**2).sum()
    cells = (met & label, met & ~label, ~met & label, ~met & ~label)
    return Labelled(*(float(weight[cell].sum() * scale) for cell in cells))
