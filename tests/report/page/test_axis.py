"""Axes show what there is, with round ticks, and labels that do not touch."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.report.page.axis import decimals, fitted, labelled, rounded

SCALES = st.sampled_from([(0.0, 1.0), (-1.0, 1.0)])


@given(SCALES, st.lists(st.floats(-1, 1), max_size=8))
def test_all_values_are_within_few_round_ticks(
    within: tuple[float, float], values: list[float]
) -> None:
    axis = fitted(values, within=within, start=100, end=0)
    inside = [min(max(value, within[0]), within[1]) for value in values]

    assert within[0] <= axis.low < axis.high <= within[1]
    assert all(axis.low - 1e-6 <= value <= axis.high + 1e-6 for value in inside)
    assert 3 <= len(axis.ticks) <= 6
    assert all(0 <= axis(value) <= 100 for value in values)
    assert (axis(axis.low), axis(axis.high)) == (100, 0)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([], (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        ([0.81, 0.84], (0.75, 0.8, 0.85)),
        ([1.0, 1.0], (0.9, 0.95, 1.0)),
        ([0.0], (0.0, 0.05, 0.1)),
        ([0.2, 0.9], (0.2, 0.4, 0.6, 0.8, 1.0)),
    ],
)
def test_the_part_that_is_shown_is_as_small_as_reads_well(
    values: list[float], ticks: tuple[float, ...]
) -> None:
    assert fitted(values, within=(0, 1), start=0, end=1).ticks == ticks


@given(st.lists(st.text("W0", min_size=1, max_size=8), max_size=60), st.floats(1, 50))
def test_labels_do_not_touch_and_the_last_is_there(names: list[str], step: float) -> None:
    shown = labelled(names, step=step, width=lambda name: 7.0 * len(name))

    assert all((b - a) * step >= 7 * len(names[b]) for a, b in pairwise(shown))
    assert not names or shown[-1] == len(names) - 1


@given(st.lists(st.floats(-1e6, 1e6), max_size=8))
def test_values_of_any_size_are_within_few_round_ticks(values: list[float]) -> None:
    axis = rounded(values, start=100, end=0)

    room = 1e-6 * max(abs(axis.low), abs(axis.high))
    assert all(axis.low - room <= value <= axis.high + room for value in values)
    assert 2 <= len(axis.ticks) <= 7
    steps = [b - a for a, b in pairwise(axis.ticks)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-6)
    assert (axis(axis.low), axis(axis.high)) == (100, 0)


@pytest.mark.parametrize(
    ("values", "ticks", "digits"),
    [
        ([0.0, 0.22], (0.0, 0.05, 0.1, 0.15, 0.2, 0.25), 2),
        ([-0.31, 0.4], (-0.4, -0.2, 0.0, 0.2, 0.4), 1),
        ([26, 33], (26, 28, 30, 32, 34), 0),
        ([0.5], (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), 1),
        ([float("nan")], (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), 1),
    ],
)
def test_ticks_are_one_two_or_five_times_a_power_of_ten(
    values: list[float], ticks: tuple[float, ...], digits: int
) -> None:
    axis = rounded(values, start=0, end=1)

    assert axis.ticks == pytest.approx(ticks)
    assert decimals(axis) == digits
