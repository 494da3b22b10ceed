"""Replay: verdicts that were recorded elsewhere, given again by item id and criterion.

A recording is a JSONL file with a line for each item and criterion; trueup's own results are of
this form. A line has `item_id` (or `id`) and `criterion`, and then `value`, `level` or both, or
an `outcome` other than `scored` with its `reason`; where present `explanation`, `decided_by`,
`replicate`, and `question`, the hash of the criterion as it was then asked. Other keys are left
alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, get_args

from trueup.errors import JudgeError
from trueup.item.plain import excerpt
from trueup.judge.protocol import Capabilities
from trueup.judge.reading import finding_of
from trueup.judge.verdict import OUTCOMES, DecidedBy, Verdict, unscored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from trueup.judge.protocol import Request
    from trueup.judge.verdict import Finding, Outcome
    from trueup.rubric.model import Criterion, Rubric

_BATCH = 256
_WHO: tuple[DecidedBy, ...] = get_args(DecidedBy)
_NOT_RECORDED = unscored("abstained", "not_recorded")

_Key: TypeAlias = "tuple[str, str, int]"
"""Item id, criterion, replicate."""


class _Recorded(NamedTuple):
    outcome: Outcome
    value: float | None
    level: str | None
    reason: str
    explanation: str
    decided_by: DecidedBy
    question: str | None


class Replay:
    """A judge that repeats what was recorded.

    What was not recorded is `abstained` with the reason `not_recorded`; a line that carries
    another question hash than the criterion has now, with `question_changed`. A recorded value
    stands as it is; a level without a value takes the value that the rubric gives it now.

    The file is read when it is first needed.

    Args:
        path: The recording.
        name: The name that reports show; the file's by default.

    Raises:
        JudgeError: There is no such file.
    """

    capabilities = Capabilities(batch=_BATCH, by_id=True)

    def __init__(self, path: str | Path, *, name: str | None = None) -> None:
        self.path = Path(path)
        self.name = name or self.path.stem
        if not self.path.is_file():
            mend = "Write its path from the judge file's folder"
            raise JudgeError("there is no such recording", where=str(self.path), mend=mend)

    @property
    def version(self) -> str:
        """The hash of the file's content.

        Raises:
            JudgeError: A line of the file is no recorded finding.
        """
        return self._recording[0]

    @cached_property
    def _recording(self) -> tuple[str, Mapping[_Key, _Recorded]]:
        return _read(self.path)

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        """Return the recording's hash and the question that it is taken to answer."""
        question = rubric.by_id[criterion].question
        return {"kind": "replay", "recording": self.version, "question": question}

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield what was recorded for each request, in their order."""
        await asyncio.sleep(0)  # a run of recordings alone must leave others their turn
        records = self._recording[1]
        for request in requests:
            by_id = request.rubric.by_id
            findings = {}
            for name in request.criteria:
                recorded = records.get((request.item.id, name, request.replicate))
                findings[name] = _finding(recorded, by_id[name]) if recorded else _NOT_RECORDED
            yield request.id, Verdict(findings)


def _finding(recorded: _Recorded, criterion: Criterion) -> Finding:
    if recorded.question is not None and recorded.question != criterion.question:
        return unscored("abstained", "question_changed", "recorded for another wording")
    who = recorded.decided_by
    if recorded.outcome != "scored":
        return unscored(recorded.outcome, recorded.reason, recorded.explanation).by(who)
    answer = recorded.level if recorded.value is None else recorded.value
    found = finding_of((answer, recorded.explanation), criterion, by=who)
    if recorded.value is None or recorded.level is None or found.value is None:
        return found
    level = finding_of(recorded.level, criterion, by=who)
    return level if level.value is None else replace(found, level=recorded.level)


def _read(path: Path) -> tuple[str, dict[_Key, _Recorded]]:
    """Return the hash of a recording and what is in it."""
    records: dict[_Key, _Recorded] = {}
    shared: dict[_Recorded, _Recorded] = {}
    digest = hashlib.sha256()
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            digest.update(line)
            if not line.strip():
                continue
            where = f"{path}:{number}"
            key, recorded = _line(line, where)
            # a million lines say the same few things: equal ones share an object
            recorded = shared.setdefault(recorded, recorded) if not recorded[4] else recorded
            if records.setdefault(key, recorded) != recorded:
                what = f"item {excerpt(key[0])!r}, {key[1]!r} stands there twice, and differs"
                mend = "Keep the lines of one judge and one run"
                raise JudgeError(what, where=where, mend=mend)
    return digest.hexdigest()[:16], records


def _line(line: bytes, where: str) -> tuple[_Key, _Recorded]:
    try:
        body = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        what, mend = f"the line is no JSON ({error})", "Write one JSON object a line"
        raise JudgeError(what, where=where, mend=mend) from error
    if not isinstance(body, dict):
        raise JudgeError("the line is no JSON object", where=where, mend="Write one object a line")
    item, criterion = body.get("item_id", body.get("id")), body.get("criterion")
    if isinstance(item, int) and not isinstance(item, bool):
        item = str(item)
    if not (isinstance(item, str) and isinstance(criterion, str)):
        mend = "Write both as texts"
        raise JudgeError("the line lacks `item_id` or `criterion`", where=where, mend=mend)
    replicate = body.get("replicate") or 0
    if not isinstance(replicate, int):
        raise JudgeError("`replicate` is no whole number", where=where, mend="Count from 0")
    return (item, criterion, replicate), _recorded(body, where)


def _recorded(body: Mapping[str, Any], where: str) -> _Recorded:
    value, level, outcome = body.get("value"), body.get("level"), body.get("outcome")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        mend = "Write a number in [0, 1], or the answer's key as `level`"
        raise JudgeError(f"the value {excerpt(str(value))!r} is no number", where=where, mend=mend)
    if outcome is None and value is None and level is None:
        mend = "Write one of the three"
        raise JudgeError("the line has no value, level or outcome", where=where, mend=mend)
    outcome = outcome or "scored"
    who: DecidedBy = body.get("decided_by") or "judge"
    if outcome not in OUTCOMES or who not in _WHO:
        wrong = who if outcome in OUTCOMES else outcome
        known = ", ".join(_WHO if outcome in OUTCOMES else OUTCOMES)
        raise JudgeError(f"{excerpt(str(wrong))!r} is not known", where=where, mend=f"Use {known}")
    if outcome == "scored" and value is None and level is None:
        mend = "Write its value or level, or another outcome"
        raise JudgeError("the line is `scored` without a value", where=where, mend=mend)
    return _Recorded(
        outcome=outcome,
        value=None if value is None else _number(value),
        level=None if level is None else str(level),
        reason=str(body.get("reason") or ("" if outcome == "scored" else "recorded")),
        explanation=str(body.get("explanation") or ""),
        decided_by=who,
        question=None if body.get("question") is None else str(body["question"]),
    )


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits; out of range in any case
        return float("inf")
