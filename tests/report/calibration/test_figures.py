"""Figures are written with their intervals, and never look like more than they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.report.calibration.figures import decimal, number, percent, share, short_week, why
from trueup.runner.calibration.result import Absent, Figure

UNIT = st.floats(0, 1)


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0%"), (0.001, "<1%"), (0.5, "50%"), (0.9999, ">99%"), (1, "100%")]
)
def test_only_nothing_and_all_look_like_it(value: float, shown: str) -> None:
    assert percent(value) == shown


@given(UNIT)
def test_a_percentage_is_within_half_a_point(value: float) -> None:
    shown = percent(value).rstrip("%")

    if shown[0] in "<>":
        assert 0 < value < 0.01 or 0.99 < value < 1
    else:
        assert abs(float(shown) / 100 - value) <= 0.005 + 1e-9


@given(st.floats(-1, 1))
def test_a_decimal_has_a_true_minus_and_no_negative_nothing(value: float) -> None:
    shown = decimal(value)

    assert "-" not in shown
    assert shown != "\u22120.00"
    assert abs(float(shown.replace("\u2212", "-")) - value) <= 0.005 + 1e-9


def test_a_figure_stands_with_its_interval_and_an_absent_one_is_a_dash() -> None:
    found = Figure(estimate=0.714, low=-0.049, high=0.9, n=3, method="")

    assert number(found) == "0.71 [\u22120.05, 0.90]"
    assert share(Figure(estimate=0.5, low=0.001, high=1.0, n=3, method="")) == "50% [<1, 100]"
    assert (number(Absent(why="x")), share(Absent(why="x"))) == ("\u2013", "\u2013")
    assert (why(Absent(why="x")), why(found)) == ("x", "")


def test_a_week_is_short_and_any_other_name_stays() -> None:
    assert [short_week(w) for w in ("2026-W07", "pilot", "2026-W7")] == ["W07", "pilot", "2026-W7"]
