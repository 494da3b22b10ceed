"""Which labels stand: later ones supersede, and what is withdrawn is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.label.material import label
from trueup.label.model import Label, standing

DAYS = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 8)]


def signed(value: str | float | None, day: int | None = None, **others: Any) -> Label:
    at = None if day is None else DAYS[day]
    return label(value, annotator="p", labelled_at=at, **others)


def test_of_one_persons_answers_the_latest_stands_in_whatever_order_they_come() -> None:
    every = [signed("met", 0), signed("unmet", 1), signed("met", 2)]

    for order in permutations(every):
        assert standing(order) == [every[2]]


def test_a_withdrawn_answer_is_gone_and_may_be_given_anew() -> None:
    assert standing([signed("met", 0), signed(None, 1)]) == []
    assert standing([signed(None, 1), signed("met", 0)]) == []
    assert standing([signed("met", 0), signed(None, 1), signed("unmet", 2)]) == [signed("unmet", 2)]


def test_without_a_time_the_later_one_in_the_list_stands() -> None:
    assert standing([signed("met"), signed("unmet", 0), signed("met")]) == [signed("met")]


def test_answers_to_another_wording_of_the_question_both_stand() -> None:
    old, new = signed("met", 0, question="aaaaaaaa"), signed("unmet", 1, question="bbbbbbbb")

    assert standing([old, new]) == [old, new]


def test_answers_to_one_question_under_two_ids_are_one_answer() -> None:
    old = signed("met", 0, question="aaaaaaaa", criterion="grounded")
    new = signed("unmet", 1, question="aaaaaaaa", criterion="faithful")

    assert standing([old, new]) == [new]


def test_a_label_without_a_hash_answers_what_the_rubric_asks() -> None:
    asked, unasked = signed("met", 0, question="aaaaaaaa"), signed("unmet", 1)

    assert standing([asked, unasked]) == [asked, unasked]
    assert standing([asked, unasked], questions={"grounded": "aaaaaaaa"}) == [unasked]


def test_units_of_other_kinds_and_other_people_are_apart() -> None:
    every = [
        signed("met"),
        signed("met", unit_kind="session"),
        signed("met", item_id="b"),
        label("met", annotator="q"),
        label("met"),
        label("met"),
    ]

    assert standing(every) == every


def test_a_time_without_a_zone_does_not_stop_the_comparison() -> None:
    naive = datetime(2026, 1, 9)  # noqa: DTZ001 - a mistake that callers make
    late = label("unmet", annotator="p", labelled_at=naive)

    assert standing([late, signed("met", 0)]) == [late]


ANSWERS = st.builds(
    signed,
    st.sampled_from(["met", "unmet", None]),
    st.one_of(st.none(), st.integers(0, 6)),
    item_id=st.sampled_from("ab"),
)


@given(st.lists(ANSWERS, max_size=8))
def test_what_stands_is_one_answer_a_unit_and_stands_by_itself(found: list[Label]) -> None:
    held = standing(found)

    assert len({one.item_id for one in held}) == len(held)
    assert all(one in found and one.value is not None for one in held)
    assert standing(held) == held
