"""What an answer in a plain form means: True, 0.8, a level's key, None, as findings.

People write judges that answer in the shortest way that says it. Here, and nowhere else, is
decided what such an answer means for a criterion; what it cannot mean is `unparsable`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.item.plain import excerpt
from trueup.judge.verdict import Finding, unscored

if TYPE_CHECKING:
    from trueup.judge.verdict import DecidedBy
    from trueup.rubric.model import Criterion

_SHOWN = 60
_PAIR = 2
_LARGE = 10**9
"""Whole numbers beyond this name no level, and may be too long to print."""


def finding_of(answer: object, criterion: Criterion, *, by: DecidedBy = "judge") -> Finding:
    """Return the finding that an answer stands for.

    | answer | meaning |
    |---|---|
    | a `Finding` | itself |
    | True, False | met, unmet; only where the criterion is a yes-or-no question |
    | a level's key | that level |
    | a whole number that is a level's key | that level: 4 on a scale from 1 to 5 |
    | any other number in [0, 1] | that value, with the level nearest to it |
    | None | `abstained` |
    | (answer, text) | the answer, with the text as its explanation |

    A float is always a value, never a level: 1.0 is the best value on any scale.

    Args:
        answer: What a function or a file said.
        criterion: What was asked.
        by: Who decided.
    """
    explanation = ""
    if isinstance(answer, tuple) and len(answer) == _PAIR and isinstance(answer[1], str):
        answer, explanation = answer
    finding = answer if isinstance(answer, Finding) else _read(_python(answer), criterion)
    if explanation:
        finding = replace(finding, explanation=explanation)
    return finding if finding.decided_by == by else finding.by(by)


def at_level(criterion: Criterion, key: str, explanation: str = "") -> Finding:
    """Return the finding that a level was answered, with the value that the rubric gives it."""
    return Finding(
        outcome="scored", value=criterion.values[key], level=key, explanation=explanation
    )


def nearest_level(criterion: Criterion, value: float) -> str:
    """Return the key of the level whose value is nearest; of two as near, the first declared.

    The first declared is `unmet` of a binary criterion and the worse one of a scale.
    """
    return min(criterion.levels, key=lambda level: abs(level.value - value)).key


def _python(answer: object) -> object:
    """Return a numpy scalar as the Python value that it stands for."""
    item = getattr(answer, "item", None)
    return item() if callable(item) and getattr(answer, "shape", None) == () else answer


def _read(answer: object, criterion: Criterion) -> Finding:
    if answer is None:
        return unscored("abstained", "no_answer")
    key = _key(answer)
    if key is not None and key in criterion.values:
        return at_level(criterion, key)
    if isinstance(answer, str | bool):
        return unscored("unparsable", "unknown_level", not_a_level(answer, criterion))
    if isinstance(answer, int | float):
        return _valued(answer, criterion)
    kind = type(answer).__name__
    return unscored("unparsable", "wrong_type", f"an answer is no {excerpt(kind, _SHOWN)}")


def _key(answer: object) -> str | None:
    """Return the level that an answer would name."""
    if isinstance(answer, bool):
        return "met" if answer else "unmet"
    if isinstance(answer, str):
        return answer.strip()
    return str(answer) if isinstance(answer, int) and abs(answer) < _LARGE else None


def _valued(number: float, criterion: Criterion) -> Finding:
    if not 0 <= number <= 1:  # false of NaN too
        shown = f"{number!r}" if isinstance(number, float) or abs(number) < _LARGE else "this"
        why = f"{shown} is no value in [0, 1]"
        return unscored("unparsable", "value_out_of_range", why)
    value = float(number)
    return Finding(outcome="scored", value=value, level=nearest_level(criterion, value))


def not_a_level(answer: object, criterion: Criterion) -> str:
    """Return a sentence that says which levels there are."""
    said = excerpt(str(answer), _SHOWN)
    return f"{said!r} is no level of {criterion.id}: {', '.join(criterion.values)}"
