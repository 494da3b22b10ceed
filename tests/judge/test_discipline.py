"""What becomes of a judge's answers, whatever the judge does."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import CredentialsError
from trueup.item.model import Item
from trueup.judge.discipline import disciplined
from trueup.judge.protocol import Capabilities, Request
from trueup.judge.verdict import Finding, Usage, Verdict, scored, unscored
from trueup.rubric.model import Criterion, Level, Rubric

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

LEVELS = (Level("unmet", "", 0.0), Level("met", "", 1.0))
RUBRIC = Rubric(
    name="r",
    task="t",
    criteria=(
        Criterion("a", "A?", LEVELS),
        Criterion("b", "B?", LEVELS),
        Criterion("s", "S?", (Level("1", "", 0.0), Level("2", "", 1.0)), kind="scale"),
    ),
)
MET = scored(True)  # noqa: FBT003 - met(True) reads as it is meant


class Judge:
    """A judge that does what a test says."""

    name = "odd"
    version = "1"

    def __init__(
        self, say: Callable[[Sequence[Request]], AsyncIterator[Any]], **capabilities: Any
    ) -> None:
        self.say = say
        self.capabilities = Capabilities(**capabilities)
        self.batches: list[int] = []

    def instrument(self, rubric: Rubric, criterion: str) -> dict[str, str]:
        return {"question": rubric.by_id[criterion].question}

    def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        self.batches.append(len(requests))
        return self.say(requests)


def request(name: str, *criteria: str) -> Request:
    item = Item(id=f"item {name}", output=name)
    return Request(id=name, rubric=RUBRIC, criteria=criteria or ("a", "b"), candidates=(item,))


def hear(
    judge: Judge, *requests: Request, breaches: Counter[str] | None = None
) -> dict[str, Verdict]:
    async def listen() -> list[tuple[str, Verdict]]:
        return [answer async for answer in disciplined(judge, requests, breaches=breaches)]

    answers = asyncio.run(listen())
    assert len({name for name, _ in answers}) == len(answers)
    return dict(answers)


def reasons(verdict: Verdict) -> dict[str, tuple[str, str]]:
    return {c: (finding.outcome, finding.reason) for c, finding in verdict.findings.items()}


async def well(requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
    for one in requests:
        yield one.id, Verdict(dict.fromkeys(one.criteria, MET), usage=Usage(calls=1))


def test_a_whole_verdict_passes_as_the_same_object() -> None:
    verdict = Verdict({"a": MET, "b": MET})

    async def say(_: Sequence[Request]) -> AsyncIterator[Any]:
        yield "1", verdict

    breaches: Counter[str] = Counter()
    assert hear(Judge(say), request("1"), breaches=breaches)["1"] is verdict
    assert not breaches


def test_nothing_is_asked_where_there_is_nothing_to_ask() -> None:
    judge = Judge(well)

    assert hear(judge) == {}
    assert judge.batches == []


def test_only_the_request_to_blame_fails_where_a_batch_raises() -> None:
    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        for one in requests:
            if one.id == "2":
                raise ValueError("no \x1b[2J luck")
            yield one.id, Verdict(dict.fromkeys(one.criteria, MET))

    breaches: Counter[str] = Counter()
    judge = Judge(say)
    found = hear(judge, *(request(n) for n in "1234"), breaches=breaches)

    assert [name for name, v in found.items() if v.findings["a"] is MET] == ["1", "3", "4"]
    failed = found["2"].findings["b"]
    assert (failed.outcome, failed.reason) == ("failed", "judge_raised")
    assert failed.explanation == "ValueError: no \\x1b[2J luck"
    assert judge.batches == [4, 1, 1, 1]
    assert breaches == {"judge_raised": 1}


def test_a_judge_that_raises_before_it_starts_fails_every_request() -> None:
    def say(_: Sequence[Request]) -> AsyncIterator[Any]:
        raise KeyError("model")

    found = hear(Judge(say), request("1"), request("2"))

    assert {reasons(verdict)["a"] for verdict in found.values()} == {("failed", "judge_raised")}


def test_a_lone_request_that_raises_is_not_asked_twice() -> None:
    async def say(_: Sequence[Request]) -> AsyncIterator[Any]:
        raise OSError
        yield

    judge = Judge(say)
    found = hear(judge, request("1"))

    assert found["1"].findings["a"].explanation == "OSError"
    assert judge.batches == [1]


def test_an_answer_given_before_the_exception_counts() -> None:
    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        yield requests[0].id, Verdict({"a": MET, "b": MET})
        raise ValueError

    assert reasons(hear(Judge(say), request("1"))["1"])["a"] == ("scored", "")


def test_keys_are_taken_out_of_what_a_judge_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "wxyz-1234-wxyz")

    async def say(_: Sequence[Request]) -> AsyncIterator[Any]:
        raise ValueError("refused wxyz-1234-wxyz, Bearer abcdefghijkl and sk-proj-aaaabbbbccccddd4")
        yield

    told = hear(Judge(say), request("1"))["1"].findings["a"].explanation

    assert told == "ValueError: refused ***, *** and ***"


def test_an_error_of_trueup_ends_the_run() -> None:
    async def say(_: Sequence[Request]) -> AsyncIterator[Any]:
        raise CredentialsError("the key is refused")
        yield

    with pytest.raises(CredentialsError):
        hear(Judge(say), request("1"), request("2"))


def test_an_error_of_trueup_ends_the_run_when_a_batch_is_asked_one_by_one() -> None:
    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        if len(requests) > 1:
            raise ValueError
        raise CredentialsError("the key is refused")
        yield

    with pytest.raises(CredentialsError):
        hear(Judge(say), request("1"), request("2"))


def test_cancelling_passes_through() -> None:
    async def say(_: Sequence[Request]) -> AsyncIterator[Any]:
        raise asyncio.CancelledError
        yield

    with pytest.raises(asyncio.CancelledError):
        hear(Judge(say), request("1"))


def test_a_request_that_is_never_answered_fails() -> None:
    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        yield requests[1].id, Verdict({"a": MET, "b": MET})

    breaches: Counter[str] = Counter()
    found = hear(Judge(say), request("1"), request("2"), breaches=breaches)

    assert reasons(found["1"]) == {"a": ("failed", "no_verdict"), "b": ("failed", "no_verdict")}
    assert breaches == {"no_verdict": 1}


def test_of_two_answers_the_first_counts_and_foreign_ones_are_dropped() -> None:
    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        yield "elsewhere", Verdict({})
        yield requests[0].id, Verdict({"a": MET, "b": MET})
        yield requests[0].id, Verdict({"a": scored(False), "b": MET})  # noqa: FBT003 - as above
        yield 7
        yield (8, Verdict({}))

    breaches: Counter[str] = Counter()
    found = hear(Judge(say), request("1"), breaches=breaches)

    assert found["1"].findings["a"] is MET
    assert breaches == {"unknown_request": 1, "answered_twice": 1, "wrong_type": 2}


def test_a_criterion_that_is_left_out_fails_and_unknown_ones_are_counted() -> None:
    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        yield requests[0].id, Verdict({"a": MET, "s": MET, "invented": MET}, usage=Usage(calls=3))

    breaches: Counter[str] = Counter()
    found = hear(Judge(say), request("1"), breaches=breaches)["1"]

    assert reasons(found) == {"a": ("scored", ""), "b": ("failed", "no_finding")}
    assert found.usage.calls == 3
    assert breaches == {"no_finding": 1, "unknown_criterion": 1}


@pytest.mark.parametrize("said", [None, 1, {"a": True}, Verdict([MET])])  # type: ignore[arg-type] # on purpose
def test_what_is_no_verdict_is_unparsable(said: object) -> None:
    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        yield requests[0].id, said

    found = hear(Judge(say), request("1"))["1"]

    assert reasons(found) == dict.fromkeys("ab", ("unparsable", "wrong_type"))


def test_what_is_no_finding_is_unparsable() -> None:
    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        yield requests[0].id, Verdict({"a": 1.0, "b": MET})  # type: ignore[dict-item] # on purpose

    found = hear(Judge(say), request("1"))["1"]

    assert reasons(found) == {"a": ("unparsable", "wrong_type"), "b": ("scored", "")}


def test_a_level_that_the_criterion_lacks_is_unparsable() -> None:
    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        yield (
            requests[0].id,
            Verdict({"a": MET, "s": Finding(outcome="scored", value=1, level="9")}),
        )

    found = hear(Judge(say), request("1", "a", "s"))["1"]

    assert reasons(found)["s"] == ("unparsable", "unknown_level")


def test_a_value_that_is_no_float_becomes_one() -> None:
    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        yield requests[0].id, Verdict({"a": Finding(outcome="scored", value=1)})

    value = hear(Judge(say), request("1", "a"))["1"].findings["a"].value

    assert (value, type(value)) == (1.0, float)


def test_only_the_kinds_that_a_judge_answers_are_put_to_it() -> None:
    seen: list[tuple[str, ...]] = []

    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        for one in requests:
            seen.append(one.criteria)
            yield one.id, Verdict(dict.fromkeys(one.criteria, MET))

    judge = Judge(say, kinds=frozenset({"binary"}))
    found = hear(judge, request("1", "a", "s"), request("2", "s"))

    assert seen == [("a",)]
    assert reasons(found["1"]) == {"a": ("scored", ""), "s": ("abstained", "kind_not_answered")}
    assert reasons(found["2"]) == {"s": ("abstained", "kind_not_answered")}


def test_leaving_early_closes_the_judge() -> None:
    closed = []

    async def say(requests: Sequence[Request]) -> AsyncIterator[Any]:
        try:
            for one in requests:
                yield one.id, Verdict(dict.fromkeys(one.criteria, MET))
        finally:
            closed.append(True)

    async def leave() -> None:
        stream = disciplined(Judge(say), [request("1"), request("2")])
        await anext(stream)
        await stream.aclose()
        assert closed == [True]

    asyncio.run(leave())


def test_what_failed_for_the_judges_sake_is_asked_again() -> None:
    assert unscored("failed", "no_verdict").retryable
    assert unscored("unparsable", "unknown_level").retryable
    assert not unscored("abstained", "kind_not_answered").retryable
