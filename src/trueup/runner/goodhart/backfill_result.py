"""What a backfill did: how much of each period was drawn, judged and scored, and what is left."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trueup.runner.goodhart.backfill_window import Settings
    from trueup.runner.goodhart.sitting import Sitting
    from trueup.runner.plan import Plan

Status = Literal["planned", "done", "budget"]


class Period(NamedTuple):
    """One period of the window."""

    start: datetime
    end: datetime
    available: int
    """Items of the log."""
    drawn: int
    asked: int
    """Drawn items that the judge was asked about by now."""
    scored: int
    """Those of them that have a score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillResult:
    """What one call of `backfill` came to."""

    sitting: str
    """Its name: `history_frame` and a later call take it."""
    status: Status
    """`done` where all was asked; `budget` where a cap ended it, to be gone on with."""
    rubric: str
    judge: str
    source: str
    store: str
    settings: Settings
    fresh: bool
    """Whether the draw is of this call; else it was there, and stays as it was."""
    periods: tuple[Period, ...]
    outcomes: Mapping[str, int]
    """Outcome -> drawn items; those not asked about yet are not among them."""
    twice: int
    """Items that are judged a second time."""
    anchors: int
    left: int
    """Drawn items, and second answers, that are still to be asked for."""
    cost: Mapping[str, float]
    """Calls, tokens and dollars of this call."""
    runs: tuple[int, ...]
    notes: tuple[str, ...]
    plan: Plan | None = None

    @property
    def drawn(self) -> int:
        """Items that the sitting judges, anchors apart."""
        return sum(period.drawn for period in self.periods)

    @property
    def scored(self) -> int:
        """Items that have a score."""
        return sum(period.scored for period in self.periods)

    @property
    def exit_status(self) -> int:
        """0; 3 where a budget ended it, or nothing has a score."""
        if self.status == "planned":
            return 0
        return 0 if self.status == "done" and self.scored else 3

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "sitting": self.sitting,
            "status": self.status,
            "rubric": self.rubric,
            "judge": self.judge,
            "source": self.source,
            "store": self.store,
            "settings": {**self.settings.to_dict(), "until": self.settings.until.isoformat()},
            "fresh": self.fresh,
            "drawn": self.drawn,
            "scored": self.scored,
            "outcomes": dict(self.outcomes),
            "twice": self.twice,
            "anchors": self.anchors,
            "left": self.left,
            "cost": dict(self.cost),
            "runs": list(self.runs),
            "notes": list(self.notes),
            "periods": [
                {**one._asdict(), "start": one.start.isoformat(), "end": one.end.isoformat()}
                for one in self.periods
            ],
            "plan": None if self.plan is None else asdict(self.plan),
        }


def count_periods(
    settings: Settings,
    chances: Mapping[str, float],
    numbers: Mapping[str, int],
    sitting: Sitting | None,
) -> tuple[tuple[Period, ...], Counter[str]]:
    """Return what became of each period, and of all drawn items by outcome.

    Args:
        settings: How the sitting was drawn.
        chances: Drawn item -> probability.
        numbers: Drawn item -> its period.
        sitting: What the judge found; None before it was asked.
    """
    available: Counter[int] = Counter()
    size: dict[int, float] = {}
    asked: Counter[int] = Counter()
    scored: Counter[int] = Counter()
    outcomes: Counter[str] = Counter()
    for name, chance in chances.items():
        number = numbers[name]
        available[number] += 1
        size[number] = size.get(number, 0.0) + 1 / chance
        found = sitting.judged.get(name) if sitting else None
        if found is not None and found.outcome:
            asked[number] += 1
            scored[number] += not math.isnan(found.score)
            outcomes[found.outcome] += 1
    step = settings.period
    return tuple(
        Period(
            start=settings.since + number * step,
            end=settings.since + (number + 1) * step,
            available=round(size.get(number, 0.0)),
            drawn=available[number],
            asked=asked[number],
            scored=scored[number],
        )
        for number in range(settings.periods)
    ), outcomes


def spent(costs: Sequence[Mapping[str, Any] | None]) -> dict[str, float]:
    """Return what several runs cost together."""
    names = ("calls", "input_tokens", "output_tokens", "cached_tokens", "dollars", "reused")
    return {name: sum((cost or {}).get(name) or 0 for cost in costs) for name in names}
