"""Whether two scorers share what decides their scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.reward import Scorer

    Instruments = Mapping[str, Mapping[str, Any]]


def instruments_of(scorer: Scorer) -> Instruments:
    """Return, for each criterion that a judge decides, all that decides how it is measured."""
    judge = scorer.judge
    if judge is None:
        return {}
    return {
        c.id: dict(judge.instrument(scorer.rubric, c.id))
        for c in scorer.rubric.criteria
        if c.check is None
    }


def models_of(instruments: Instruments) -> set[str]:
    """Return the models that are asked, those of a panel's members included."""
    return {name for one in instruments.values() for name in _models(one)}


def _models(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "model" and isinstance(value, str):
                yield value
            else:
                yield from _models(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _models(value)
