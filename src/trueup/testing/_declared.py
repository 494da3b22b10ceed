"""What a judge declares: capabilities and instrument; `as_judge` has seen to the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trueup.judge.secret import holds_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.judge.protocol import Judge
    from trueup.rubric.model import Rubric

_KINDS = frozenset({"binary", "scale", "choices"})


def problems(judge: Judge, rubric: Rubric) -> Iterator[str]:
    """Yield a sentence for each rule that the declarations break."""
    if not judge.capabilities.kinds <= _KINDS:
        yield f"capabilities.kinds are of {sorted(_KINDS)}, not {sorted(judge.capabilities.kinds)}"
    if judge.capabilities.calls and not hasattr(judge, "connect"):
        yield "a judge with capabilities.calls has a method connect(calls)"
    reworded = replace(
        rubric, criteria=tuple(replace(c, ask=f"{c.ask} Really?") for c in rubric.criteria)
    )
    for criterion in _asked(judge, rubric):
        try:
            said = judge.instrument(rubric, criterion)
            other = judge.instrument(reworded, criterion)
        except Exception as error:  # noqa: BLE001 - what the judge under test does is the finding
            yield f"instrument raises {type(error).__name__} for {criterion!r}: {error}"
            return
        yield from _plain(said)
        if said == other:
            yield "the instrument changes where a criterion's question changes"


def instruments(judge: Judge, rubric: Rubric) -> dict[str, str]:
    """Return the instrument of each criterion as text, to be compared with itself later."""
    names = _asked(judge, rubric)
    return {c: json.dumps(dict(judge.instrument(rubric, c)), sort_keys=True) for c in names}


def _asked(judge: Judge, rubric: Rubric) -> list[str]:
    return [c.id for c in rubric.judged if c.kind in judge.capabilities.kinds]


def _plain(said: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a judge returns
    try:
        text = json.dumps(dict(said), allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        yield f"the instrument is a mapping of plain JSON values ({error})"
        return
    if holds_secret(text):
        yield "the instrument holds no key"
