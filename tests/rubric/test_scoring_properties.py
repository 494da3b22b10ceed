"""What holds of every score, whatever the rubric and the values."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.strategies import level_values, rubrics, values
from trueup.rubric.scoring import score

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from trueup.rubric.model import Rubric

ROUNDING = 1e-12


def oracle(
    rubric: Rubric, known: Mapping[str, float | None], absent: Collection[str]
) -> float | None:
    """Score complete values in exact arithmetic, straight from the definition."""
    applicable = [c for c in rubric.criteria if c.id not in absent]
    worth = {c.id: Fraction(known[c.id] or 0.0) for c in applicable}
    for c in applicable:
        if c.gate is not None:
            lower = [Fraction(v) for v in c.values.values() if v < c.values[c.gate]]
            half_way = (max(lower) + Fraction(c.values[c.gate])) / 2 if lower else Fraction(-1)
            if worth[c.id] <= half_way:
                return 0.0
    total = sum(Fraction(c.weight) for c in applicable if c.weight > 0)
    if total == 0:
        return None
    raw = sum(Fraction(c.weight) * worth[c.id] for c in applicable)
    return float(min(max(raw / total, Fraction(0)), Fraction(1)))


@st.composite
def partial(draw: st.DrawFn) -> tuple[Rubric, dict[str, float | None], set[str]]:
    """Draw a rubric, values of which some are missing, and what does not apply."""
    rubric = draw(rubrics(most=5))
    known: dict[str, float | None] = {}
    absent = set()
    for criterion in rubric.criteria:
        state = draw(st.sampled_from(["known", "known", "none", "left out", "absent"]))
        if state == "known":
            known[criterion.id] = draw(level_values(criterion))
        elif state == "none":
            known[criterion.id] = None
        elif state == "absent" and criterion.when is not None:
            absent.add(criterion.id)
    return rubric, known, absent


@given(st.data(), rubrics())
def test_it_equals_the_definition_where_nothing_is_missing(
    data: st.DataObject, rubric: Rubric
) -> None:
    known = data.draw(values(rubric))
    absent = data.draw(st.sets(st.sampled_from([c.id for c in rubric.criteria])))

    actual, expected = score(rubric, known, not_applicable=absent), oracle(rubric, known, absent)

    if expected is None:
        assert actual.status == "not_applicable"
    else:
        assert actual.status == "scored"
        assert actual.value is not None
        assert abs(actual.value - expected) <= ROUNDING


@given(partial())
def test_scores_and_bounds_are_in_order_between_zero_and_one(
    case: tuple[Rubric, dict[str, float | None], set[str]],
) -> None:
    actual = score(case[0], case[1], not_applicable=case[2])

    if actual.status == "not_applicable":
        assert (actual.value, actual.low, actual.high) == (None, None, None)
    else:
        assert actual.low is not None
        assert actual.high is not None
        assert 0 <= actual.low <= actual.high <= 1
        assert actual.value == (actual.low if actual.low == actual.high else None)
        assert actual.status == ("incomplete" if actual.value is None else "scored")


@given(partial())
def test_the_bounds_hold_for_every_completion(
    case: tuple[Rubric, dict[str, float | None], set[str]],
) -> None:
    rubric, known, absent = case
    bounds = score(rubric, known, not_applicable=absent)
    assume(bounds.low is not None)
    open_ones = [c for c in rubric.criteria if c.id not in absent and known.get(c.id) is None]
    ways = [
        [*sorted(set(c.values.values())), *([None] if c.when is not None else [])]
        for c in open_ones
    ]
    for completion in itertools.product(*ways):
        answers = dict(zip((c.id for c in open_ones), completion, strict=True))
        gone = {name for name, value in answers.items() if value is None}
        full = score(rubric, {**known, **answers}, not_applicable=absent | gone)

        assert full.status != "incomplete"
        if full.value is not None:
            assert bounds.low is not None
            assert bounds.high is not None
            assert bounds.low - ROUNDING <= full.value <= bounds.high + ROUNDING


@given(partial())
def test_the_bounds_are_reached_where_no_condition_is_open(
    case: tuple[Rubric, dict[str, float | None], set[str]],
) -> None:
    rubric, known, absent = case
    open_ones = [c for c in rubric.criteria if c.id not in absent and known.get(c.id) is None]
    assume(all(c.when is None for c in open_ones))
    bounds = score(rubric, known, not_applicable=absent)
    assume(bounds.status != "not_applicable")
    reached = [
        score(
            rubric,
            {**known, **dict(zip((c.id for c in open_ones), completion, strict=True))},
            not_applicable=absent,
        ).value
        for completion in itertools.product(*(c.values.values() for c in open_ones))
    ]

    assert bounds.low == min(value for value in reached if value is not None)
    assert bounds.high == max(value for value in reached if value is not None)


@given(st.data(), rubrics())
def test_a_better_value_never_lowers_the_score(data: st.DataObject, rubric: Rubric) -> None:
    known = data.draw(values(rubric))
    moved = data.draw(st.sampled_from(rubric.criteria))
    low, high = sorted(data.draw(st.tuples(level_values(moved), level_values(moved))))
    if moved.penalty:
        low, high = high, low

    worse = score(rubric, {**known, moved.id: low}).value
    better = score(rubric, {**known, moved.id: high}).value

    assert worse is not None
    assert better is not None
    assert worse <= better


@given(st.data(), partial())
def test_the_order_of_the_criteria_changes_nothing(
    data: st.DataObject, case: tuple[Rubric, dict[str, float | None], set[str]]
) -> None:
    rubric, known, absent = case
    shuffled = replace(rubric, criteria=tuple(data.draw(st.permutations(rubric.criteria))))

    assert score(shuffled, known, not_applicable=absent) == score(
        rubric, known, not_applicable=absent
    )


@given(partial())
def test_a_known_unmet_gate_decides_alone(
    case: tuple[Rubric, dict[str, float | None], set[str]],
) -> None:
    rubric, known, absent = case
    gates = [c for c in rubric.criteria if c.gate is not None and c.id not in absent]
    assume(gates)
    worst = min(gates[0].values.values())

    assert score(rubric, {**known, gates[0].id: worst}, not_applicable=absent).value == 0.0


@given(partial())
def test_renormalising_scores_as_if_the_missing_criteria_were_not_there(
    case: tuple[Rubric, dict[str, float | None], set[str]],
) -> None:
    rubric, known, absent = case
    kept = tuple(
        c
        for c in rubric.criteria
        if c.gate is not None or c.id in absent or known.get(c.id) is not None
    )
    assume(any(c.weight > 0 and c.id not in absent for c in kept))

    actual = score(replace(rubric, missing="renormalise"), known, not_applicable=absent)

    assert actual == score(replace(rubric, criteria=kept), known, not_applicable=absent)
