"""A judge as the reward function of TRL's trainers (GRPO and the like)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trueup.integrations.messages import as_answer, as_said, as_text_or_none
from trueup.item.model import Item
from trueup.monitor.rule import Scored
from trueup.reward import Abstain, Scorer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from trueup.monitor.rule import Rule
    from trueup.reward import Partial, Reward
    from trueup.rubric.model import Rubric

_TEXTS = ("reference", "context")
_NO_COLUMN = {"completion_ids", "trainer_state", "log_extra", "log_metric", "environments"}
"""What TRL hands a reward function beside the dataset's columns."""


class TrlReward:
    """A reward function as TRL calls it; make one with `trl_reward`.

    Attributes:
        scorer: Scores the completions; close it after the run, or leave that to the exit.
        monitor: Watches the run; None where nothing does.
    """

    def __init__(self, scorer: Scorer, monitor: Rule | None) -> None:
        self.scorer, self.monitor = scorer, monitor
        if monitor is not None:
            monitor.rewarded_by(scorer)
        self.__name__ = "trueup"

    def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], **given: Any
    ) -> list[float | None]:
        """Return a value in [0, 1] for each completion; None leaves it out of training.

        Args:
            prompts: One for each completion, texts or messages; those of one group are equal.
            completions: Texts, or messages with their tool calls.
            given: TRL's own, and the dataset's columns: `reference` and `context` go to the judge,
                all others are the item's metadata.
        """
        items = items_of(prompts, completions, given)
        results = self.scorer.score_batch(items)
        paused = False
        log = given.get("log_metric")
        numbers = _numbers(results, [c.id for c in self.scorer.rubric.criteria])
        if self.monitor is not None:
            step = getattr(given.get("trainer_state"), "global_step", None)
            self.monitor.saw(Scored(step=step, items=items, results=results))
            said = self.monitor.ruling()
            self.scorer.optimised = "warn" if said.action == "pause" else said.action
            paused = said.action == "pause"
            numbers |= {f"judge/{name}": one for name, one in self.monitor.metrics().items()}
            numbers["judge/paused"] = float(paused)
        if log is not None:
            for name, number in numbers.items():
                log(name, number)
        return [None if paused or isinstance(one, Abstain) else one.value for one in results]


def trl_reward(
    *,
    rubric: str | Path | Rubric,
    judge: object = None,
    deadline: float = 30.0,
    partial: Partial = "abstain",
    monitor: Rule | None = None,
) -> TrlReward:
    """Return a reward function for TRL's `reward_funcs`.

    Give the trainer this function alone, for all criteria of the rubric: TRL adds several functions
    up and counts a missing value among them as 0, also beside one whose weight is 0, while None of
    a single function leaves the completion out. Hand gold to `HeldOut` instead.

    What the judge failed to answer is None. The rate of that and the mean of each criterion are
    logged, as `judge/abstain_rate` and `judge/CRITERION`.

    Args:
        rubric: As of `Scorer`.
        judge: As of `Scorer`.
        deadline: As of `Scorer`.
        partial: As of `Scorer`.
        monitor: Sees each batch; while it says `pause`, all rewards are None. Give it to a
            `GoodhartCallback` too, which tells it what the trainer logs and stops the run.

    Raises:
        ConfigError: The monitor's gold is the judge that rewards.
        TrueupError: As of `Scorer`.
    """
    return TrlReward(Scorer(rubric, judge, deadline=deadline, partial=partial), monitor)


def items_of(
    prompts: Sequence[Any], completions: Sequence[Any], given: Mapping[str, Any]
) -> list[Item]:
    """Return an item for each completion; those of one prompt share a group."""
    columns = {
        name: values
        for name, values in given.items()
        if name not in _NO_COLUMN
        and isinstance(values, list | tuple)
        and len(values) == len(completions)
    }
    groups: dict[str, int] = {}
    items = []
    for place, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        own = {name: values[place] for name, values in columns.items()}
        reference, context = (own.pop(name, None) for name in _TEXTS)
        group = groups.setdefault(repr(prompt), len(groups))
        items.append(
            Item(
                id=str(place), group=str(group), input=as_said(prompt),
                output=as_answer(completion), reference=as_text_or_none(reference),
                context=as_text_or_none(context), metadata=own,
            )
        )  # fmt: skip
    return items


def _numbers(results: Sequence[Reward | Abstain], criteria: Sequence[str]) -> dict[str, float]:
    """Return what is worth a line in the log; a criterion that nothing has a value of is not."""
    if not results:
        return {}
    lost = sum(isinstance(one, Abstain) for one in results)
    found = {"judge/abstain_rate": lost / len(results)}
    for name in criteria:
        values = [v for one in results if (v := one.values.get(name)) is not None]
        if values:
            found[f"judge/{name}"] = sum(values) / len(values)
    return found
