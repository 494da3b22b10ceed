"""A small product whose truth is known: weeks of outputs, a judge that errs, and people.

Everything is simulated, and depends on nothing but names and seeds.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from trueup.rubric.load import parse_rubric
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from trueup.item.model import Item
    from trueup.rubric.model import Criterion, Rubric
    from trueup.runner.calibration.result import Calibration, CriterionResult, Figure

Rows = list[dict[str, Any]]

WEEKS = tuple(f"2026-W{number}" for number in range(30, 45))
WEEK = WEEKS[0]
ONE = parse_rubric(
    "name: one\ntask: The assistant replies.\ncriteria:\n  - {id: kind, ask: Is the reply kind?}\n"
)
EVERY = parse_rubric("""
name: every
task: The assistant replies.
criteria:
  - {id: kind, ask: Is the reply kind?, weight: 2}
  - {id: padded, ask: Does the reply say one thing twice?, weight: -1}
  - {id: safe, ask: Is the reply harmless?, gate: true}
  - id: tone
    ask: How fitting is the register?
    scale: {1: curt, 2: fine, 3: right}
  - id: outcome
    ask: What happened to the request?
    choices: {delivered: 1, deflected: 0.5, refused: 0}
  - {id: said, check: {not_empty: true}}
""")


def outputs(week: str, n: int, *, rubric: Rubric = ONE, rate: float = 0.6, **more: Any) -> Rows:
    """Return a week's outputs, whose truth stands in their metadata.

    Args:
        week: ISO week.
        n: How many.
        rubric: What can be asked about them.
        rate: Chance of the better half of the levels.
        more: Fields of every item; functions are called with the item's number.
    """
    year, number = map(int, week.split("-W"))
    monday = datetime.fromisocalendar(year, number, 1).replace(tzinfo=UTC)
    return [
        {
            "id": f"{week}-{i}",
            "input": f"question {i}",
            "output": f"reply {i} of {week}",
            "timestamp": (monday + timedelta(minutes=9 * i)).isoformat(),
            "metadata": {c.id: _truth(f"{week}-{i}", c, rate) for c in rubric.criteria},
            **{name: value(i) if callable(value) else value for name, value in more.items()},
        }
        for i in range(n)
    ]


def _truth(item: str, criterion: Criterion, rate: float) -> str:
    chance = random.Random(f"{item}/{criterion.id}")  # noqa: S311 - simulated
    levels = sorted(criterion.values, key=lambda key: criterion.values[key])
    half = len(levels) // 2
    return chance.choice(levels[half:] if chance.random() < rate else levels[:half])


def judge(error: float = 0.1, *, seed: int = 0, **more: Any) -> ScriptedJudge:
    """Return a judge that says another level than the truth with this chance.

    The `version` in `more` has to differ where the same judge is to count as another one.
    """

    def answer(item: Item, criterion: Criterion) -> object:
        return said(item.id, criterion, item.metadata[criterion.id], error=error, seed=seed)

    return ScriptedJudge(answer, **more)


def said(item: str, criterion: Criterion, truth: str, *, error: float, seed: object) -> str:
    """Return a level: the true one, or with the chance of an error another."""
    chance = random.Random(f"{seed}/{item}/{criterion.id}")  # noqa: S311 - simulated
    others = [key for key in criterion.values if key != truth]
    return chance.choice(others) if chance.random() < error else truth


def labels(
    items: Sequence[Mapping[str, Any]],
    people: str = "ab",
    *,
    rubric: Rubric = ONE,
    error: float = 0.0,
    criteria: Sequence[str] = (),
    **more: Any,
) -> Rows:
    """Return what people say of these items: the truth, but for errors; a letter a person."""
    return [
        {
            "item_id": item["id"],
            "criterion": c.id,
            "annotator": who,
            "value": said(item["id"], c, item["metadata"][c.id], error=error, seed=who),
            **more,
        }
        for item in items
        for c in rubric.criteria
        if c.id in (criteria or [c.id for c in rubric.criteria if c.kind != "check"])
        for who in people
    ]


def chosen(items: Rows, calibration: Calibration) -> Rows:
    """Return the items that are to be labelled next."""
    wanted = {one.item_id for one in calibration.next}
    return [item for item in items if item["id"] in wanted]


def only(calibration: Calibration, name: str = "kind") -> CriterionResult:
    """Return one criterion's result."""
    return next(one for one in calibration.criteria if one.id == name)


def number(figure: Any) -> Figure:
    """Return a figure that has to be there."""
    assert hasattr(figure, "estimate"), figure
    found: Figure = figure
    return found


def plain(calibration: Calibration) -> dict[str, Any]:
    """Return a calibration without what tells one run from another: times, numbers, cost."""
    found = calibration.to_dict()
    del found["made_at"], found["run"], found["sampled"]["cost"], found["labels"]["n_new"]
    return found


def wrong_numbers(value: object, where: str = "") -> Iterator[str]:
    """Yield the place of every number that is not finite."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from wrong_numbers(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for at, inner in enumerate(value):
            yield from wrong_numbers(inner, f"{where}[{at}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{where} is {value}"


def lines(path: Path) -> list[str]:
    """Return a file's lines; none where there is no file."""
    return path.read_text("utf-8").splitlines() if path.is_file() else []
