"""What must be asked again after a change, by the server's own count, and what must not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from trueup.item.model import Item
from trueup.rubric.load import parse_rubric
from trueup.testing.faultserver import FaultServer

if TYPE_CHECKING:
    from tests.runner.conftest import JudgeAt, Score
    from trueup.rubric.model import Rubric

TEXT = """\
name: reply
task: The assistant answers a customer.
criteria:
  - id: polite
    ask: Is the reply polite?
    met: It greets the customer.
    unmet: It is rude.
  - id: brief
    ask: Is the reply brief?
    weight: 2
  - id: tone
    ask: How fitting is the tone?
    scale: {1: {text: curt, value: 0}, 2: {text: plain, value: 0.4}, 3: {text: warm, value: 1}}
"""
ITEMS = [Item(id=f"i{n}", input=f"question {n}", output=f"good reply {n}") for n in range(5)]
EVERYTHING = 15
ONE_CRITERION = 5


@pytest.fixture
def original() -> Rubric:
    return parse_rubric(TEXT)


def questions(rubric: Rubric) -> dict[str, str]:
    return {criterion.id: criterion.question for criterion in rubric.criteria}


WORDS = [
    ("Is the reply polite?", "Is the answer polite?", "polite"),
    ("It greets the customer.", "It greets the reader.", "polite"),
    ("It is rude.", "It is harsh.", "polite"),
    ("Is the reply brief?", "Is the reply short?", "brief"),
    ("text: plain", "text: sober", "tone"),
    ("ask: Is the reply brief?", "ask: Is the reply brief?\n    when: It is long.", "brief"),
    ("ask: Is the reply brief?", "ask: Is the reply brief?\n    implicit: true", "brief"),
]


@pytest.mark.parametrize(("old", "new", "changed"), WORDS)
def test_one_word_of_a_criterion_asks_that_criterion_again_and_no_other(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric,
    old: str, new: str, changed: str,
) -> None:  # fmt: skip
    edited = parse_rubric(TEXT.replace(old, new))
    score(ITEMS, original, judge_at(server))
    server.reset()

    score(ITEMS, edited, judge_at(server))

    assert server.requests == ONE_CRITERION
    before, after = questions(original), questions(edited)
    assert {name for name in before if before[name] != after[name]} == {changed}


@pytest.mark.parametrize("old_new", [("task: The", "task: This"), ("name: reply", "name: answer")])
def test_the_task_belongs_to_every_question_and_the_name_to_none(
    server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric,
    old_new: tuple[str, str],
) -> None:  # fmt: skip
    edited = parse_rubric(TEXT.replace(*old_new))
    score(ITEMS, original, judge_at(server))
    server.reset()

    score(ITEMS, edited, judge_at(server))

    assert server.requests == (EVERYTHING if "task" in old_new[0] else 0)
    assert questions(edited) == questions(original)


JUDGES: list[dict[str, Any]] = [
    {"model": "other"},
    {"deployment": "team-judge"},
    {"temperature": 0.5},
    {"temperature": None},
    {"top_p": 0.9},
    {"seed": 7},
    {"max_tokens": 601},
    {"reasoning_effort": "low"},
    {"explain": "after"},
    {"explain": "none"},
    {"structured": "object"},
]


@pytest.mark.parametrize("change", JUDGES, ids=str)
def test_another_judge_asks_everything_again(
    server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric, change: dict[str, Any]
) -> None:
    score(ITEMS, original, judge_at(server))
    server.reset()

    score(ITEMS, original, judge_at(server, **change))

    assert server.requests == EVERYTHING


def test_more_samples_ask_only_for_those_that_are_missing(
    server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric
) -> None:
    score(ITEMS, original, judge_at(server))
    server.reset()

    score(ITEMS, original, judge_at(server, samples=3))

    assert server.requests == 2 * EVERYTHING


@pytest.mark.parametrize(
    ("field", "asked"),
    [("output", 3), ("input", 3), ("context", 3), ("reference", 3), ("group", 0), ("segment", 0),
     ("version", 0), ("arm", 0), ("metadata", 0), ("id", 0)],
)  # fmt: skip
def test_another_text_of_one_item_asks_that_item_again_and_nothing_else_does(
    *,
    server: FaultServer,
    judge_at: JudgeAt,
    score: Score,
    original: Rubric,
    field: str,
    asked: int,
) -> None:
    value: Any = {"key": "other"} if field == "metadata" else "other"
    score(ITEMS, original, judge_at(server))
    server.reset()

    score([replace(ITEMS[0], **{field: value}), *ITEMS[1:]], original, judge_at(server))

    assert server.requests == asked


SCORING = [
    ("name: reply", "# a comment\nname: reply"),
    ("name: reply", "name:    reply"),
    ("    weight: 2\n", ""),
    ("weight: 2", "weight: -1"),
    ("value: 0.4", "value: 0.6"),
    ("weight: 2", "weight: 2\n    gate: true"),
    ("name: reply", "name: reply\nversion: 7"),
    ("name: reply", "name: reply\ndescription: For readers."),
    ("name: reply", "name: reply\nmissing: renormalise"),
    ("ask: Is the reply polite?", "ask:  Is  the reply\n      polite?"),
]


@pytest.mark.parametrize(("old", "new"), SCORING)
def test_comments_white_space_and_scoring_ask_nothing_again(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric, old: str, new: str
) -> None:
    edited = parse_rubric(TEXT.replace(old, new))
    score(ITEMS, original, judge_at(server))
    server.reset()

    score(ITEMS, edited, judge_at(server))

    assert server.requests == 0
    assert questions(edited) == questions(original)


def test_criteria_in_another_order_ask_nothing_again(
    server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric
) -> None:
    score(ITEMS, original, judge_at(server))
    server.reset()

    score(ITEMS, replace(original, criteria=original.criteria[::-1]), judge_at(server))

    assert server.requests == 0


LIMITS: list[dict[str, Any]] = [
    {"price": {"input": 1.0, "output": 2.0}},
    {"concurrency": 3},
    {"requests_per_minute": 6000.0},
    {"timeout": 9.0, "deadline": 99.0},
    {"api_key_env": "SOME_KEY"},
    {"headers": {"X-Team": "evaluation"}},
    {"name": "another name"},
]


@pytest.mark.parametrize("change", LIMITS, ids=str)
def test_prices_limits_and_keys_ask_nothing_again(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric,
    change: dict[str, Any], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("SOME_KEY", "sk-hunter2hunter2")
    score(ITEMS, original, judge_at(server))
    server.reset()

    score(ITEMS, original, judge_at(server, **change))

    assert server.requests == 0


def test_a_server_that_moved_asks_nothing_again_under_the_same_deployment_name(
    server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric
) -> None:
    score(ITEMS, original, judge_at(server, deployment="team-judge"))

    with FaultServer() as moved:
        score(ITEMS, original, judge_at(moved, deployment="team-judge"))
        assert moved.requests == 0
        score(ITEMS, original, judge_at(moved))
        assert moved.requests == EVERYTHING


def test_another_transport_asks_nothing_again(
    server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric
) -> None:
    score(ITEMS, original, judge_at(server, model="openai/tiny"))
    server.reset()

    score(ITEMS, original, judge_at(server, model="openai/tiny", transport="litellm"))

    assert server.requests == 0


def test_every_occasion_asks_everything_anew_and_only_once(
    server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric
) -> None:
    for occasion in ("", "week 7", "week 8"):
        for _ in range(2):
            score(ITEMS, original, judge_at(server), occasion=occasion)

    assert server.requests == 3 * EVERYTHING


def test_replicates_are_asked_once_each(
    server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric
) -> None:
    score(ITEMS, original, judge_at(server), replicates=2)
    score(ITEMS, original, judge_at(server), replicates=3)

    assert server.requests == 3 * EVERYTHING


def test_with_one_call_an_item_every_question_belongs_to_every_verdict(
    server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric
) -> None:
    judge = judge_at(server, calls="per_item")
    score(ITEMS, original, judge)
    server.reset()

    score(ITEMS, parse_rubric(TEXT.replace("brief?", "short?")), judge)

    assert server.requests == len(ITEMS)


def test_with_batches_a_question_belongs_to_the_verdicts_of_its_batch(
    server: FaultServer, judge_at: JudgeAt, score: Score, original: Rubric
) -> None:
    judge = judge_at(server, calls={"batch": 2})
    score(ITEMS, original, judge)
    server.reset()

    score(ITEMS, parse_rubric(TEXT.replace("text: plain", "text: sober")), judge)

    assert server.requests == len(ITEMS)
