"""What a Goodhart report shows: the looks, the picture, and what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from trueup.goodhart.look import Look
    from trueup.goodhart.spec import WatchSpec
    from trueup.report.goodhart.picture import Picture

Gate = Literal["passed", "failed", "inconclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A `gaming` verdict that was latched.

    Attributes:
        id: By which it is accepted.
        since: The period in which it was first said, as reports call it.
        state: `open`, or `accepted` by a person.
        reason: Why it was accepted; empty while it is open.
        by: Who accepted it.
        at: When; None while it is open.
        store: Where it is kept, where that must be said to accept it.
    """

    id: str
    since: str
    state: Literal["open", "accepted"] = "open"
    reason: str = ""
    by: str = ""
    at: dt.datetime | None = None
    store: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodhartReport:
    """Everything that a report of `trueup goodhart` shows; it is rendered, never computed on.

    Attributes:
        product: What is watched, as a title.
        looks: In order, the latest last; at least one.
        spec: What was watched and how.
        picture: Judge and users on one axis; None where there is nothing to draw.
        explanations: Sentences with numbers that explain and never decide.
        alarms: Open and accepted ones.
        instrument: What measured the judge's scores.
        simulated: Whether the records are made up, which every form of the report says.
        generated_at: When; None leaves it out.
    """

    product: str
    looks: Sequence[Look]
    spec: WatchSpec
    picture: Picture | None = None
    explanations: Sequence[str] = ()
    alarms: Sequence[Alarm] = ()
    instrument: str = ""
    simulated: bool = False
    generated_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        """Hold that there is something to show."""
        if not self.looks:
            message = "a report needs at least one look"
            raise ValueError(message)

    @property
    def last(self) -> Look:
        """The latest look."""
        return self.looks[-1]

    @property
    def gate(self) -> Gate:
        """Whether a run that shows this passes.

        `gaming` fails until somebody has accepted its alarm; what is undecided is open.
        """
        if self.last.verdict == "gaming":
            return "failed" if self.open_alarms or not self.alarms else "passed"
        return "passed" if self.last.verdict in ("improvement", "judge_flat") else "inconclusive"

    @property
    def open_alarms(self) -> tuple[Alarm, ...]:
        """Alarms that nobody has accepted."""
        return tuple(alarm for alarm in self.alarms if alarm.state == "open")
