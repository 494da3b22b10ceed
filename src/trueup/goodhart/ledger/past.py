"""Which rows of the release ledger say what a judge point is worth, and what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.goodhart.ledger.entries import CORRELATED, WINNER, stacked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from trueup.goodhart.ledger.entries import Kind, Past, Release

FEWEST_WINNERS = 2
"""Of a single row nobody can say that losers were left out."""
SHOWN = 4
EXPERIMENTS: tuple[Kind, ...] = ("experiment",)


def past_effects(
    releases: Iterable[Release],
    weights: Mapping[str, float],
    *,
    instrument: str | None = None,
    under_test: str | None = None,
    kinds: Collection[Kind] = EXPERIMENTS,
    better: Mapping[str, str] | None = None,
) -> Past:
    """Return the rows that can be used, in units of one composite of signals.

    A row without one of the composite's signals is left out: a composite of fewer signals would
    have another worth per judge point. Leave the signal out of `weights` to use such rows.

    Args:
        releases: The ledger.
        weights: Of each signal's change in its good direction, the same for all rows.
        instrument: What measured the judge's scores of the test to be decided. Rows with another
            one are left out; where None, the last row's counts.
        under_test: Id of the test to be decided, which is never part of its own slope.
        kinds: Kinds of rows to use.
        better: Which direction of each signal is good, where it is known; rows that say otherwise
            are left out.

    Returns:
        Its notes say what was left out and why, and what is doubtful about the rest.
    """
    rows = [row for row in releases if row.id != under_test]
    notes: list[str] = []
    rows = _of_kind(rows, kinds, notes)
    rows = _measured_alike(rows, instrument, notes)
    rows = _with_signals(rows, weights, better or {}, notes)
    rows = _one_an_experiment(rows, notes)
    ids = [row.id for row in rows]
    past = stacked([row.effect(weights) for row in rows], ids)
    assumed = [row for row in rows if row.covariance is None]
    if assumed:
        effects = [row.effect(weights, correlation=CORRELATED) for row in rows]
        past = replace(past, others=(stacked(effects, ids),))
        notes.append(
            f"{_rows(assumed)} without covariances: errors taken as uncorrelated and as correlated "
            f"by {CORRELATED}, whichever says less"
        )
    late = [
        r for r in rows
        if r.registered_at is not None and r.result_at is not None and r.registered_at > r.result_at
    ]  # fmt: skip
    if late:
        notes.append(f"{_rows(late)} registered after the result was known")
    if len(past) >= FEWEST_WINNERS and bool((past.gain > WINNER * past.gain_variance**0.5).all()):
        notes.append(
            f"all {len(past)} past tests are winners: if losers were left out, they make a judge "
            "point look worth more than it is"
        )
    return replace(past, notes=tuple(notes))


def _rows(rows: Sequence[Release]) -> str:
    """Return how many rows, with the first few names."""
    names = ", ".join(row.id for row in rows[:SHOWN]) + (", ..." if len(rows) > SHOWN else "")
    return f"{len(rows)} past test{'' if len(rows) == 1 else 's'} ({names})"


def _of_kind(rows: list[Release], kinds: Collection[Kind], notes: list[str]) -> list[Release]:
    other = [row for row in rows if row.kind not in kinds]
    if other:
        notes.append(f"{_rows(other)} left out: no randomised comparison of users")
    return [row for row in rows if row.kind in kinds]


def _measured_alike(rows: list[Release], instrument: str | None, notes: list[str]) -> list[Release]:
    """Keep the rows of one instrument; a row that names none is taken to have it."""
    known = [row.instrument for row in rows if row.instrument is not None]
    wanted = instrument or (known[-1] if known else None)
    if wanted is None:
        return rows
    other = [row for row in rows if row.instrument not in (None, wanted)]
    if other:
        notes.append(f"{_rows(other)} left out: scores of another instrument than {wanted}")
    unnamed = [row for row in rows if row.instrument is None]
    if unnamed:
        notes.append(f"{_rows(unnamed)} without instrument: taken as measured by {wanted}")
    return [row for row in rows if row.instrument in (None, wanted)]


def _with_signals(
    rows: list[Release], weights: Mapping[str, float], better: Mapping[str, str], notes: list[str]
) -> list[Release]:
    kept = rows
    for name in weights:
        without = [row for row in kept if name not in row.signals]
        if without:
            notes.append(f"{_rows(without)} left out: nothing about {name}")
        kept = [row for row in kept if name in row.signals]
        other = [row for row in kept if row.better[name] != better.get(name, row.better[name])]
        if other:
            good = other[0].better[name]
            notes.append(f"{_rows(other)} left out: there {good} {name} is better")
        kept = [row for row in kept if row not in other]
    return kept


def _one_an_experiment(rows: list[Release], notes: list[str]) -> list[Release]:
    """Keep one of the arms that were compared with the same control, whatever it showed."""
    kept: dict[object, Release] = {}
    shared = [row for row in rows if kept.setdefault(_control(row), row) is not row]
    if shared:
        notes.append(f"{_rows(shared)} left out: the same control as a row that is used")
    return list(kept.values())


def _control(row: Release) -> object:
    """Return what rows with the same control have in common."""
    if row.experiment is not None:
        return ("experiment", row.experiment)
    if row.arms is not None and row.started is not None:
        return ("control", row.arms[1], row.started, row.ended)
    return ("row", row.id)
