"""Verdicts by the blended slope on simulated ledgers, against limits and the first design."""

from __future__ import annotations

import pytest

from benchmarks import ledgers
from benchmarks.surrogates import BEFORE, Cell, cells, goals_of, run, shares
from trueup.goodhart import backtest, backtest_cells
from trueup.testing.histories import simulate_experiment

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


def test_the_benchmark_decides_an_ab_with_a_ledger_as_users_do() -> None:
    rows = ledgers.rows_of(3.0, 1)
    spec = ledgers.Setting(3.0, 3).spec(rows)
    frame = simulate_experiment("gaming_overstated_3", 1)
    cells_read, as_of = ledgers.read(frame)

    looks = backtest(frame, spec, now=ledgers.LATER)

    assert looks == backtest_cells(cells_read, spec, as_of=as_of)
    assert {look.worth.experiments for look in looks if look.worth.source == "experiments"} == {3}


def test_what_the_benchmark_finds_is_held_to_its_limits() -> None:
    known, learnt = ledgers.Setting(1.0, 0), ledgers.Setting(1.0, 3)
    right = {1.0: "improvement", 0.5: "inconclusive", 0.0: "gaming"}
    every = [{(one, phi): said for one in (known, learnt) for phi, said in right.items()}] * 3
    wrong = {(known, phi): said for phi, said in right.items()}
    wrong |= {(learnt, 1.0): "gaming", (learnt, 0.5): "gaming", (learnt, 0.0): "inconclusive"}

    [_, (line, goals)] = ledgers.rows_and_goals([known, learnt], [*every, wrong])

    assert line[1:4] == ("25", "25", "75")
    assert [goal.met for goal in goals] == [False, False, False]
