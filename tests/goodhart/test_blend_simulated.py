"""Verdicts by the blended slope on simulated ledgers, against limits and the first design."""

from __future__ import annotations

import pytest

from benchmarks.surrogates import BEFORE, Cell, cells, goals_of, run, shares

RUNS = 200
SLACK = 0.1
"""Three standard errors of a share of 200 runs."""
PLAIN = [cell for cell in cells() if cell.before]
HARD = (
    "four looks, 5x, 1 A/Bs",
    "25 % gamed, 1.5x, 20 A/Bs",
    "small winners only, 3x, 3 A/Bs",
    "small winners only, 5x, 10 A/Bs",
)
KEPT = [cell for cell in cells() if cell.name in HARD]


@pytest.mark.parametrize("cell", PLAIN, ids=lambda cell: cell.name)
def test_limits_are_kept_and_the_first_design_is_matched(cell: Cell) -> None:
    found = shares([run((cell, seed)) for seed in range(RUNS)])
    assert [str(goal) for goal in goals_of(cell, found, slack=True) if not goal.met] == []
    key = (cell.truth.overstatement, cell.truth.past)
    if key != (5, 0):
        assert found.gaming[3] >= BEFORE[key][3] / 100 - SLACK
        assert found.gaming[2] >= BEFORE[key][2] / 100 - SLACK
    assert found.improvement[2:].max() <= 0.03
    assert found.improvement[1] <= 0.15


@pytest.mark.parametrize("cell", KEPT, ids=lambda cell: cell.name)
def test_limits_are_kept_on_ledgers_that_mislead_and_over_looks(cell: Cell) -> None:
    found = shares([run((cell, seed)) for seed in range(RUNS)])
    assert [str(goal) for goal in goals_of(cell, found, slack=True) if not goal.met] == []
    assert found.gaming[3] >= 0.25


def test_the_hard_ledgers_are_among_those_measured() -> None:
    assert len(KEPT) == len(HARD)
