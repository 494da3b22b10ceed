"""Rule: what watches a training run, and how rules are put together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.item.model import Item
    from trueup.reward import Abstain, Reward, Scorer

Action: TypeAlias = Literal["continue", "warn", "pause", "stop"]
"""`pause` hands out no rewards for the batch at hand, so that nothing is learnt from it."""
ACTIONS: tuple[Action, ...] = ("continue", "warn", "pause", "stop")
"""From the mildest to the severest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A batch that was rewarded.

    Attributes:
        step: Of the optimiser; None where the trainer does not tell.
        items: The outputs.
        results: What each got, in their order.
    """

    step: int | None
    items: Sequence[Item]
    results: Sequence[Reward | Abstain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a rule says at the moment; prints as one sentence."""

    action: Action = "continue"
    rule: str
    """Which rule says so."""
    reason: str = ""
    """One sentence, for a log or a message to people."""
    step: int | None = None
    best_step: int | None = None
    """Step to go back to; None where the rule knows none."""

    def __str__(self) -> str:
        at = "" if self.step is None else f" at step {self.step}"
        back = "" if self.best_step is None else f" Best step so far: {self.best_step}."
        return f"{self.action}{at} ({self.rule}): {self.reason}{back}"


class Rule(ABC):
    """Something that watches a run.

    A trainer's adapter tells it of every batch (`saw`) and of what the trainer logs (`read`); both
    may be called from a trainer's loop only, one after the other. Join rules with `|`, which says
    what the severest of them says, and `&`, which says no more than the mildest.
    """

    @abstractmethod
    def ruling(self) -> Ruling:
        """Return what the rule says now."""

    def rewarded_by(self, scorer: Scorer) -> None:  # noqa: B027 - not every rule asks
        """Learn, before the run, what it is rewarded by.

        Raises:
            ConfigError: The rule cannot watch such a run.
        """

    def saw(self, batch: Scored) -> None:  # noqa: B027 - not every rule looks at batches
        """Take a rewarded batch in."""

    def read(  # noqa: B027 - not every rule reads the log
        self, step: int, metrics: Mapping[str, object]
    ) -> None:
        """Take in what the trainer logged at a step."""

    def metrics(self) -> dict[str, float]:
        """Return numbers for the trainer's log: name -> finite number."""
        return {}

    def __or__(self, other: Rule) -> Rule:
        return AnyOf(self, other)

    def __and__(self, other: Rule) -> Rule:
        return AllOf(self, other)


class _Joined(Rule):
    def __init__(self, *rules: Rule) -> None:
        self.rules: tuple[Rule, ...] = rules

    def rewarded_by(self, scorer: Scorer) -> None:
        for rule in self.rules:
            rule.rewarded_by(scorer)

    def saw(self, batch: Scored) -> None:
        for rule in self.rules:
            rule.saw(batch)

    def read(self, step: int, metrics: Mapping[str, object]) -> None:
        for rule in self.rules:
            rule.read(step, metrics)

    def metrics(self) -> dict[str, float]:
        return {name: value for rule in self.rules for name, value in rule.metrics().items()}

    def _rulings(self) -> list[Ruling]:
        return [rule.ruling() for rule in self.rules]


class AnyOf(_Joined):
    """Says what the severest of its rules says; of equally severe ones, the first."""

    def ruling(self) -> Ruling:
        """Return the severest ruling."""
        return max(self._rulings(), key=_severity)


class AllOf(_Joined):
    """Says no more than all of its rules agree on: what the mildest says."""

    def ruling(self) -> Ruling:
        """Return the mildest ruling, with the reasons and the earliest best step of all."""
        found = self._rulings()
        mildest = min(found, key=_severity)
        if mildest.action == "continue":
            return mildest
        best = [one.best_step for one in found if one.best_step is not None]
        return Ruling(
            action=mildest.action,
            rule=" & ".join(one.rule for one in found),
            reason=" ".join(one.reason for one in found),
            step=max((one.step for one in found if one.step is not None), default=None),
            best_step=min(best, default=None),
        )


def _severity(ruling: Ruling) -> int:
    return ACTIONS.index(ruling.action)
