"""Rotated criteria: each item is asked from another one on, and each answer finds its question."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from trueup.errors import JudgeError
from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.load import load_judge
from trueup.judge.protocol import Request
from trueup.rubric.load import parse_rubric
from trueup.testing import check_judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.judge.llm.conftest import Chooser, Judged, Rendered
    from trueup.judge.transport.base import Call

NAMES = ("greets", "tone", "outcome", "signed", "dated")
FIVE = parse_rubric("""\
name: r
task: t
criteria:
  - {id: greets, ask: Does it greet?}
  - {id: tone, ask: How is it?, scale: {low: a, fair: b, best: c}}
  - {id: outcome, ask: What happened?, choices: {done: 1, part: 0.5, none: 0}}
  - {id: signed, ask: Is it signed?}
  - {id: dated, ask: Is there a date?}
""")
RIGHT = {"greets": "met", "tone": "fair", "outcome": "part", "signed": "unmet", "dated": "met"}
ROTATED: dict[str, Any] = {"calls": "per_item", "criteria_order": "rotated"}


def many(count: int) -> list[Item]:
    return [Item(id=f"i{n}", output=f"reply {n}") for n in range(count)]


def right(criterion: str, shown: Mapping[str, str]) -> str:
    return shown[RIGHT[criterion]]


def test_items_are_asked_from_another_criterion_on_and_all_alike_otherwise(
    rendered: Rendered,
) -> None:
    orders = Counter(rendered(item, FIVE, **ROTATED)[0].criteria for item in many(200))

    assert set(orders) == {NAMES[at:] + NAMES[:at] for at in range(5)}
    assert min(orders.values()) > 20


def test_prompt_schema_and_reading_follow_the_same_order(
    rendered: Rendered, shown_in: Callable[[Call], dict[str, dict[str, str]]]
) -> None:
    for item in many(12):
        call = rendered(item, FIVE, **ROTATED)[0]

        assert list(shown_in(call)) == list(call.criteria)
        assert list(call.schema["properties"]) == list(call.criteria)
        assert call.schema["required"] == list(call.criteria)


@pytest.mark.parametrize("calls", ["per_item", {"batch": 2}, {"batch": 4}])
@pytest.mark.parametrize("more", [{}, {"shuffle_options": 3}, {"samples": 2}], ids=str)
def test_each_answer_finds_its_question(
    judged: Judged, chooser: Chooser, calls: Any, more: dict[str, Any]
) -> None:
    for item in many(8):
        found, _ = judged(item, FIVE, chooser(right), calls=calls, criteria_order="rotated", **more)

        assert {name: finding.level for name, finding in found.items()} == RIGHT


def test_what_only_the_first_question_gets_is_shared_out_over_the_criteria(
    judged: Judged,
) -> None:
    rubric = parse_rubric(
        "name: r\ntask: t\ncriteria:\n"
        + "".join(f"  - {{id: c{n}, ask: Is it?}}\n" for n in range(4))
    )

    def generous(call: Call) -> dict[str, Any]:
        said = {"evidence": [], "explanation": "x", "cannot_tell_reason": "none"}
        return {
            name: {**said, "answer": "met" if name == call.criteria[0] else "unmet"}
            for name in call.criteria
        }

    def means(**spec: Any) -> dict[str, float]:
        found = [judged(item, rubric, generous, calls="per_item", **spec)[0] for item in many(200)]
        return {c: sum(f[c].value or 0.0 for f in found) / 200 for c in found[0]}

    assert means() == {"c0": 1.0, "c1": 0.0, "c2": 0.0, "c3": 0.0}
    assert means(criteria_order="rotated") == pytest.approx(
        dict.fromkeys(("c0", "c1", "c2", "c3"), 0.25), abs=0.1
    )


def test_there_are_at_most_as_many_beginnings_as_criteria(rendered: Rendered) -> None:
    calls = [rendered(item, FIVE, **ROTATED)[0] for item in many(60)]

    beginnings = {call.messages[-1]["content"].partition("Task of the")[0] for call in calls}
    assert len(beginnings) == len({json.dumps(call.schema) for call in calls}) == 5


def test_what_is_wanted_does_not_change_how_an_item_is_asked() -> None:
    judge = LLMJudge(LLMSpec(kind="llm", model="tiny", **ROTATED), name="j")

    def keys(secret: bytes, *criteria: str) -> list[bytes]:
        request = Request(id="r", rubric=FIVE, criteria=criteria, candidates=(many(1)[0],))
        return [call.key() for call in judge.calls_of(request, secret=secret)]

    assert keys(b"s", "dated") == keys(b"s", *NAMES)


def test_it_is_part_of_the_instrument_where_several_criteria_share_a_call() -> None:
    def declared(criterion: str, **spec: Any) -> Mapping[str, Any]:
        body = {"kind": "llm", "model": "tiny", "calls": {"batch": 2}, **spec}
        judge = LLMJudge(LLMSpec.model_validate(body), name="j")
        return judge.instrument(FIVE, criterion)

    plain, rotated = declared("tone"), declared("tone", criteria_order="rotated")

    assert set(rotated) - set(plain) == {"criteria_order", "drawing"}
    assert {name: rotated[name] for name in plain} == plain
    assert declared("dated", criteria_order="rotated") == declared("dated")  # alone in the last


@pytest.mark.parametrize(
    "spec", [{}, {"calls": "per_item", "value": "expected", "explain": "none"}], ids=str
)
def test_where_each_call_asks_one_criterion_it_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"does nothing .* per_item or \{batch: K\}"):
        LLMSpec(kind="llm", model="m", criteria_order="rotated", **spec)


def test_a_judge_file_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "j.yaml"
    file.write_text("kind: llm\nmodel: tiny\ncriteria_order: rotated\n", "utf-8")

    with pytest.raises(JudgeError, match=r"j\.yaml:\d+: criteria_order: rotated does nothing"):
        load_judge(file)


@pytest.mark.parametrize("calls", ["per_item", {"batch": 2}])
def test_the_contract_of_judges_is_kept(calls: Any) -> None:
    spec = LLMSpec(kind="llm", model="tiny", calls=calls, criteria_order="rotated")

    check_judge(LLMJudge(spec, name="llm"))
