"""ScriptedJudge: a judge that answers as a test wants it to, a million times if need be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from hashlib import blake2b
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias
from zlib import crc32

from trueup.item.model import as_text
from trueup.judge.protocol import Capabilities
from trueup.judge.reading import at_level, finding_of
from trueup.judge.verdict import OUTCOMES, Finding, Verdict, unscored
from trueup.rubric.model import short_hash

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from trueup.item.model import Item
    from trueup.judge.protocol import Request
    from trueup.rubric.model import Criterion, Rubric

Script: TypeAlias = Callable[["Item", "Criterion"], Any]
"""What an answer may be computed with; it is told the item and the criterion."""

_BATCH = 256
_BITS = 64
_MASK = (1 << _BITS) - 1
_SPREAD = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9)
"""Odd multipliers that spread each bit of a number over all others (the finaliser of SplitMix64,
Steele, Lea and Flood 2014)."""
_NOT_SCRIPTED = unscored("abstained", "not_scripted")


class ScriptedJudge:
    """A judge for tests, without a model and without chance.

    Args:
        answers: None for answers that look random and depend on nothing but the item's text, the
            criterion and the seed; a mapping from (item id, criterion id), of which what is not
            in it is `abstained`; a function (item, criterion); anything else answers every
            question. Answers are what `as_judge` takes: True, 0.8, a level's key, None, a
            `Finding`.
        name: The name that reports show.
        version: Change it where the same name is to count as another judge.
        faults: Outcome -> the share of findings that end in it instead, drawn like the answers.
        recovers: Whether a fault strikes each question only once.
        seed: Of answers and faults.
        delay: Seconds that each batch takes.
        batch: How many requests it likes to get at once.

    Attributes:
        requests: How many requests were put to it.
        asked: How many questions, one for each criterion of each request.
    """

    def __init__(
        self,
        answers: object = None,
        *,
        name: str = "scripted",
        version: str = "1",
        faults: Mapping[str, float] | None = None,
        recovers: bool = False,
        seed: int = 0,
        delay: float = 0.0,
        batch: int = _BATCH,
    ) -> None:
        self.name = name
        self.version = version
        by_id = callable(answers) or isinstance(answers, Mapping)
        self.capabilities = Capabilities(batch=batch, by_id=by_id, all_metadata=by_id)
        self.requests = 0
        self.asked = 0
        self._answers = answers
        self._faults = _ladder(faults or {})
        self._struck: set[object] | None = set() if recovers else None
        self._seed = seed
        self._delay = delay
        self._drawn: tuple[Rubric | None, dict[str, _Drawn]] = (None, {})
        self._declared = [repr(sorted((faults or {}).items())), recovers, seed, _script(answers)]

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        """Return name, version, script, faults and seed, with the question."""
        return {
            "kind": "scripted",
            "name": self.name,
            "version": self.version,
            "script": self._declared,
            "question": rubric.by_id[criterion].question,
        }

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield a verdict for each request, in their order."""
        await asyncio.sleep(self._delay)
        for request in requests:
            drawn = self._draws(request.rubric)
            self.requests += 1
            self.asked += len(request.criteria)
            number = self._number(request) if self._answers is None or self._faults else 0
            found = {c: self._finding(request, drawn[c], number) for c in request.criteria}
            yield request.id, Verdict(found)

    def _finding(self, request: Request, drawn: _Drawn, number: int) -> Finding:
        if self._faults and (fault := self._fault(request, drawn, number)):
            return fault
        answers, item, criterion = self._answers, request.item, drawn.criterion
        if answers is None:
            return drawn.answer(number)
        if isinstance(answers, Mapping):
            key = (item.id, criterion.id)
            return finding_of(answers[key], criterion) if key in answers else _NOT_SCRIPTED
        return finding_of(answers(item, criterion) if callable(answers) else answers, criterion)

    def _fault(self, request: Request, drawn: _Drawn, number: int) -> Finding | None:
        share = _spread(number ^ drawn.salt ^ _MASK) / (1 << _BITS)
        fault = next((finding for upto, finding in self._faults if share < upto), None)
        if fault is None or self._struck is None:
            return fault
        mark = (number, drawn.criterion.id, request.occasion)
        if mark in self._struck:
            return None
        self._struck.add(mark)
        return fault

    def _draws(self, rubric: Rubric) -> dict[str, _Drawn]:
        if self._drawn[0] is not rubric:
            self._drawn = (rubric, {c.id: _Drawn(c) for c in rubric.criteria})
        return self._drawn[1]

    def _number(self, request: Request) -> int:
        """Return 64 bits that depend on the item's text, the replicate and the seed alone."""
        item = request.item
        text = f"{self._seed}/{request.replicate}\0{as_text(item.input)}\0{as_text(item.output)}"
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big")


class _Drawn:
    """The possible answers to one criterion, made once and shared by all verdicts."""

    def __init__(self, criterion: Criterion) -> None:
        self.criterion = criterion
        self.salt = crc32(criterion.id.encode()) * _SPREAD[0] & _MASK
        self.findings = [at_level(criterion, level.key) for level in criterion.levels]

    def answer(self, number: int) -> Finding:
        """Return the answer that a number stands for, all levels being as likely."""
        return self.findings[_spread(number ^ self.salt) * len(self.findings) >> _BITS]


def _spread(number: int) -> int:
    number = (number ^ (number >> 30)) * _SPREAD[0] & _MASK
    number = (number ^ (number >> 27)) * _SPREAD[1] & _MASK
    return number ^ (number >> 31)


def _ladder(faults: Mapping[str, float]) -> list[tuple[float, Finding]]:
    """Return faults with the upper ends of their parts of [0, 1]."""
    unknown = [name for name in faults if name not in OUTCOMES or name == "scored"]
    if unknown:
        raise ValueError(f"no such fault: {unknown[0]!r}; one of {', '.join(OUTCOMES[1:])}")
    shares = list(faults.values())
    if any(share < 0 for share in shares) or sum(shares) > 1:
        raise ValueError(f"shares of faults are not negative and at most 1 together: {shares}")
    named = [unscored(name, "scripted") for name in OUTCOMES if name in faults]
    ends = accumulate(faults[finding.outcome] for finding in named)
    return list(zip(ends, named, strict=True))


def _script(answers: object) -> str:
    """Return what stands for a script in an instrument."""
    if callable(answers):
        return f"function {getattr(answers, '__qualname__', type(answers).__name__)}"
    if isinstance(answers, Mapping):
        return f"mapping {short_hash(sorted((repr(k), repr(v)) for k, v in answers.items()))}"
    return repr(answers)
