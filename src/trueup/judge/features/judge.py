"""FeaturesJudge: scores by form and overlap, as far as a team's own labels bear it out.

It needs no network and no key. It understands nothing: it has learnt which countable properties
went with which labels, says so in every explanation, and abstains where that did not hold up on
items it had not seen.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from trueup.errors import JudgeError, did_you_mean
from trueup.item.model import as_text
from trueup.judge.features.phrases import named
from trueup.judge.features.surface import FEATURES, VERSION, surface_matrix
from trueup.judge.protocol import Capabilities
from trueup.judge.reading import nearest_level
from trueup.judge.verdict import Finding, Verdict, unscored
from trueup.rubric.model import short_hash

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from trueup.agreement.estimate import Estimate
    from trueup.item.model import Item
    from trueup.judge.features.head import Head
    from trueup.judge.protocol import Request
    from trueup.rubric.model import Criterion, Rubric

LONGEST = 1_000_000
"""Characters of an item beyond which it is not measured: megabytes take seconds and gigabytes."""
_BATCH = 256
_TOO_LONG = unscored("truncated", "item_too_long").by("rule")
_NAME = "features"
_NOT_FITTED = unscored("abstained", "not_fitted")
_CHANGED = unscored("abstained", "question_changed", "the question was reworded since the fit")


class FeaturesJudge:
    """A judge of heads fitted to labels, one for each criterion.

    A criterion is `abstained` where it has no head (`not_fitted`), where its question is no
    longer the one that was labelled (`question_changed`), and where the head's agreement with
    people may be chance (`no_better_than_chance`).

    Args:
        heads: Criterion id -> fitted head.
        questions: Criterion id -> the question hash that the labels answered.
        name: The name that reports show.

    Raises:
        JudgeError: A head reads other features than this trueup measures, or lacks its question.
    """

    capabilities = Capabilities(batch=_BATCH)

    def __init__(
        self, heads: Mapping[str, Head], *, questions: Mapping[str, str], name: str = _NAME
    ) -> None:
        self.heads = dict(heads)
        self.questions = {criterion: questions.get(criterion, "") for criterion in heads}
        self.name = name
        for criterion, head in self.heads.items():
            if head.features != FEATURES or not self.questions[criterion]:
                lacks = "reads other features than this trueup measures"
                what = lacks if self.questions[criterion] else "does not say what was asked"
                mend = "Fit it again: trueup fit"
                raise JudgeError(f"the head for '{criterion}' {what}", where=name, mend=mend)
        self._hashes = {c: short_hash(head.to_dict()) for c, head in self.heads.items()}
        self.version = short_hash([VERSION, self._hashes, self.questions])
        self._chance = {c: _chance(head.agreement) for c, head in self.heads.items()}

    @property
    def agreement(self) -> Estimate:
        """How well the only head orders unseen items as people do.

        Raises:
            JudgeError: There are several heads; ask `agreement_of`.
        """
        if len(self.heads) != 1:
            what = f"there are {len(self.heads)} heads: {', '.join(self.heads)}"
            raise JudgeError(what, where=self.name, mend="Ask agreement_of(criterion)")
        return next(iter(self.heads.values())).agreement

    def agreement_of(self, criterion: str) -> Estimate:
        """Return how well a criterion's head orders unseen items as people do.

        Raises:
            JudgeError: The criterion has no head.
        """
        if criterion not in self.heads:
            mend = did_you_mean(criterion, self.heads)
            raise JudgeError(f"'{criterion}' has no head", where=self.name, mend=mend)
        return self.heads[criterion].agreement

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        """Return the head by its hash, the features by their version, and the question."""
        return {
            "kind": "features",
            "features": VERSION,
            "head": self._hashes.get(criterion),
            "fitted": self.questions.get(criterion),
            "question": rubric.by_id[criterion].question,
        }

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield a verdict for each request, in their order."""
        await asyncio.sleep(0)  # a run of this judge alone must leave others their turn
        whole = [request for request in requests if _length(request.item) <= LONGEST]
        for request in requests:
            if _length(request.item) > LONGEST:
                yield request.id, Verdict(dict.fromkeys(request.criteria, _TOO_LONG))
        matrix = measured(request.item for request in whole)
        predicted: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        for name in {c for request in whole for c in request.criteria} & self.heads.keys():
            head = self.heads[name]
            predicted[name] = head.predict(matrix), head.contributions(matrix)
        for row, request in enumerate(whole):
            findings = {}
            for name in request.criteria:
                criterion = request.rubric.by_id[name]
                silent = self._silent(criterion)
                if silent is None:
                    values, parts = predicted[name]
                    silent = _scored(criterion, float(values[row]), parts[row])
                findings[name] = silent
            yield request.id, Verdict(findings)

    def _silent(self, criterion: Criterion) -> Finding | None:
        """Return why nothing is said about a criterion; None where there is something to say."""
        if criterion.id not in self.heads:
            return _NOT_FITTED
        if self.questions[criterion.id] != criterion.question:
            return _CHANGED
        return self._chance[criterion.id]

    def to_dict(self) -> dict[str, Any]:
        """Return the judge as plain JSON values, as its file holds them.

        The name is part of it only where one was given: a file's judge is else called like it.
        """
        criteria = {
            criterion: {"question": self.questions[criterion], "head": head.to_dict()}
            for criterion, head in self.heads.items()
        }
        name = {} if self.name == _NAME else {"name": self.name}
        return {"kind": "features", **name, "features": VERSION, "criteria": criteria}

    def save(self, path: str | Path) -> None:
        """Write the judge to a file that `load_judge` reads: JSON, or YAML by the file's name."""
        from trueup.judge.features.file import save  # noqa: PLC0415 - YAML is heavy

        save(self, path)


def _length(item: Item) -> int:
    texts = (as_text(item.output), as_text(item.input), item.context or "", item.reference or "")
    return sum(map(len, texts))


def measured(items: Iterable[Item]) -> NDArray[np.float64]:
    """Return the features of items, shape (n, len(FEATURES))."""
    return surface_matrix(
        {
            "output": as_text(item.output),
            "input": as_text(item.input),
            "context": item.context or "",
            "reference": item.reference or "",
        }
        for item in items
    )


def _scored(criterion: Criterion, value: float, parts: NDArray[np.float64]) -> Finding:
    value = min(max(value, 0.0), 1.0)
    return Finding(
        outcome="scored",
        value=value,
        level=nearest_level(criterion, value),
        explanation=named(parts),
        decided_by="judge",
    )


def _chance(found: Estimate) -> Finding | None:
    if found.low > 0:
        return None
    why = (
        f"agreement with people on unseen items is {found.estimate:.2f}, 95 % interval "
        f"{found.low:.2f} to {found.high:.2f}, {found.n} labels: no better than chance"
    )
    return unscored("abstained", "no_better_than_chance", why)
