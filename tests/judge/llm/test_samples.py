"""Several samples of one answer: their mean is kept with all of them, a failed one is retried."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.samples import combine
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.transport.base import Reply
from trueup.judge.verdict import Finding, scored, unscored
from trueup.rubric.load import parse_rubric
from trueup.runner.score import ScoringRun
from trueup.store.store import Store
from trueup.testing.faultserver import FaultServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.judge.llm.conftest import Judged, Named
    from trueup.judge.transport.base import Call

MET = scored(1.0, "met")
ITEM = Item(id="i", output="Hello.")
SCALE = parse_rubric(
    "name: r\ntask: t\ncriteria:\n  - {id: tone, ask: How is it?, scale: {1: a, 2: b, 3: c}}\n"
)


def answering(*answers: str) -> Any:
    """Return a model that answers the n-th sample with the n-th of the answers."""

    def answer(call: Call) -> Reply:
        said = answers[call.replicate]
        if said == "cut":
            return Reply(text='{"evidence', finish_reason="length")
        reason = "undecidable" if said == "cannot_tell" else "none"
        body = {"evidence": [], "explanation": said, "answer": said, "cannot_tell_reason": reason}
        return Reply(text=json.dumps(body))

    return answer


def test_the_mean_the_distribution_and_every_sample_are_kept(judged: Judged) -> None:
    found = judged(ITEM, SCALE, answering("3", "1", "3"), samples=3)[0]["tone"]

    assert found.value == pytest.approx(2 / 3)
    assert found.level == "3"
    assert found.detail["distribution"] == pytest.approx({"3": 2 / 3, "1": 1 / 3})
    assert [sample["value"] for sample in found.detail["samples"]] == [1.0, 0.0, 1.0]


def test_equal_samples_give_what_one_gives(judged: Judged, binary: Named) -> None:
    rubric = binary(polite="Is it polite?")

    found = judged(ITEM, rubric, answering("met", "met", "met"), samples=3)[0]["polite"]

    assert (found.value, found.level, found.explanation) == (1.0, "met", "met")


def test_each_sample_is_a_call_of_its_own(judged: Judged, binary: Named) -> None:
    rubric = binary(polite="Is it polite?", brief="Is it brief?")

    _, door = judged(ITEM, rubric, answering("met", "met", "unmet"), samples=3)

    assert sorted(call.replicate for call in door.calls) == [0, 0, 1, 1, 2, 2]
    assert len({call.key() for call in door.calls}) == 6


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (["met", "met", "cannot_tell"], "scored"),
        (["cannot_tell", "cannot_tell", "met"], "abstained"),
        (["met", "cut", "met"], "truncated"),
        (["cut", "cannot_tell", "cannot_tell"], "truncated"),
    ],
)
def test_the_most_frequent_outcome_decides_unless_one_is_to_be_asked_again(
    judged: Judged, binary: Named, answers: list[str], outcome: str
) -> None:
    rubric = binary(polite="Is it polite?")

    found = judged(ITEM, rubric, answering(*answers), samples=3)[0]["polite"]

    assert found.outcome == outcome
    assert (found.value is None) == (outcome != "scored")


def test_a_sample_without_a_value_is_no_zero_in_the_mean() -> None:
    found = combine([MET, unscored("abstained", "undecidable"), MET])

    assert found.value == 1.0
    assert [part["value"] for part in found.detail["samples"]] == [1.0, None, 1.0]


def test_expected_values_keep_the_mean_of_their_probabilities() -> None:
    likely = {"distribution": {"met": 0.9, "unmet": 0.1}}
    open_ = {"distribution": {"met": 0.5, "unmet": 0.5}}

    found = combine(
        [
            Finding(outcome="scored", value=0.9, level="met", detail=likely),
            Finding(outcome="scored", value=0.5, level="met", detail=open_),
        ]
    )

    assert found.value == pytest.approx(0.7)
    assert found.detail["distribution"] == pytest.approx({"met": 0.7, "unmet": 0.3})
    assert [part["distribution"]["met"] for part in found.detail["samples"]] == [0.9, 0.5]


def test_what_was_found_first_is_kept_whole() -> None:
    first = Finding(outcome="scored", value=1.0, level="met", evidence=("Hello",), explanation="a")

    found = combine([first, scored(1.0, "met", "b")])

    assert (found.evidence, found.explanation) == (("Hello",), "a")


def test_one_failed_sample_leaves_no_value_and_only_it_is_asked_again(
    path: Path, binary: Named
) -> None:
    rubric = binary(polite="Is it polite?")
    items = [Item(id=f"i{n}", output=f"reply {n}") for n in range(4)]
    good = '{"evidence": [], "explanation": "x", "answer": "met", "cannot_tell_reason": "none"}'
    broken = "reply 2"
    asked: dict[str, int] = {}

    def answer(request: dict[str, Any]) -> str:
        text = request["messages"][-1]["content"]
        asked[text] = asked.get(text, 0) + 1
        return "no answer" if broken in text and asked[text] == 2 else good

    async def run(server: FaultServer) -> list[dict[str, Any]]:
        endpoint: dict[str, Any] = {"transport": "direct", "api_base": server.url, "repairs": 0}
        judge = LLMJudge(LLMSpec(kind="llm", model="tiny", samples=3, **endpoint), name="judge")
        with Store.open(path) as store:
            return list((await ScoringRun(store, rubric, judge).run(items, source="t")).rows())

    with FaultServer(answer=answer) as server:
        first = asyncio.run(run(server))
        assert server.requests == 12
        second = asyncio.run(run(server))
        assert server.requests == 13

    assert [row["outcome"] for row in first] == ["scored", "scored", "unparsable", "scored"]
    assert [row["value"] for row in first] == [1.0, 1.0, None, 1.0]
    assert [row["value"] for row in second] == [1.0] * 4
