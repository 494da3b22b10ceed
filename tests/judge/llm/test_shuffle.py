"""Shuffled answers: what a place adds to an answer leaves the mean, and nothing else changes."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from trueup.errors import JudgeError
from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.protocol import Request
from trueup.judge.transport.base import Reply
from trueup.rubric.load import parse_rubric
from trueup.testing import check_judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.judge.llm.conftest import Chooser, Judged, Rendered
    from trueup.judge.transport.base import Call

    ShownIn = Callable[[Call], dict[str, dict[str, str]]]

FOUR = parse_rubric("""\
name: r
task: t
criteria:
  - {id: tone, ask: How is it?, scale: {low: a, fair: b, good: c, best: d}}
""")
MIXED = parse_rubric("""\
name: r
task: t
criteria:
  - {id: tone, ask: How is it?, scale: {low: a, fair: b, good: c, best: d}}
  - {id: polite, ask: Is it polite?, met: It is., unmet: It is not.}
  - {id: outcome, ask: What happened?, choices: {done: 1, part: 0.5, none: 0}}
""")
RIGHT = {"tone": "good", "polite": "met", "outcome": "part"}
VALUES = {"tone": 2 / 3, "polite": 1.0, "outcome": 0.5}
ITEM = Item(id="i", output="Hello.")
LAYOUTS: list[Any] = ["per_criterion", "per_item", {"batch": 2}]


def first(_criterion: str, shown: Mapping[str, str]) -> str:
    """Answer whatever is shown first."""
    return next(iter(shown.values()))


def right(criterion: str, shown: Mapping[str, str]) -> str:
    """Answer what is right, wherever it is shown."""
    return shown[RIGHT[criterion]]


def many(count: int) -> list[Item]:
    return [Item(id=f"i{n}", output=f"reply {n}") for n in range(count)]


def orders_of(calls: Sequence[Call], shown_in: ShownIn) -> dict[str, list[list[str]]]:
    """Return, for each criterion, the levels in the order shown in each call."""
    found: dict[str, list[list[str]]] = {}
    for call in calls:
        for name, shown in shown_in(call).items():
            found.setdefault(name, []).append(list(shown))
    return found


# --- what is shown -----------------------------------------------------------------------------


@pytest.mark.parametrize("calls", LAYOUTS)
def test_each_asking_shows_the_answers_in_another_order(
    rendered: Rendered, shown_in: ShownIn, calls: Any
) -> None:
    found = orders_of(rendered(ITEM, MIXED, shuffle_options=6, calls=calls), shown_in)

    assert {name: len(orders) for name, orders in found.items()} == dict.fromkeys(RIGHT, 6)
    assert len(set(map(tuple, found["tone"]))) == 6
    assert sorted(map(tuple, found["outcome"])) == sorted(set(map(tuple, found["outcome"])))
    assert sorted(map(tuple, found["polite"])) == [("met", "unmet")] * 3 + [("unmet", "met")] * 3


def test_orders_differ_between_items_and_between_criteria(
    rendered: Rendered, shown_in: ShownIn
) -> None:
    twins = parse_rubric(
        "name: r\ntask: t\ncriteria:\n"
        "  - {id: one, ask: How?, scale: {low: a, fair: b, good: c, best: d}}\n"
        "  - {id: two, ask: How?, scale: {low: a, fair: b, good: c, best: d}}\n"
    )
    found = [orders_of(rendered(i, twins, shuffle_options=2), shown_in) for i in many(40)]

    assert len({tuple(part["one"][0]) for part in found}) > 12
    assert sum(part["one"] == part["two"] for part in found) < 6


def test_orders_hang_on_the_content_alone(shown_in: ShownIn) -> None:
    def shown(secret: bytes, item: Item, **more: Any) -> list[list[str]]:
        judge = LLMJudge(LLMSpec(kind="llm", model="tiny", shuffle_options=5), name="j")
        request = Request(id="r", rubric=FOUR, criteria=("tone",), candidates=(item,), **more)
        return orders_of(judge.calls_of(request, secret=secret), shown_in)["tone"]

    here = shown(b"here", ITEM)

    assert shown(b"elsewhere", Item(id="other", group="g", output="Hello.")) == here
    assert shown(b"here", ITEM, replicate=1, occasion="w2") == here
    assert shown(b"here", Item(id="i", output="Hello!")) != here


def test_all_orders_share_the_schema_and_all_that_stands_before_the_question(
    rendered: Rendered,
) -> None:
    for calls in LAYOUTS:
        parts = rendered(ITEM, MIXED, shuffle_options=4, calls=calls)
        for asked in {call.criteria for call in parts}:
            same = [call for call in parts if call.criteria == asked]
            texts = {call.messages[-1]["content"].partition("Question ")[0] for call in same}

            assert len(same) == 4
            assert len({json.dumps(call.schema) for call in same}) == 1
            assert len(texts) == 1
            assert "Hello." in texts.pop()


def test_answers_are_letters_by_place_and_examples_answer_with_them(rendered: Rendered) -> None:
    rubric = parse_rubric("""\
name: r
task: t
criteria:
  - id: tone
    ask: How is it?
    scale: {low: a, fair: b, best: c}
    examples: [{output: Hm., answer: fair}]
""")
    for call in rendered(ITEM, rubric, shuffle_options=3):
        lines = call.messages[-1]["content"].splitlines()
        start = lines.index("Answers:") + 1
        at = next(n for n, line in enumerate(lines[start : start + 3]) if "(fair): b" in line)

        assert [line[:4] for line in lines[start : start + 3]] == ["- A ", "- B ", "- C "]
        assert f"  answer: {'ABC'[at]}" in lines
        assert call.schema["properties"]["answer"]["enum"] == ["A", "B", "C", "cannot_tell"]


def test_no_letter_stands_for_a_level_while_another_is_called_by_it(rendered: Rendered) -> None:
    rubric = parse_rubric(
        "name: r\ntask: t\ncriteria:\n  - {id: grade, ask: How?, scale: {C: x, b: y, A: z}}\n"
    )

    call = rendered(ITEM, rubric, shuffle_options=2)[0]

    assert call.schema["properties"]["answer"]["enum"] == ["D", "E", "F", "cannot_tell"]


def test_more_levels_than_letters_are_refused(rendered: Rendered) -> None:
    levels = ", ".join(f"l{n}: text" for n in range(27))
    rubric = parse_rubric(
        f"name: r\ntask: t\ncriteria:\n  - {{id: tone, ask: How?, scale: {{{levels}}}}}\n"
    )

    with pytest.raises(JudgeError, match=r"tone has 27 levels"):
        rendered(ITEM, rubric, shuffle_options=2)


# --- what comes of it --------------------------------------------------------------------------


def test_what_only_answers_the_first_place_comes_out_in_the_middle(
    judged: Judged, chooser: Chooser
) -> None:
    for item in many(5):
        assert judged(item, FOUR, chooser(first))[0]["tone"].value == 0.0
        found = judged(item, FOUR, chooser(first), shuffle_options=4)[0]["tone"]

        assert found.value == pytest.approx(0.5)
        assert found.detail["distribution"] == dict.fromkeys(("low", "fair", "good", "best"), 0.25)


def test_with_fewer_orders_than_levels_the_mean_over_items_is_in_the_middle(
    judged: Judged, chooser: Chooser
) -> None:
    values = [
        judged(item, FOUR, chooser(first), shuffle_options=2)[0]["tone"].value for item in many(150)
    ]

    assert math.fsum(v for v in values if v is not None) / 150 == pytest.approx(0.5, abs=0.06)
    assert len(set(values)) > 3


SPECS: list[dict[str, Any]] = [{}, {"samples": 2}, {"explain": "none"}, {"structured": "text"}]


@pytest.mark.parametrize("calls", LAYOUTS)
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_what_is_right_wherever_it_is_shown_is_what_comes_out(
    judged: Judged, chooser: Chooser, calls: Any, spec: dict[str, Any]
) -> None:
    model = chooser(right)

    def answer(call: Call) -> Reply:
        names = {"answer", "cannot_tell_reason"} if spec.get("explain") else None
        return Reply(text=json.dumps(_only(model(call), names)))

    for item in many(4):
        found, door = judged(item, MIXED, answer, shuffle_options=3, calls=calls, **spec)

        assert {name: f.value for name, f in found.items()} == pytest.approx(VALUES)
        assert {name: f.level for name, f in found.items()} == RIGHT
        assert len({call.key() for call in door.calls}) == len(door.calls)


def _only(answer: dict[str, Any], names: set[str] | None) -> dict[str, Any]:
    if names is None:
        return answer
    if "answer" in answer:
        return {name: answer[name] for name in names}
    return {key: _only(part, names) for key, part in answer.items()}


def test_what_was_shown_and_what_was_answered_is_kept(
    judged: Judged, chooser: Chooser, shown_in: ShownIn
) -> None:
    found, door = judged(ITEM, FOUR, chooser(first), shuffle_options=3, samples=2)

    kept = found["tone"].detail["samples"]
    assert [part["shown"] for part in kept] == orders_of(door.calls, shown_in)["tone"]
    assert [part["level"] for part in kept] == [part["shown"][0] for part in kept]
    assert len(kept) == 6


def weighing(odds: Callable[[Mapping[str, str]], Mapping[str, float]]) -> Callable[[Call], Reply]:
    """Return a model that gives each label its probability."""

    def answer(call: Call) -> Reply:
        chances = odds(_labels(call))
        top = [{"token": name, "logprob": math.log(p)} for name, p in chances.items()]
        best = max(chances, key=lambda name: chances[name])
        tokens = ({"token": '{"answer": "'}, {"token": best, "logprob": -1, "top_logprobs": top})
        body = {"answer": best, "cannot_tell_reason": "none"}
        return Reply(text=json.dumps(body), logprobs=tokens)

    return answer


def _labels(call: Call) -> dict[str, str]:
    lines = call.messages[-1]["content"].partition("Answers:\n")[2].splitlines()
    return {line[5 : line.index(")")]: line[2] for line in lines if line.startswith("- ")}


def test_expected_values_give_each_level_the_probability_of_its_letter(judged: Judged) -> None:
    model = weighing(lambda shown: {shown["good"]: 0.7, shown["low"]: 0.3})

    for item in many(4):
        found = judged(
            item, FOUR, model, shuffle_options=3, value="expected", explain="none", samples=2
        )[0]["tone"]

        assert found.value == pytest.approx(0.7 * 2 / 3)
        assert found.level == "good"
        assert found.detail["distribution"]["good"] == pytest.approx(0.7)
        assert found.detail["distribution"]["low"] == pytest.approx(0.3)
        assert found.detail["samples"][5]["distribution"]["good"] == pytest.approx(0.7)


def test_a_pull_towards_a_letter_leaves_an_expected_value(judged: Judged) -> None:
    spec: dict[str, Any] = {"value": "expected", "explain": "none"}
    model = weighing(lambda _: {"A": 0.7, "B": 0.2, "C": 0.06, "D": 0.04})

    plain = judged(ITEM, FOUR, model, **spec)[0]["tone"]
    shuffled = judged(ITEM, FOUR, model, shuffle_options=4, **spec)[0]["tone"]

    assert plain.value == pytest.approx((0.2 + 2 * 0.06 + 3 * 0.04) / 3)
    assert shuffled.value == pytest.approx(0.5)


@pytest.mark.parametrize("calls", LAYOUTS)
@pytest.mark.parametrize("value", ["stated", "expected"])
def test_the_contract_of_judges_is_kept(calls: Any, value: Any) -> None:
    spec = LLMSpec(
        kind="llm", model="tiny", calls=calls, value=value, explain="none", shuffle_options=3
    )

    check_judge(LLMJudge(spec, name="llm"))


@pytest.mark.parametrize("count", [0, 1, True, 2.5])
def test_fewer_than_two_orders_are_refused(count: Any) -> None:
    with pytest.raises(ValidationError, match="shuffle_options"):
        LLMSpec(kind="llm", model="m", shuffle_options=count)
