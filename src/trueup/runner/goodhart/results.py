"""What a run of the watch found, as plain data: one `Watched` for every product or segment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from trueup.runner.goodhart.alarms import to_body

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.look import Look
    from trueup.goodhart.spec import WatchSpec
    from trueup.runner.goodhart.alarms import Alarm
    from trueup.runner.goodhart.budget import Budget
    from trueup.runner.goodhart.past_tests import Kept

Gate = Literal["passed", "failed", "inconclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One product under watch.

    Attributes:
        watch: Name of the watch.
        part: The product or segment, empty for all.
        spec: What is watched, at its own part of the budget.
        looks: All of them, latched; the latest last.
        alarms: Open and accepted ones of this part.
        cells: What the looks are from; None where the records could not be read.
        explanations: Sentences that explain and never decide.
        forecasts: What improvements promised, and what became of it.
        past_tests: What became of the rows of A/Bs that are looked at, where a ledger is declared.
        instrument: Judge and rubric that measured the scores, as far as the records name them.
    """

    watch: str
    part: str
    spec: WatchSpec
    looks: Sequence[Look]
    alarms: Sequence[Alarm] = ()
    cells: Cells | None = None
    explanations: Sequence[str] = ()
    forecasts: Sequence[str] = ()
    past_tests: Sequence[Kept] = ()
    instrument: str = ""

    @property
    def last(self) -> Look:
        """The latest look."""
        return self.looks[-1]

    @property
    def title(self) -> str:
        """How reports call it."""
        return f"{self.watch}: {self.part}" if self.part else self.watch

    @property
    def accepted(self) -> Alarm | None:
        """The accepted alarm that the latest look is part of, None where it is of none."""
        if self.last.verdict != "gaming" or any(alarm.open for alarm in self.alarms):
            return None
        return next((alarm for alarm in reversed(self.alarms) if not alarm.open), None)

    @property
    def gate(self) -> Gate:
        """Whether it passes: what a person has accepted does not fail again."""
        if any(alarm.open for alarm in self.alarms):
            return "failed"
        if self.last.verdict == "gaming":
            return "passed" if self.accepted else "failed"
        return "passed" if self.last.verdict in ("improvement", "judge_flat") else "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Everything a run has found.

    Attributes:
        name: Of the watch.
        source: What was read, for people.
        watched: One per product, in the order in which they appeared; at least one.
        budget: Who is watched at which false-alarm rate.
        rate: The promise in a sentence.
        backtest: Whether every look is to be shown, or the latest.
        store: Where alarms are kept, None where they are kept nowhere.
        guesses: Argument -> column, of what was guessed.
        notes: What was left out or assumed, a sentence each.
    """

    name: str
    source: str
    watched: Sequence[Watched]
    budget: Budget
    rate: str
    backtest: bool = False
    store: str | None = None
    guesses: Mapping[str, str | list[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def gate(self) -> Gate:
        """The worst of all."""
        gates = {one.gate for one in self.watched}
        if "failed" in gates:
            return "failed"
        return "inconclusive" if "inconclusive" in gates else "passed"

    def to_dict(self) -> dict[str, Any]:
        """Return what stands beside the reports, as plain data."""
        return {
            "name": self.name,
            "source": self.source,
            "gate": self.gate,
            "guessed": dict(self.guesses),
            "notes": list(self.notes),
            "store": self.store,
            "budget": {
                "alpha": self.budget.alpha,
                "of": dict(self.budget.of),
                "joined": list(self.budget.joined),
                "kept": self.budget.kept,
                "rate": self.rate,
            },
        }


def alarm_dict(alarm: Alarm) -> dict[str, Any]:
    """Return an alarm as plain data, with how it stands."""
    done = alarm.accepted
    return {
        **to_body(alarm),
        "state": "open" if done is None else "accepted",
        "by": None if done is None else done.by,
        "at": None if done is None else done.at.isoformat(),
        "reason": None if done is None else done.reason,
    }
