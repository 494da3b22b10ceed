"""Expected values: the mean over what the model would have answered, or none and a reason."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trueup.item.model import Item
from trueup.judge.llm.expected import expected
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.transport.base import Reply
from trueup.judge.verdict import scored, unscored
from trueup.rubric.load import parse_rubric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.judge.llm.conftest import Judged

RUBRIC = parse_rubric("""\
name: r
task: t
criteria:
  - id: tone
    ask: How is it?
    scale: {curt: {text: a, value: 0}, plain: {text: b, value: 0.4}, warm: {text: c, value: 1}}
""")
TONE = RUBRIC.criteria[0]
KEYS = ("A", "B", "C")
ITEM = Item(id="i", output="Hello.")
ANSWER = json.dumps({"answer": "C", "cannot_tell_reason": "none"})


def tokens(*parts: str, at: str, odds: Mapping[str, float]) -> tuple[dict[str, Any], ...]:
    """Return log-probabilities of a text's tokens; only the one named has alternatives."""
    return tuple(
        {
            "token": part,
            "logprob": math.log(odds.get(part, 1.0)) if part == at else 0.0,
            "top_logprobs": [{"token": t, "logprob": math.log(p)} for t, p in odds.items()]
            if part == at
            else [],
        }
        for part in parts
    )


def asked(odds: Mapping[str, float], *parts: str, at: str = "C") -> Reply:
    parts = parts or ('{"', "answer", '":', ' "', "C", '",', ' "cannot', '_tell_reason": "none"}')
    return Reply(text=ANSWER, logprobs=tokens(*parts, at=at, odds=odds))


def test_the_value_is_the_mean_over_the_levels(judged: Judged) -> None:
    reply = asked({"A": 0.2, "B": 0.3, "C": 0.5})

    found = judged(ITEM, RUBRIC, reply, value="expected", explain="none")[0]["tone"]

    assert found.value == pytest.approx(0.3 * 0.4 + 0.5)
    assert found.level == "warm"
    assert found.detail["distribution"] == pytest.approx({"curt": 0.2, "plain": 0.3, "warm": 0.5})


def test_the_judge_is_offered_letters_and_asked_for_probabilities(judged: Judged) -> None:
    reply = asked({"C": 1.0})

    _, door = judged(ITEM, RUBRIC, reply, value="expected", explain="none", calls="per_item")

    call = door.calls[0]
    assert call.logprobs > 0
    assert call.schema["properties"]["answer"]["enum"] == ["A", "B", "C", "cannot_tell"]
    assert "- A (curt): a" in call.messages[-1]["content"]


SPELLINGS = [
    (('{"', "answer", '":', ' "', "C", '"}'), "C"),
    (('{"answer":', "C"), "C"),
    (('{"answer": "', "C", '"'), "C"),
    (("{\n", '  "', "answer", '"', ": ", '"C', '",'), '"C'),
    (("{", '"answer"', ":", ' "C"', "}"), ' "C"'),
    (('{"evidence": ["a"], "answer": "', "C", '"'), "C"),
]


@pytest.mark.parametrize(("parts", "at"), SPELLINGS)
def test_the_answers_token_is_found_however_the_model_cuts_its_text(
    parts: tuple[str, ...], at: str
) -> None:
    reply = Reply(text=ANSWER, logprobs=tokens(*parts, at=at, odds={at: 0.9, "A": 0.1}))

    found = expected(scored(1.0, "warm"), reply, TONE, KEYS)

    assert found.value == pytest.approx(0.9)


def test_a_quotation_that_spells_an_answer_is_not_taken_for_it() -> None:
    parts = ('{"explanation": "he wrote ', '\\"answer\\":', ' \\"', "A", '\\"", "answer": "', "C")
    reply = Reply(text=ANSWER, logprobs=tokens(*parts, at="C", odds={"C": 1.0}))

    assert expected(scored(1.0, "warm"), reply, TONE, KEYS).value == pytest.approx(1.0)


def test_without_probabilities_there_is_no_value(judged: Judged) -> None:
    found = judged(ITEM, RUBRIC, ANSWER, value="expected", explain="none")[0]["tone"]

    assert (found.outcome, found.reason, found.value) == ("failed", "no_logprobs", None)


@pytest.mark.parametrize(
    ("odds", "reason"),
    [
        ({"C": 0.5, "maybe": 0.5}, "probability_elsewhere"),
        ({"c": 1.0}, "probability_elsewhere"),
        ({"D": 0.9, "C": 0.1}, "probability_elsewhere"),
        ({"cannot": 0.5, "maybe": 0.5}, "probability_elsewhere"),
    ],
)
def test_probability_that_lies_elsewhere_gives_no_value(
    odds: dict[str, float], reason: str
) -> None:
    found = expected(scored(1.0, "warm"), asked(odds), TONE, KEYS)

    assert (found.outcome, found.reason, found.value) == ("unparsable", reason, None)


def test_an_answer_that_is_in_no_token_gives_no_value() -> None:
    found = expected(scored(1.0, "warm"), asked({"C": 1.0}, "nothing", "C"), TONE, KEYS)

    assert (found.outcome, found.reason) == ("unparsable", "answer_token_not_found")


def test_what_says_cannot_tell_is_no_vote_for_a_level() -> None:
    found = expected(scored(1.0, "warm"), asked({"C": 0.45, "A": 0.15, "cannot": 0.4}), TONE, KEYS)

    assert found.value == pytest.approx(0.75)


@pytest.mark.parametrize(
    "odds",
    [
        {"A": 0.2, "B": 0.2, "cannot": 0.6},
        {"C": 0.2, "B": 0.3, "cannot": 0.5},
        {"A": 0.3, "C": 0.2, "cannot": 0.3, "cannot_tell": 0.2},
        {"cannot": 1.0},
    ],
    ids=str,
)
def test_a_judge_that_more_likely_cannot_tell_abstains(odds: dict[str, float]) -> None:
    found = expected(scored(1.0, "warm"), asked(odds), TONE, KEYS)

    assert (found.outcome, found.reason, found.value) == ("abstained", "cannot_tell", None)


def test_what_probabilities_mean_is_part_of_the_instrument_where_they_are_read() -> None:
    def declared(**spec: Any) -> set[str]:
        judge = LLMJudge(LLMSpec(kind="llm", model="m", explain="none", **spec), name="j")
        return set(judge.instrument(RUBRIC, "tone"))

    assert declared(value="expected") - declared() == {"reading"}


@pytest.mark.parametrize("outcome", ["abstained", "refused", "unparsable", "not_applicable"])
def test_what_has_no_value_stays_as_it_is(outcome: Any) -> None:
    found = unscored(outcome, "reason")

    assert expected(found, asked({"C": 1.0}), TONE, KEYS) is found


@given(odds=st.dictionaries(st.sampled_from(["A", "B", "C", " A", '"B', "x"]),
                            st.floats(0.001, 1), min_size=1))  # fmt: skip
def test_every_value_lies_between_the_lowest_and_the_highest_level(
    odds: dict[str, float],
) -> None:
    found = expected(scored(1.0, "warm"), asked(odds), TONE, KEYS)

    if found.value is not None:
        assert 0 <= found.value <= 1
        assert sum(found.detail["distribution"].values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "entry", [{}, {"token": "C"}, {"token": "C", "logprob": None}, {"token": "C", "logprob": "x"},
              {"token": "C", "logprob": float("nan")}, {"token": "C", "logprob": 1e9},
              {"token": "C", "logprob": -1.0, "top_logprobs": [{"token": "C"}]},
              {"token": "C", "logprob": -1.0, "top_logprobs": [7]}],
    ids=str,
)  # fmt: skip
def test_probabilities_that_are_none_give_no_value(entry: dict[str, Any]) -> None:
    reply = Reply(text=ANSWER, logprobs=({"token": '{"answer": "'}, entry))

    found = expected(scored(1.0, "warm"), reply, TONE, KEYS)

    assert found.value is None
    assert found.retryable


def test_expected_values_come_before_any_explanation() -> None:
    with pytest.raises(ValidationError, match="explain: after"):
        LLMSpec(kind="llm", model="m", value="expected", explain="before")
