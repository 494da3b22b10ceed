"""check_judge: whether a judge keeps the contract, put to the test.

from trueup.testing import check_judge

def test_my_judge_keeps_the_contract():
    check_judge(MyJudge())
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from trueup.errors import JudgeError
from trueup.judge.adapt import as_judge
from trueup.testing import _declared, _heard
from trueup.testing._material import ITEMS, ODD_ITEMS, RUBRIC, ScriptedCalls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.item.model import Item
    from trueup.judge.protocol import Calls, Judge
    from trueup.rubric.model import Rubric


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
    problems = list(_declared.problems(adapted, rubric))
    if not problems:
        before = _declared.instruments(adapted, rubric)
        connected = _connected(adapted, calls)
        ordinary = tuple(items if items is not None else ITEMS)
        work = _heard.problems(connected, rubric, ordinary, ODD_ITEMS, seconds=seconds)
        problems = _run(work)
        if _declared.instruments(adapted, rubric) != before:
            problems.append("the instrument is the same whenever it is asked for")
    if problems:
        told = "\n".join(f"- {problem}" for problem in dict.fromkeys(problems))
        raise AssertionError(f"judge {adapted.name!r} breaks the contract:\n{told}")


def _connected(judge: Judge, calls: Calls | None) -> Judge:
    connect = getattr(judge, "connect", None)
    if connect is None or not judge.capabilities.calls:
        return judge
    connected: Judge = connect(calls or ScriptedCalls())
    return connected


def _run(work: _heard.Work) -> list[str]:
    """Run the test to its end, in a thread of its own where this one has a running loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.extend(asyncio.run(work)))
    thread.start()
    thread.join()
    return found
