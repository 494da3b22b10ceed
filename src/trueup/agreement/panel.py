"""People left out one at a time: each label beside the judge's and those of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trueup.agreement import column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trueup.agreement.column import Floats, Ints


class NominalPanel(NamedTuple):
    """A row for each label of a unit that was judged and that others labelled too."""

    unit: Ints
    annotator: Ints
    human: Ints
    """Level that the person gave, numbered."""
    judge: Ints
    """Level that the judge gave, numbered."""
    rest: Ints
    """How many of the others gave each level; shape (rows, levels)."""
    shape: tuple[int, int]
    """Units and annotators of the table, those without a row included."""

    def same(self, answer: Ints) -> Floats:
        """Return the share of the others who gave this answer."""
        return np.asarray(self.rest[np.arange(len(answer)), answer] / self.rest.sum(axis=1))

    def majority(self) -> tuple[Ints, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
        """Return the level that most of the others gave, and where several are tied for it."""
        if not len(self.rest):
            return self.human, np.zeros(0, dtype=np.bool_)
        top = self.rest.max(axis=1, keepdims=True)
        return self.rest.argmax(axis=1), (self.rest == top).sum(axis=1) > 1


class NumericPanel(NamedTuple):
    """The same for numbers."""

    unit: Ints
    annotator: Ints
    human: Floats
    judge: Floats
    others: Floats
    """How many others there are."""
    sums: Floats
    """Sum of what they gave."""
    squares: Floats
    """Sum of its squares."""
    shape: tuple[int, int]

    def misfit(self, answer: Floats) -> Floats:
        """Return the sum of squared differences from the others; exact for whole numbers."""
        return self.others * answer**2 - 2 * answer * self.sums + self.squares


def nominal_panel(ratings: Iterable[object], judged: Iterable[object]) -> NominalPanel:
    """Read labels of people and a judge, text or numbers, in one set of levels.

    Raises:
        ValueError: The table has another shape, or not as many rows as there are verdicts.
    """
    (table, verdict), levels = column.codes((ratings, "ratings", 2), (judged, "judged", 1))
    _same_units(table.shape, len(verdict))
    present = table >= 0
    counts = np.zeros((len(table), len(levels)), dtype=np.int64)
    where = np.nonzero(present)
    np.add.at(counts, (where[0], table[present]), 1)
    kept = present & (verdict >= 0)[:, None] & (present.sum(axis=1) > 1)[:, None]
    unit, annotator = np.nonzero(kept)
    human = table[unit, annotator]
    rest = counts[unit]
    rest[np.arange(len(unit)), human] -= 1
    return NominalPanel(unit, annotator, human, verdict[unit], rest, table.shape)


def numeric_panel(ratings: Iterable[object], judged: Iterable[object]) -> NumericPanel:
    """Read numbers of people and a judge.

    Raises:
        TypeError: A value is not a number.
        ValueError: The table has another shape, or not as many rows as there are verdicts.
    """
    table = column.numbers(ratings, "ratings", ndim=2)
    verdict = column.numbers(judged, "judged")
    _same_units(table.shape, len(verdict))
    present = ~np.isnan(table)
    filled = np.where(present, table, 0.0)
    kept = present & ~np.isnan(verdict)[:, None] & (present.sum(axis=1) > 1)[:, None]
    unit, annotator = np.nonzero(kept)
    human = filled[unit, annotator]
    return NumericPanel(
        unit,
        annotator,
        human,
        verdict[unit],
        present.sum(axis=1)[unit] - 1.0,
        filled.sum(axis=1)[unit] - human,
        (filled**2).sum(axis=1)[unit] - human**2,
        table.shape,
    )


def _same_units(shape: tuple[int, ...], verdicts: int) -> None:
    if shape[0] == verdicts:
        return
    hint = "transpose it" if shape[1] == verdicts else "give both for the same units"
    raise ValueError(
        f"ratings is {shape[0]:,} x {shape[1]:,} and judged has {verdicts:,} verdicts, where rows "
        f"of ratings are units; {hint}"
    )
