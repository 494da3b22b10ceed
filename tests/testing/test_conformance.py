"""check_judge: each rule of the contract, broken once."""

# ruff: noqa: ARG002 - judges under test do not look at everything
from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import trueup.testing
from trueup.errors import JudgeError
from trueup.item.model import Item, as_text
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.protocol import Capabilities, Request
from trueup.judge.verdict import Finding, Verdict, scored, unscored
from trueup.rubric.model import Criterion, Level, Rubric
from trueup.testing import check_judge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

MET = scored(1.0)
LEVELS = (Level("unmet", "", 0.0), Level("met", "", 1.0))


class Good:
    """A judge that keeps the contract; each test breaks one thing of it."""

    name = "good"
    version = "1"
    capabilities = Capabilities(batch=3)

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        return {"question": rubric.by_id[criterion].question}

    def say(self, request: Request) -> Iterator[Any]:
        yield request.id, Verdict(dict.fromkeys(request.criteria, self.find(request)))

    def find(self, request: Request) -> Any:
        return MET

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        for request in reversed(requests):
            await asyncio.sleep(0)
            for answer in self.say(request):
                yield answer


def broken(judge: object, **options: Any) -> str:
    with pytest.raises(AssertionError) as told:
        check_judge(judge, **options)
    return str(told.value)


def test_a_good_judge_passes() -> None:
    check_judge(Good())


def test_it_may_be_called_inside_a_running_loop() -> None:
    async def within() -> None:
        check_judge(Good())
        with pytest.raises(AssertionError, match="no request, no verdict"):
            check_judge(Eager())

    asyncio.run(within())


class Eager(Good):
    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        async for answer in super().judge(requests):
            yield answer
        if not requests:
            yield "nobody", Verdict({})


class Twice(Good):
    def say(self, request: Request) -> Iterator[Any]:
        yield from super().say(request)
        yield from super().say(request)


class Silent(Good):
    def say(self, request: Request) -> Iterator[Any]:
        if request.item.id != "item-2":
            yield from super().say(request)


class NoPair(Good):
    def say(self, request: Request) -> Iterator[Any]:
        yield from super().say(request)
        yield 7


class NoVerdict(Good):
    def say(self, request: Request) -> Iterator[Any]:
        yield request.id, dict.fromkeys(request.criteria, MET)


class LeavesOut(Good):
    def say(self, request: Request) -> Iterator[Any]:
        yield request.id, Verdict(dict.fromkeys(request.criteria[1:], MET))


class SaysMore(Good):
    def say(self, request: Request) -> Iterator[Any]:
        yield request.id, Verdict({**dict.fromkeys(request.criteria, MET), "more": MET})


class AnswersTheRest(Good):
    def say(self, request: Request) -> Iterator[Any]:
        yield request.id, Verdict({c.id: MET for c in request.rubric.criteria})


class OddUsage(Good):
    def say(self, request: Request) -> Iterator[Any]:
        yield request.id, Verdict(dict.fromkeys(request.criteria, MET), usage=3)  # type: ignore[arg-type] # on purpose


class OddObserved(Good):
    def say(self, request: Request) -> Iterator[Any]:
        findings = dict.fromkeys(request.criteria, MET)
        yield request.id, Verdict(findings, observed={"at": object()})


class NoFinding(Good):
    def find(self, request: Request) -> Any:
        return 1.0


class OddLevel(Good):
    def find(self, request: Request) -> Any:
        return Finding(outcome="scored", value=1.0, level="superb")


class WholeValue(Good):
    def find(self, request: Request) -> Any:
        return Finding(outcome="scored", value=1)


class NoReason(Good):
    def find(self, request: Request) -> Any:
        return Finding(outcome="abstained")


class OddExplanation(Good):
    def find(self, request: Request) -> Any:
        return Finding(outcome="scored", value=1.0, explanation=None)  # type: ignore[arg-type] # on purpose


class OddDecider(Good):
    def find(self, request: Request) -> Any:
        return Finding(outcome="scored", value=1.0, decided_by="crowd")  # type: ignore[arg-type] # on purpose


class OddDetail(Good):
    def find(self, request: Request) -> Any:
        return Finding(outcome="scored", value=1.0, detail={"p": float("nan")})


class Raises(Good):
    def find(self, request: Request) -> Any:
        if not as_text(request.item.output):
            raise IndexError("list index out of range")
        return MET


class Hangs(Good):
    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        async for answer in super().judge(requests):
            yield answer
        await asyncio.sleep(3600 if len(requests) > 1 else 0)


class Shared(Good):
    """Keeps what it was asked last in one place for all batches."""

    _asked: Sequence[Request] = ()

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        self._asked = requests
        for number in range(len(requests)):
            await asyncio.sleep(0)
            request = self._asked[number]
            yield request.id, Verdict(dict.fromkeys(request.criteria, MET))


class Jammed(Good):
    """Answers nothing more once a batch was left early."""

    _left = False

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        if self._left:
            return
        try:
            async for answer in super().judge(requests):
                yield answer
        except GeneratorExit:
            self._left = True
            raise


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        (Eager(), "no request, no verdict (an empty batch)"),
        (Twice(), "each request is answered once, and no other: 'request/item-2' (ordinary items)"),
        (Silent(), "each request is answered: 1 of 3 were not (ordinary items)"),
        (NoPair(), "a judge yields (request id, verdict), not int"),
        (NoVerdict(), "a verdict is a Verdict, not dict"),
        (LeavesOut(), "has a finding for what was asked, and no other: ['answers']"),
        (SaysMore(), "has a finding for what was asked, and no other: ['more']"),
        (AnswersTheRest(), "and no other: ['next-step', 'padding', 'result', 'tone'] (one criter"),
        (OddUsage(), "a verdict's usage is a Usage"),
        (OddObserved(), "what a verdict observed is a mapping of plain JSON values"),
        (NoFinding(), "a finding is a Finding, not float"),
        (OddLevel(), "a level is one of the criterion's: 'superb' of 'answers'"),
        (WholeValue(), "a value is a float, not int"),
        (NoReason(), "a finding that is not scored says why"),
        (OddExplanation(), "explanation and reason are texts"),
        (OddDecider(), "decided_by is one of"),
        (OddDetail(), "a finding's detail is a mapping of plain JSON values"),
        (Raises(), "not a raised IndexError: list index out of range (an empty item)"),
        (Shared(), "(two batches at once)"),
        (Jammed(), "each request is answered: 3 of 3 were not (a batch that is left early)"),
    ],
)
def test_a_broken_rule_is_told_in_a_sentence(judge: object, said: str) -> None:
    told = broken(judge)

    assert told.startswith("judge 'good' breaks the contract:\n- ")
    assert said in told


def test_a_judge_that_never_ends_is_told_and_does_not_hold_up_the_test() -> None:
    assert "each batch comes to an end: none within 0.05 seconds" in broken(Hangs(), seconds=0.05)


class NoCalls(Good):
    capabilities = Capabilities(calls=True)


class OddKinds(Good):
    capabilities = Capabilities(kinds=frozenset({"binary", "essay"}))


class Numbered(Good):
    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        return {"question": rubric.by_id[criterion].question, "at": object()}


class SameForAll(Good):
    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        return {"name": self.name}


class TellsKeys(Good):
    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        return {**super().instrument(rubric, criterion), "h": "Bearer abcdefghijklmnop"}


class CannotTell(Good):
    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        raise KeyError(criterion)


class Drifts(Good):
    _asked = 0

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        return {**super().instrument(rubric, criterion), "n": self._asked}

    def find(self, request: Request) -> Any:
        self._asked += 1
        return MET


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        (7, "this is no judge: an object of type int is no judge"),
        (Good, "this is no judge: Good: a class is no judge yet"),
        (NoCalls(), "a judge with capabilities.calls has a method connect(calls)"),
        (OddKinds(), "capabilities.kinds are of ['binary', 'choices', 'scale']"),
        (Numbered(), "the instrument is a mapping of plain JSON values"),
        (SameForAll(), "the instrument changes where a criterion's question changes"),
        (TellsKeys(), "the instrument holds no key"),
        (CannotTell(), "instrument raises KeyError for 'answers'"),
        (Drifts(), "the instrument is the same whenever it is asked for"),
    ],
)
def test_a_broken_declaration_is_told(judge: object, said: str) -> None:
    assert said in broken(judge)


def test_own_rubrics_and_items_may_be_used() -> None:
    asked = set()

    class Watching(Good):
        def find(self, request: Request) -> Any:
            asked.add((request.rubric.name, request.item.id))
            return unscored("abstained", "watching")

    rubric = Rubric(name="own", task="t", criteria=(Criterion("a", "A?", LEVELS),))
    check_judge(Watching(), rubric=rubric, items=[Item(id="mine", output="x")])

    assert ("own", "mine") in asked
    assert ("own", "huge") in asked
    assert {name for name, _ in asked} == {"own"}


def test_only_the_kinds_that_a_judge_answers_are_asked() -> None:
    class Binary(Good):
        capabilities = Capabilities(kinds=frozenset({"binary"}))

        def find(self, request: Request) -> Any:
            assert {request.rubric.by_id[c].kind for c in request.criteria} == {"binary"}
            return MET

    check_judge(Binary())


@pytest.mark.parametrize("calls", ["per_criterion", "per_item", {"batch": 2}])
@pytest.mark.parametrize("value", ["stated", "expected"])
def test_language_model_judges_are_tested_without_a_model(calls: Any, value: Any) -> None:
    spec = LLMSpec(kind="llm", model="openai/x", calls=calls, value=value, explain="none")

    check_judge(LLMJudge(spec, name="llm"))


def test_other_calls_may_be_given() -> None:
    class Refusing:
        secret = b"x"

        async def ask(self, call: Any, read: Any) -> Any:
            raise JudgeError("asked")

    judge = LLMJudge(LLMSpec(kind="llm", model="openai/x"), name="llm")
    assert "not a raised JudgeError: asked" in broken(judge, calls=Refusing())


def test_what_the_package_offers_is_there() -> None:
    for name in trueup.testing.__all__:
        assert getattr(trueup.testing, name).__name__ == name
    assert set(trueup.testing.__all__) <= set(dir(trueup.testing))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = trueup.testing.Nothing
