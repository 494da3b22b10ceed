"""The rules that compute: what an output with every penalty can still score."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.rubric.lint import lint
from trueup.rubric.lint.weights import best_with_all_penalties
from trueup.rubric.model import Criterion, Level, Rubric
from trueup.rubric.scoring import score

if TYPE_CHECKING:
    from tests.rubric.lint.conftest import Build

WEIGHTS = st.sampled_from([0.5, 1.0, 2.0, 3.0, 7.0])
TOPS = st.sampled_from([0.25, 0.5, 1.0])


@st.composite
def criteria(draw: st.DrawFn, *, name: str) -> Criterion:
    top = draw(TOPS)
    return Criterion(
        id=name,
        ask="?",
        levels=(Level("unmet", "", 0.0), Level("met", "", top)),
        weight=draw(WEIGHTS) * draw(st.sampled_from([1, 1, -1])),
        when=draw(st.sampled_from([None, "Sometimes."])),
    )


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    count = draw(st.integers(1, 5))
    first = Criterion(id="first", ask="?", levels=(Level("unmet", "", 0), Level("met", "", 1)))
    rest = tuple(draw(criteria(name=f"c{at}")) for at in range(count))
    return Rubric(name="any", task="?", criteria=(first, *rest))


@settings(deadline=None)
@given(rubrics())
def test_the_best_score_with_every_penalty_is_the_best_over_all_verdicts(rubric: Rubric) -> None:
    optional = [c.id for c in rubric.criteria if c.when and not c.penalty]
    values = {c.id: max(c.values.values()) for c in rubric.criteria}
    scores = []
    for choice in product([False, True], repeat=len(optional)):
        left_out = [name for name, out in zip(optional, choice, strict=True) if out]
        value = score(rubric, values, not_applicable=left_out).value
        scores.append(0.0 if value is None else value)

    assert best_with_all_penalties(rubric) == pytest.approx(max(scores))


def test_penalties_that_reach_the_bar_exactly_are_toothless(build: Build) -> None:
    entry = {
        "ask": "Is the fee of the bill stated?",
        "met": "A number.",
        "unmet": "None.",
        "weight": 10,
        "pass_bar": 0.5,
        "beside": [{"id": "bad", "ask": "Is the bill mocked?", "weight": -4.5, "met": "Yes, it is.",
                    "unmet": "No, it is not."}],
    }  # fmt: skip

    told = [remark for remark in lint(build(entry)) if remark.rule == "penalty-toothless"]

    assert [(remark.severity, remark.span) for remark in told] == [("error", "0.500 >= 0.5")]


def test_one_judged_gate_more_than_three_says_what_gates_cost(build: Build) -> None:
    gate = {"ask": "Is the bill named?", "met": "A bill.", "unmet": "None.", "gate": True}
    entry = {**gate, "beside": [{**gate, "id": f"g{at}"} for at in range(3)]}

    told = [remark for remark in lint(build(entry)) if remark.rule == "gate-risk"]

    assert len(told) == 1
    assert "only 81% of the good items" in told[0].why
