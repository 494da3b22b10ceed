"""What the keys of a rubric ask of one another, once each of them is well formed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trueup.errors import did_you_mean
from trueup.rubric.model import Level
from trueup.rubric.spec import BARE_GATE, MET, UNMET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trueup.rubric.source import Path
    from trueup.rubric.spec import CriterionSpec

MAX_KEY = 64
CANNOT_TELL = "cannot_tell"
"""What a judge answers where it cannot decide; no level may be called that."""


class Conflict(NamedTuple):
    """Two keys that cannot both stand; `what` begins with @ for the name of the path."""

    path: Path
    what: str
    mend: str = ""


def criterion_conflicts(spec: CriterionSpec) -> Iterator[Conflict]:
    """Yield what is wrong between the keys of one criterion, paths from the criterion."""
    yield from _kind(spec)
    yield from _level_keys(spec)
    yield from _declared_values(spec)
    yield from _weight_and_gate(spec)
    yield from _answers(spec)


def levels(spec: CriterionSpec) -> tuple[Level, ...]:
    """Return the answers in the order of the file, unmet before met.

    The values of a scale run evenly from 0 to 1 where none are declared.
    """
    if spec.scale is not None:
        last = len(spec.scale) - 1
        return tuple(
            Level(key, level.text, place / last if level.value is None else level.value)
            for place, (key, level) in enumerate(spec.scale.items())
        )
    if spec.choices is not None:
        return tuple(Level(key, level.text, level.value) for key, level in spec.choices.items())
    return (Level(UNMET, spec.unmet or "", 0.0), Level(MET, spec.met or "", 1.0))


def _kind(spec: CriterionSpec) -> Iterator[Conflict]:
    kinds = [name for name in ("scale", "choices", "check") if getattr(spec, name) is not None]
    if len(kinds) > 1:
        what = f"@ stands beside '{kinds[0]}', and a criterion has at most one of the two"
        yield Conflict((kinds[1],), what, "Delete one, or make two criteria")
    if spec.ask is None and "check" not in kinds:
        yield Conflict(("ask",), "@ is missing", "Add `ask: ...`: the question that is put")
    for key in (MET, UNMET):
        if getattr(spec, key) is not None and kinds and kinds[0] != "check":
            what = f"@ belongs to a yes-or-no question, and this one has '{kinds[0]}'"
            yield Conflict((key,), what, f"Move the text into a level of '{kinds[0]}'")
    for key in ("when", "if_empty"):
        if getattr(spec, key) is not None and "check" in kinds:
            what = "@ is for what a judge decides, and a check is decided by code"
            yield Conflict((key,), what, "Delete it, or replace the check by a question")


def _level_keys(spec: CriterionSpec) -> Iterator[Conflict]:
    for name, levels in (("scale", spec.scale), ("choices", spec.choices)):
        for key in levels or ():
            if key != key.strip() or not key.isprintable() or not 0 < len(key) <= MAX_KEY:
                yield Conflict((name, key), "@ is no level key", "Use a short word or number")
            elif key == CANNOT_TELL:
                what = "@ is what a judge answers where it cannot decide"
                yield Conflict((name, key), what, "Call the level something else")


def _declared_values(spec: CriterionSpec) -> Iterator[Conflict]:
    if spec.scale is None:
        return
    bare = [key for key, level in spec.scale.items() if level.value is None]
    if bare and len(bare) < len(spec.scale):
        what = "@ has no value, and other levels of the scale do"
        yield Conflict(("scale", bare[0]), what, "Declare the value of every level, or of none")


def _weight_and_gate(spec: CriterionSpec) -> Iterator[Conflict]:
    if spec.gate is None:
        if spec.weight == 0:
            what = "@ is 0, so the criterion decides nothing"
            yield Conflict(("weight",), what, "Give it a weight, or make it a gate")
        return
    if spec.weight < 0:
        what = "@ stands on a negative weight, whose bad case is met, and a gate's is unmet"
        yield Conflict(("gate",), what, "Ask for what must hold, with a positive weight")
    values = {level.key: level.value for level in levels(spec)}
    if spec.gate is BARE_GATE and (spec.scale or spec.choices):
        what = "@ does not say which level passes"
        yield Conflict(
            ("gate",),
            what,
            f"Write `gate: {{min: LEVEL}}` with one of {', '.join(_printable(values))}",
        )
    elif spec.gate.min not in values:
        what = f"@ is {spec.gate.min[:MAX_KEY]!r}, which is no level"
        yield Conflict(("gate", "min"), what, did_you_mean(spec.gate.min, _printable(values)))
    elif values[spec.gate.min] <= min(values.values()):
        what = f"@ is {spec.gate.min!r}, and every level passes that"
        yield Conflict(("gate", "min"), what, "Name the lowest level that is good enough")


def _answers(spec: CriterionSpec) -> Iterator[Conflict]:
    keys = [level.key for level in levels(spec)]
    answers: list[tuple[Path, str]] = [
        (("examples", place, "answer"), example.answer)
        for place, example in enumerate(spec.examples)
    ]
    if spec.if_empty is not None:
        answers.append((("if_empty",), spec.if_empty))
    for path, answer in answers:
        if answer not in keys:
            what = f"@ is {answer[:MAX_KEY]!r}, which is no level"
            yield Conflict(path, what, did_you_mean(answer, _printable(keys)))


def rubric_conflicts(criteria: Iterable[CriterionSpec]) -> Iterator[Conflict]:
    """Yield what is wrong between criteria, paths from the rubric."""
    if not any(spec.weight > 0 for spec in criteria):
        what = "@ has no positive weight, so nothing can earn a point"
        yield Conflict(("criteria",), what, "Add what a good output does, with a positive weight")


def _printable(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.isprintable()]
