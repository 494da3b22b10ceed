"""check_judge: whether a judge keeps the contract, put to the test.

from trueup.testing import check_judge

def test_my_judge_keeps_the_contract():
    check_judge(MyJudge())
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.errors import JudgeError
from trueup.judge.adapt import as_judge
from trueup.judge.secret import holds_secret
from trueup.testing._heard import as_json, asked_of, unkept
from trueup.testing._material import ITEMS, ODD_ITEMS, RUBRIC, ScriptedCalls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trueup.item.model import Item
    from trueup.judge.protocol import Calls, Judge
    from trueup.rubric.model import Rubric
    from trueup.testing._heard import Work

_KINDS = frozenset({"binary", "scale", "choices"})


def check_judge(
    judge: object,
    *,
    rubric: Rubric | None = None,
    items: Sequence[Item] | None = None,
    calls: Calls | None = None,
    seconds: float = 60.0,
) -> None:
    """Put a judge to the test and raise where it breaks the contract.

    Tested is: name, version and capabilities; that the instrument is plain, stable, free of keys
    and changes with the question; that each request gets one verdict, about exactly what was
    asked, in findings that fit the rubric; that batches may interleave and be left early; that an
    empty batch and empty, huge, odd and chat-message items do no harm.

    Works inside a running event loop too.

    Args:
        judge: A judge, or whatever `as_judge` takes.
        rubric: What is asked; by default one with a criterion of every kind.
        items: What is judged besides the odd items; by default a few ordinary replies.
        calls: How the judge asks models; by default answers are made up that fit the schema.
        seconds: How long each part of the test may take.

    Raises:
        AssertionError: With a sentence for each rule that is broken.
    """
    try:
        adapted = as_judge(judge)
    except JudgeError as error:
        raise AssertionError(f"this is no judge: {error}") from error
    rubric = rubric or RUBRIC
    problems = list(_declared(adapted, rubric))
    if not problems:
        before = _instruments(adapted, rubric)
        connected = _connected(adapted, calls)
        problems = _run(unkept(connected, rubric, items or ITEMS, ODD_ITEMS, seconds=seconds))
        if _instruments(adapted, rubric) != before:
            problems.append("the instrument is the same whenever it is asked for")
    if problems:
        told = "\n".join(f"- {problem}" for problem in dict.fromkeys(problems))
        raise AssertionError(f"judge {adapted.name!r} breaks the contract:\n{told}")


def _declared(judge: Judge, rubric: Rubric) -> Iterator[str]:
    """Yield a sentence for each rule that the declarations break, of those `as_judge` leaves."""
    if not judge.capabilities.kinds <= _KINDS:
        yield f"capabilities.kinds are of {sorted(_KINDS)}, not {sorted(judge.capabilities.kinds)}"
    if judge.capabilities.calls and not hasattr(judge, "connect"):
        yield "a judge with capabilities.calls has a method connect(calls)"
    criteria = tuple(replace(c, ask=f"{c.ask} Really?") for c in rubric.criteria)
    reworded = replace(rubric, criteria=criteria)
    for criterion in asked_of(judge, rubric):
        try:
            said, other = (judge.instrument(asked, criterion) for asked in (rubric, reworded))
        except Exception as error:  # noqa: BLE001 - what the judge under test does is the finding
            yield f"instrument raises {type(error).__name__} for {criterion!r}: {error}"
            return
        text = as_json(said)
        if text is None:
            yield "the instrument is a mapping of plain JSON values"
        elif holds_secret(text):
            yield "the instrument holds no key"
        if said == other:
            yield "the instrument changes where a criterion's question changes"


def _instruments(judge: Judge, rubric: Rubric) -> list[str | None]:
    return [as_json(judge.instrument(rubric, c)) for c in asked_of(judge, rubric)]


def _connected(judge: Judge, calls: Calls | None) -> Judge:
    connect = getattr(judge, "connect", None)
    if connect is None or not judge.capabilities.calls:
        return judge
    connected: Judge = connect(calls or ScriptedCalls())
    return connected


def _run(work: Work) -> list[str]:
    """Run the test to its end, in a thread of its own where this one has a running loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()
