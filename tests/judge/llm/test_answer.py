"""Reading a reply: one whole object of the schema, or no value and a reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.item.model import Item
from trueup.judge.llm.answer import read
from trueup.judge.transport.base import Reply
from trueup.rubric.load import parse_rubric

if TYPE_CHECKING:
    from tests.judge.llm.conftest import Judged, Named
    from trueup.judge.verdict import Finding

NONCE = "abcdefabcdef"
RUBRIC = parse_rubric("""\
name: r
task: t
criteria:
  - {id: polite, ask: Is it polite?}
  - id: calm
    ask: Is it calm?
    when: The customer is upset.
  - id: tone
    ask: How is it?
    scale: {1: {text: curt, value: 0.1}, 2: {text: plain, value: 0.5}, 3: {text: warm, value: 0.9}}
""")
KEYS = {c.id: tuple(level.key for level in c.levels) for c in RUBRIC.criteria}
ITEM = Item(id="i", output="Hello there.\nYou have 30 days, \u201cas agreed\u201d.")
GOOD: dict[str, Any] = {
    "evidence": ["You have 30 days"],
    "explanation": "It is.",
    "answer": "met",
    "cannot_tell_reason": "none",
}


def reading(text: str, criterion: str = "polite", **reply: Any) -> Finding:
    asked = [RUBRIC.by_id[criterion]]
    reply = {"text": text, **reply}
    return read(Reply(**reply), asked, KEYS, item=ITEM, nonce=NONCE, explain="before")[criterion]


def saying(criterion: str = "polite", **changes: Any) -> Finding:
    body = {**GOOD, **changes}
    if RUBRIC.by_id[criterion].when:
        body = {"applies": True} | body
    return reading(json.dumps(body), criterion)


def test_a_whole_answer_has_its_levels_value_and_its_reasons() -> None:
    found = saying()

    assert (found.outcome, found.value, found.level) == ("scored", 1.0, "met")
    assert (found.explanation, found.evidence) == ("It is.", ("You have 30 days",))
    assert found.detail == {}
    assert saying(answer="unmet").value == 0.0
    assert saying("tone", answer="2").value == 0.5


@pytest.mark.parametrize("space", ["", " ", "\n", "\t\r\n "])
def test_white_space_around_the_answer_means_nothing(space: str) -> None:
    assert reading(f"{space}{json.dumps(GOOD)}{space}").value == 1.0


@pytest.mark.parametrize("applies", [True, False])
@pytest.mark.parametrize("answer", ["met", "unmet", "cannot_tell"])
def test_a_condition_that_does_not_hold_makes_the_question_not_applicable(
    *, applies: bool, answer: str
) -> None:
    found = saying("calm", applies=applies, answer=answer, explanation="Nobody is upset.")

    if not applies:
        assert (found.outcome, found.reason) == ("not_applicable", "condition_false")
        assert found.explanation == "Nobody is upset."
    else:
        assert found.outcome == ("abstained" if answer == "cannot_tell" else "scored")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("none", "cannot_tell"),
        ("needed_material_absent", "needed_material_absent"),
        ("output_unreadable", "output_unreadable"),
        ("undecidable", "undecidable"),
    ],
)
def test_cannot_tell_is_an_abstention_with_its_reason(said: str, reason: str) -> None:
    found = saying(answer="cannot_tell", cannot_tell_reason=said)

    assert (found.outcome, found.reason, found.value) == ("abstained", reason, None)


@pytest.mark.parametrize(
    ("quote", "there"),
    [
        ("You have 30 days", True),
        ("hello THERE. you  have", True),
        ("'as agreed'", True),
        ("You have 30 days...", True),
        ("", True),
        ("You have 60 days", False),
        ("There, hello", False),
    ],
)
def test_a_quotation_that_does_not_occur_is_flagged_and_changes_no_value(
    quote: str, *, there: bool
) -> None:
    found = saying(evidence=[quote])

    assert found.value == 1.0
    assert found.detail == ({} if there else {"evidence_not_found": [quote]})


UNREADABLE = [
    ("", "empty_answer"),
    (" \n", "empty_answer"),
    ("met", "not_json"),
    ("I would say met.", "not_json"),
    ("{", "not_json"),
    (json.dumps(GOOD)[:-1], "not_json"),
    ("null", "not_an_object"),
    ("[]", "not_an_object"),
    ('"met"', "not_an_object"),
    (json.dumps([GOOD]), "not_an_object"),
    (json.dumps(GOOD) + json.dumps(GOOD), "more_than_one_object"),
    (json.dumps(GOOD) + " Done.", "more_than_one_object"),
    ("Here it is: " + json.dumps(GOOD), "not_json"),
    ("```json\n" + json.dumps(GOOD) + "\n```", "not_json"),
    ("{}", "wrong_fields"),
    (json.dumps({**GOOD, "score": 1}), "wrong_fields"),
    (json.dumps({**GOOD, "applies": True}), "wrong_fields"),
    (json.dumps({name: GOOD[name] for name in ("answer", "evidence")}), "wrong_fields"),
    (json.dumps({"polite": GOOD}), "wrong_fields"),
    (json.dumps({**GOOD, "answer": True}), "wrong_type"),
    (json.dumps({**GOOD, "answer": 1}), "wrong_type"),
    (json.dumps({**GOOD, "answer": None}), "wrong_type"),
    (json.dumps({**GOOD, "evidence": "You"}), "wrong_type"),
    (json.dumps({**GOOD, "evidence": [1]}), "wrong_type"),
    (json.dumps({**GOOD, "explanation": None}), "wrong_type"),
    (json.dumps({**GOOD, "answer": "Met"}), "unknown_answer"),
    (json.dumps({**GOOD, "answer": "met "}), "unknown_answer"),
    (json.dumps({**GOOD, "answer": "partially"}), "unknown_answer"),
    (json.dumps({**GOOD, "cannot_tell_reason": "tired"}), "unknown_answer"),
    (json.dumps({**GOOD, "cannot_tell_reason": ["none"]}), "unknown_answer"),
    (json.dumps(GOOD)[:-1] + ', "answer": "unmet"}', "repeated_key"),
    ('{"answer": "unmet", ' + json.dumps(GOOD)[1:], "repeated_key"),
    (json.dumps({**GOOD, "evidence": [float("nan")]}), "not_json"),
    ("\ufeff" + json.dumps(GOOD), "not_json"),
    ("[" * 100_000, "not_json"),
    ('{"a":' * 100_000, "not_json"),
    ("9" * 5000, "not_json"),
    (json.dumps(GOOD).replace('"none"', "none"), "not_json"),
    (json.dumps(GOOD).replace('"', "'"), "not_json"),
]


@pytest.mark.parametrize(("text", "reason"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_anything_else_has_no_value_and_a_reason(text: str, reason: str) -> None:
    found = reading(text)

    assert (found.outcome, found.reason, found.value) == ("unparsable", reason, None)
    assert found.retryable


@pytest.mark.parametrize("rung", ["object", "text"])
def test_without_a_schema_the_nonce_must_be_there(rung: str) -> None:
    with_nonce = json.dumps({**GOOD, "nonce": NONCE})

    assert reading(with_nonce, rung=rung).value == 1.0
    assert reading(f"```json\n{with_nonce}\n```", rung=rung).value == 1.0
    for wrong in (GOOD, {**GOOD, "nonce": "000000000000"}, {**GOOD, "nonce": [NONCE]}):
        found = reading(json.dumps(wrong), rung=rung)
        assert (found.outcome, found.reason) == ("unparsable", "nonce_missing")


def test_on_the_schema_rung_a_nonce_is_a_wrong_field() -> None:
    assert reading(json.dumps({**GOOD, "nonce": NONCE})).reason == "wrong_fields"


@pytest.mark.parametrize(
    ("reply", "outcome", "reason"),
    [
        ({"has_choice": False}, "failed", "empty_choices"),
        ({"refusal": "No."}, "refused", "refused"),
        ({"finish_reason": "content_filter"}, "filtered", "content_filter"),
        ({"finish_reason": "length"}, "truncated", "max_tokens"),
    ],
)
def test_a_reply_that_is_no_answer_is_none_even_where_it_reads_like_one(
    reply: dict[str, Any], outcome: str, reason: str
) -> None:
    found = reading(json.dumps(GOOD), **reply)

    assert (found.outcome, found.reason, found.value) == (outcome, reason, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["met", "unmet", "none", "cannot_tell"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*GOOD, "polite", "applies", "nonce"]), inner, max_size=5),
)  # fmt: skip


@given(body=JSON, around=st.sampled_from(["%s", " %s ", "```\n%s\n```", "%s%s", "x%s"]),
       rung=st.sampled_from(["schema", "object", "text"]))  # fmt: skip
def test_no_reply_whatever_raises(body: Any, around: str, rung: str) -> None:
    found = reading(around.replace("%s", json.dumps(body)), rung=rung)

    assert (found.outcome == "scored") == (found.value is not None)


def test_an_explanation_is_kept_short_and_on_one_line() -> None:
    found = saying(explanation="so\n\nlong " * 2000)

    assert len(found.explanation) == 2000
    assert "\n" not in found.explanation


def test_an_entry_that_is_missing_costs_only_its_own_question(
    judged: Judged, binary: Named
) -> None:
    rubric = binary(a="Is it a?", b="Is it b?", c="Is it c?")

    findings, door = judged(ITEM, rubric, {"a": GOOD, "c": GOOD}, calls="per_item")

    assert [findings[name].outcome for name in "abc"] == ["scored", "unparsable", "scored"]
    assert findings["b"].reason == "missing_question"
    assert len(door.calls) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (json.dumps({"a": GOOD, "b": GOOD, "z": GOOD}), "unknown_question"),
        (json.dumps({"a": GOOD, "b": GOOD, "A": GOOD}), "unknown_question"),
        (f'{{"a": {json.dumps(GOOD)}, "b": {json.dumps(GOOD)}, "a": {json.dumps(GOOD)}}}',
         "repeated_key"),
        (json.dumps([{"a": GOOD}, {"b": GOOD}]), "not_an_object"),
    ],
)  # fmt: skip
def test_an_entry_too_many_leaves_no_question_answered(
    judged: Judged, binary: Named, text: str, reason: str
) -> None:
    findings, _ = judged(ITEM, binary(a="Is it a?", b="Is it b?"), text, calls="per_item")

    for name in "ab":
        assert (findings[name].outcome, findings[name].reason) == ("unparsable", reason)


def test_an_entry_of_the_wrong_shape_costs_only_its_own_question(
    judged: Judged, binary: Named
) -> None:
    said = {"a": GOOD, "b": "met"}

    findings, _ = judged(ITEM, binary(a="Is it a?", b="Is it b?"), said, calls="per_item")

    assert findings["a"].value == 1.0
    assert findings["b"].reason == "wrong_shape"
