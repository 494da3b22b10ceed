"""as_judge: whatever somebody wrote as a judge."""

# ruff: noqa: ARG001 - judges under test do not look at everything
from __future__ import annotations

import asyncio
import functools
import math
import threading
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import CredentialsError, JudgeError
from trueup.item.model import Item
from trueup.judge.adapt import as_judge
from trueup.judge.discipline import disciplined
from trueup.judge.protocol import Capabilities, Judge, Request
from trueup.judge.verdict import Finding, Verdict, scored
from trueup.rubric.model import Criterion, Level, Rubric
from trueup.testing import ScriptedJudge, check_judge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

LEVELS = (Level("unmet", "", 0.0), Level("met", "", 1.0))
RUBRIC = Rubric(
    name="r",
    task="The  task.",
    criteria=(Criterion("a", "A?", LEVELS, needs=("metadata.tier",)), Criterion("b", "B?", LEVELS)),
)


def hear(judge: object, *outputs: str) -> dict[str, dict[str, Finding]]:
    adapted = judge if isinstance(judge, Judge) else as_judge(judge)
    requests = [
        Request(id=o, rubric=RUBRIC, criteria=("a", "b"), candidates=(Item(id=o, output=o),))
        for o in outputs or ("x",)
    ]

    async def listen() -> dict[str, dict[str, Finding]]:
        return {n: dict(v.findings) async for n, v in disciplined(adapted, requests)}

    return asyncio.run(listen())


def long_enough(item: Item, rubric: Rubric) -> dict[str, Any]:
    return {c.id: len(item.output) > 2 for c in rubric.criteria}


async def long_enough_async(item: Item, rubric: Rubric) -> dict[str, Any]:
    await asyncio.sleep(0)
    return long_enough(item, rubric)


class PlainJudge:
    async def judge(self, item: Item, rubric: Rubric) -> Verdict:
        return Verdict({c.id: scored(float(item.output != "bad")) for c in rubric.criteria})


class BatchJudge:
    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        for request in requests:
            yield request.id, Verdict(dict.fromkeys(request.criteria, scored(0.5)))


class HandsOn:
    def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        return BatchJudge().judge(requests)


class Callable:
    async def __call__(self, item: Item, rubric: Rubric) -> dict[str, Any]:
        return long_enough(item, rubric)


async def stream(requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
    async for answer in BatchJudge().judge(requests):
        yield answer


def test_a_full_judge_comes_back_as_it_is() -> None:
    judge = ScriptedJudge()

    assert as_judge(judge, name="other") is judge


@pytest.mark.parametrize(
    ("obj", "name"),
    [
        (long_enough, "long_enough"),
        (long_enough_async, "long_enough_async"),
        (PlainJudge(), "PlainJudge"),
        (BatchJudge(), "BatchJudge"),
        (HandsOn(), "HandsOn"),
        (Callable(), "Callable"),
        (stream, "stream"),
    ],
)
def test_every_form_of_judge_keeps_the_contract_once_adapted(obj: object, name: str) -> None:
    adapted = as_judge(obj)

    assert adapted.name == name
    assert adapted.version.startswith("code-")
    check_judge(adapted)


@pytest.mark.parametrize("function", [long_enough, long_enough_async, Callable()])
def test_a_function_answers_with_a_mapping(function: object) -> None:
    found = hear(function, "long", "no")

    assert {name: f["a"].value for name, f in found.items()} == {"long": 1.0, "no": 0.0}


def test_a_plain_method_answers_with_a_verdict() -> None:
    found = hear(PlainJudge(), "good", "bad")

    assert {name: f["b"].value for name, f in found.items()} == {"good": 1.0, "bad": 0.0}


def test_declared_parts_are_kept_and_a_given_name_is_for_what_has_none() -> None:
    class Declared(PlainJudge):
        name = "mine"
        version = 3
        capabilities = Capabilities(batch=4)

        def instrument(self, rubric: Rubric, criterion: str) -> dict[str, Any]:
            return {"of": [rubric.name, criterion]}

    judge = as_judge(Declared(), name="file")

    assert (judge.name, judge.version, judge.capabilities.batch) == ("mine", "3", 4)
    assert judge.instrument(RUBRIC, "a") == {"of": ["r", "a"]}
    assert as_judge(PlainJudge(), name="file").name == "file"
    assert as_judge(lambda item, rubric: {}, name="file").name == "file"  # noqa: ARG005 - its form counts


def test_the_default_instrument_names_judge_question_task_and_metadata() -> None:
    judge = as_judge(long_enough)

    assert judge.instrument(RUBRIC, "b") == {
        "kind": "python",
        "name": "long_enough",
        "version": judge.version,
        "question": RUBRIC.by_id["b"].question,
        "task": "The task.",
        "shown": ["tier"],
    }


def test_verdicts_of_unknown_code_are_shared_only_where_all_metadata_are_equal() -> None:
    assert as_judge(long_enough).capabilities.all_metadata


def test_answers_of_every_form_are_understood() -> None:
    def judge(item: Item, rubric: Rubric) -> dict[str, Any]:
        del rubric
        answers: dict[str, Any] = {"nan": math.nan, "half": 0.5, "level": "met", "none": None}
        return {"a": answers[str(item.output)], "b": True, "invented": True}

    found = {name: f["a"] for name, f in hear(judge, "nan", "half", "level", "none").items()}

    assert (found["nan"].outcome, found["nan"].reason) == ("unparsable", "value_out_of_range")
    assert (found["half"].value, found["half"].level) == (0.5, "unmet")
    assert found["level"].value == 1.0
    assert found["none"].outcome == "abstained"


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        (None, "failed", "no_verdict"),
        (True, "unparsable", "wrong_type"),
        ({"a": True}, "failed", "no_finding"),
    ],
)
def test_what_a_function_leaves_out_is_named(said: object, outcome: str, reason: str) -> None:
    found = hear(as_judge(lambda item, rubric: said, name="f"))["x"]["b"]  # noqa: ARG005 - as above

    assert (found.outcome, found.reason) == (outcome, reason)


def test_an_exception_fails_its_item_and_no_other() -> None:
    calls = []

    async def judge(item: Item, rubric: Rubric) -> dict[str, Any]:
        calls.append(item.id)
        if item.output == "bad":
            raise RuntimeError("no luck")
        return long_enough(item, rubric)

    found = hear(judge, "long", "bad", "long too")

    assert [f["a"].outcome for f in found.values()].count("scored") == 2
    assert found["bad"]["a"].explanation == "RuntimeError: no luck"
    assert sorted(calls) == ["bad", "long", "long too"]


def test_an_error_of_trueup_passes_through() -> None:
    def judge(item: Item, rubric: Rubric) -> dict[str, Any]:
        raise CredentialsError("refused")

    with pytest.raises(CredentialsError):
        hear(judge)


def test_a_plain_function_runs_in_one_thread_of_its_own() -> None:
    threads = set()

    def judge(item: Item, rubric: Rubric) -> dict[str, Any]:
        threads.add(threading.current_thread())
        return long_enough(item, rubric)

    hear(judge, "one", "two", "three", "four")

    assert len(threads) == 1
    assert threading.main_thread() not in threads


def test_a_plain_function_may_return_something_to_await() -> None:
    judge = as_judge(lambda item, rubric: [long_enough_async(item, rubric)][0], name="f")

    assert hear(judge, "long")["long"]["a"].value == 1.0


def test_parameters_with_defaults_do_not_count() -> None:
    async def judge(item: Item, rubric: Rubric, threshold: int = 2) -> dict[str, Any]:
        return {c.id: len(item.output) > threshold for c in rubric.criteria}

    assert hear(judge, "long")["long"]["a"].value == 1.0
    strict = as_judge(functools.partial(judge, threshold=9), name="strict")
    assert hear(strict, "long")["long"]["a"].value == 0.0


def _one(item: Item) -> None: ...
def _three(item: Item, rubric: Rubric, more: int) -> None: ...
async def _list(requests: Sequence[Request]) -> None: ...


class NoVersionButConnect(PlainJudge):
    def connect(self, calls: object) -> PlainJudge:
        del calls
        return self


class EmptyName(PlainJudge):
    name = " "


class OddCapabilities(PlainJudge):
    capabilities = {"batch": 2}  # noqa: RUF012 - wrong on purpose


class NoBatch(ScriptedJudge):
    def __init__(self) -> None:
        super().__init__(batch=0)


@pytest.mark.parametrize(
    ("obj", "said"),
    [
        (7, "an object of type int is no judge"),
        (object(), "has no method `judge` and cannot be called"),
        (PlainJudge, "Pass an object of it: PlainJudge()"),
        (_one, "_one cannot judge: it takes item. Give a judge by its name"),
        (_three, "it takes item, rubric, more"),
        (_list, "which yields (request id, Verdict)"),
        (lambda item, rubric: {}, "has no name to keep its verdicts under. Define it with def"),  # noqa: ARG005 - as above
        (functools.partial(_three, more=1), "has no name"),
        (NoVersionButConnect(), "has `connect` but lacks name, version"),
        (EmptyName(), "a judge's name is a text"),
        (OddCapabilities(), "capabilities are a Capabilities object"),
        (NoBatch(), "a batch of at least 1"),
        (type, "a class is no judge yet"),
        (math.hypot, "cannot"),
    ],
)
def test_what_is_no_judge_is_refused_with_what_one_looks_like(obj: object, said: str) -> None:
    with pytest.raises(JudgeError) as refused:
        as_judge(obj)

    assert said in str(refused.value)


def test_many_async_judgements_are_under_way_at_once() -> None:
    meeting = asyncio.Barrier(3)

    async def judge(item: Item, rubric: Rubric) -> dict[str, Any]:
        await meeting.wait()
        return long_enough(item, rubric)

    assert set(hear(judge, "one", "two", "three")) == {"one", "two", "three"}
