"""The scripted judge: it answers as a test wants it to."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from trueup.item.model import Item
from trueup.judge.protocol import Request
from trueup.judge.verdict import scored, unscored
from trueup.rubric.model import Criterion, Level, Rubric
from trueup.testing import ScriptedJudge, check_judge

if TYPE_CHECKING:
    from trueup.judge.verdict import Finding

LEVELS = (Level("unmet", "", 0.0), Level("met", "", 1.0))
SCALE = (Level("1", "", 0.0), Level("2", "", 0.5), Level("3", "", 1.0))
RUBRIC = Rubric(
    name="r",
    task="t",
    criteria=(Criterion("a", "A?", LEVELS), Criterion("s", "S?", SCALE, kind="scale")),
)
ITEMS = [Item(id=f"i{n}", output=f"output {n}") for n in range(300)]


def hear(
    judge: ScriptedJudge, *items: Item, replicate: int = 0, occasion: str = ""
) -> dict[tuple[str, str], Finding]:
    requests = [
        Request(
            id=item.id,
            rubric=RUBRIC,
            criteria=("a", "s"),
            candidates=(item,),
            replicate=replicate,
            occasion=occasion,
        )
        for item in items
    ]

    async def listen() -> dict[tuple[str, str], Finding]:
        return {(n, c): f async for n, v in judge.judge(requests) for c, f in v.findings.items()}

    return asyncio.run(listen())


def test_answers_look_random_and_hang_on_text_criterion_and_seed_alone() -> None:
    found = hear(ScriptedJudge(), *ITEMS)
    levels = Counter(f.level for f in found.values())

    assert found == hear(ScriptedJudge(name="other"), *reversed(ITEMS))
    assert found != hear(ScriptedJudge(seed=1), *ITEMS)
    assert set(levels) == {"met", "unmet", "1", "2", "3"}
    assert all(120 < levels[key] < 180 for key in ("met", "unmet"))
    assert all(70 < levels[key] < 130 for key in ("1", "2", "3"))
    same = [found[f"i{n}", "a"].value == found[f"i{n}", "s"].value for n in range(300)]
    assert 60 < sum(same) < 140


def test_equal_texts_get_equal_answers_and_share_them() -> None:
    found = hear(ScriptedJudge(), Item(id="x", output="same"), Item(id="y", output="same"))

    assert found["x", "a"] is found["y", "a"]


def test_replicates_and_inputs_get_answers_of_their_own() -> None:
    judge = ScriptedJudge()

    assert hear(judge, *ITEMS) != hear(judge, *ITEMS, replicate=1)
    asked = [Item(id=i.id, output=i.output, input="?") for i in ITEMS]
    assert hear(judge, *ITEMS) != hear(judge, *asked)


def test_one_answer_may_stand_for_all() -> None:
    assert {f.value for f in hear(ScriptedJudge(0.25), *ITEMS).values()} == {0.25}
    refused = unscored("refused", "refused")
    assert set(map(id, hear(ScriptedJudge(refused), *ITEMS).values())) == {id(refused)}


def test_a_mapping_answers_by_item_and_criterion() -> None:
    judge = ScriptedJudge({("i0", "a"): True, ("i0", "s"): ("2", "so so"), ("i1", "a"): None})
    found = hear(judge, *ITEMS[:2])

    assert found["i0", "a"].level == "met"
    assert (found["i0", "s"].value, found["i0", "s"].explanation) == (0.5, "so so")
    assert found["i1", "a"].reason == "no_answer"
    assert found["i1", "s"].reason == "not_scripted"
    assert judge.capabilities.by_id


def test_a_function_answers_by_item_and_criterion() -> None:
    def answer(item: Item, criterion: Criterion) -> Any:
        return scored(1.0) if item.id == "i0" else criterion.levels[0].key

    found = hear(ScriptedJudge(answer), *ITEMS[:2])

    assert (found["i0", "s"].value, found["i1", "s"].level) == (1.0, "1")


def test_faults_strike_their_share_of_the_questions() -> None:
    judge = ScriptedJudge(faults={"failed": 0.2, "not_applicable": 0.1})
    found = hear(judge, *ITEMS)
    outcomes = Counter(f.outcome for f in found.values())

    assert set(outcomes) == {"scored", "failed", "not_applicable"}
    assert 80 < outcomes["failed"] < 160
    assert 35 < outcomes["not_applicable"] < 90
    assert found == hear(judge, *ITEMS)
    assert {f.reason for f in found.values()} == {"", "scripted"}


def test_faults_may_strike_only_once_a_sitting() -> None:
    judge = ScriptedJudge(1.0, faults={"failed": 1.0}, recovers=True)

    assert {f.outcome for f in hear(judge, *ITEMS).values()} == {"failed"}
    assert {f.value for f in hear(judge, *ITEMS).values()} == {1.0}
    assert {f.outcome for f in hear(judge, *ITEMS, occasion="next").values()} == {"failed"}


def test_faults_leave_every_other_answer_as_it_was() -> None:
    clean = hear(ScriptedJudge(), *ITEMS)
    found = hear(ScriptedJudge(faults={"failed": 0.5}), *ITEMS)

    assert all(f == clean[key] for key, f in found.items() if f.outcome == "scored")


def test_what_is_asked_is_counted() -> None:
    judge = ScriptedJudge()
    hear(judge, *ITEMS[:3])
    hear(judge, *ITEMS[:2])

    assert (judge.requests, judge.asked) == (5, 10)


@pytest.mark.parametrize(
    "faults", [{"broken": 0.1}, {"scored": 0.1}, {"failed": -0.1}, {"failed": 0.6, "refused": 0.6}]
)
def test_impossible_faults_are_refused(faults: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="fault"):
        ScriptedJudge(faults=faults)


def test_another_script_is_another_instrument() -> None:
    def one(item: Item, criterion: Criterion) -> None: ...
    def two(item: Item, criterion: Criterion) -> None: ...

    judges = [
        ScriptedJudge(),
        ScriptedJudge(seed=1),
        ScriptedJudge(version="2"),
        ScriptedJudge(name="other"),
        ScriptedJudge(0.5),
        ScriptedJudge(True),  # noqa: FBT003 - its constant answer
        ScriptedJudge({("i", "a"): True}),
        ScriptedJudge({("i", "a"): False}),
        ScriptedJudge(one),
        ScriptedJudge(two),
        ScriptedJudge(faults={"failed": 0.1}),
        ScriptedJudge(faults={"failed": 0.1}, recovers=True),
    ]
    declared = [str(judge.instrument(RUBRIC, "a")) for judge in judges]

    assert len(set(declared)) == len(judges)
    assert declared == [str(judge.instrument(RUBRIC, "a")) for judge in judges]


@pytest.mark.parametrize(
    "judge",
    [
        ScriptedJudge(),
        ScriptedJudge(0.5, delay=0.001),
        ScriptedJudge({("item-1", "answers"): True}),
        ScriptedJudge(lambda item, criterion: None),  # noqa: ARG005 - its form counts
        ScriptedJudge(faults={"failed": 0.3, "abstained": 0.3}, recovers=True, batch=2),
    ],
)
def test_scripted_judges_keep_the_contract(judge: ScriptedJudge) -> None:
    check_judge(judge)
