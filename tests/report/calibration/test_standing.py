"""A criterion holds, does not hold, or cannot be told to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.report.calibration import material
from trueup.report.calibration.standing import absences, drift_words, since_words
from trueup.runner.calibration.gate import standing
from trueup.runner.calibration.result import Absent, Drift

if TYPE_CHECKING:
    from trueup.runner.calibration.result import Cause


@pytest.mark.parametrize(
    ("make", "gate"),
    [
        (material.grounded, "passed"),
        (material.next_step, "failed"),
        (material.apology, "inconclusive"),
        (material.padding, "passed"),
        (material.tone, "passed"),
    ],
)
def test_each_kind_of_criterion_stands_as_it_should(make: object, gate: str) -> None:
    assert callable(make)
    assert standing(make()).gate == gate


def test_a_missed_bar_fails_even_where_figures_are_missing() -> None:
    found = standing(replace(material.apology(), bars=("TPR is too low.",)))

    assert found.gate == "failed"
    assert found.reasons == ("TPR is too low.",)


def test_what_moved_without_a_cause_is_inconclusive_and_says_so() -> None:
    drift = Drift(state="moved", cause="inconclusive", since=None, found=None, sentence="It moved.")
    found = standing(replace(material.grounded(), drift=drift))

    assert found.gate == "inconclusive"
    assert found.reasons == ("It moved.",)


@pytest.mark.parametrize("cause", ["traffic", "system", "rubric"])
def test_what_moved_beside_the_judge_fails_nothing(cause: Cause) -> None:
    drift = replace(material.next_step().drift, cause=cause)

    assert standing(replace(material.grounded(), drift=drift)).gate == "passed"


def test_raters_that_moved_fail_as_the_gate_does() -> None:
    drift = replace(material.next_step().drift, cause="raters")

    assert standing(replace(material.grounded(), drift=drift)).gate == "failed"


def test_an_open_bar_and_a_judge_that_said_nothing_are_inconclusive() -> None:
    rates = replace(material.pass_rate(0.5, 0.5), judge=Absent(why="all refused"))
    found = standing(replace(material.grounded(), open_bars=("TPR may reach 0.9.",),
                             pass_rate=rates))  # fmt: skip

    assert found.gate == "inconclusive"
    assert found.reasons == ("TPR may reach 0.9.", "Nothing was judged: all refused.")


def test_an_instrument_that_somebody_changed_has_not_drifted() -> None:
    drift = replace(material.next_step().drift, state="unknown")

    assert (drift_words(drift), since_words(drift)) == ("instrument changed", "since W45")
    assert standing(replace(material.grounded(), drift=drift)).gate == "passed"


def test_a_change_is_named_with_its_week() -> None:
    drift = material.next_step().drift

    assert (drift_words(drift), since_words(drift)) == ("judge drifted", "since W45")
    assert since_words(replace(drift, since=None)) == ""
    assert since_words(material.grounded().drift) == ""


def test_missing_figures_with_one_reason_are_told_together() -> None:
    assert list(absences(material.tone())) == ["no TPR or TNR: nobody called an item unmet"]
    assert list(absences(material.grounded())) == []
    both = replace(material.tone(), agreement=Absent(why="a"))
    assert list(absences(both)) == ["no TPR, TNR or alpha: a"]
