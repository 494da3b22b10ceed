"""A judge as verl's custom reward function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from trueup.integrations.declared import Declared
from trueup.integrations.messages import as_said, as_text_or_none
from trueup.item.model import Item
from trueup.reward import Abstain, Scorer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from trueup.integrations.declared import OnAbstain
    from trueup.reward import Partial
    from trueup.rubric.model import Rubric


class ComputeScore(Protocol):
    """verl's reward function.

    Attributes:
        scorer: Scores the outputs; close it after the run, or leave that to the exit.
    """

    scorer: Scorer

    async def __call__(
        self,
        data_source: str,
        solution_str: str,
        ground_truth: Any,
        extra_info: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> dict[str, float]:
        """Return `score`, and figures for verl's log."""
        ...


def verl_compute_score(
    *,
    rubric: str | Path | Rubric,
    judge: object = None,
    deadline: float = 30.0,
    partial: Partial = "abstain",
    on_abstain: OnAbstain = "raise",
    constant: float | None = None,
    prompt: str = "question",
    pass_at: float = 0.5,
) -> ComputeScore:
    """Return a function for verl's `reward.custom_reward_function`.

    Assign it to a name in a module of yours, and name both in verl's configuration. It is awaited
    for each output by itself and returns the same keys every time: `score`; `acc`, 1 where the
    score is at least `pass_at`; `abstain`, 1 where the judge gave none; and each criterion under
    its id. What has no value is NaN there, `acc` of an abstention too, never 0.

    verl knows no missing reward. By default an abstention raises `NoReward`, which ends the run
    with verl's naive, dapo and gdpo managers. The `rate_limited` one turns every exception into a
    reward of 0 by itself: do not use it without `on_abstain="constant"`.

    Args:
        rubric: As of `Scorer`.
        judge: As of `Scorer`.
        deadline: As of `Scorer`, for each output.
        partial: As of `Scorer`.
        on_abstain: `raise`, or hand out the `constant`.
        constant: For abstentions, such as the mean reward that is expected.
        prompt: Key of `extra_info` under which the dataset keeps what the model was asked.
        pass_at: Score from which on `acc` is 1.

    Raises:
        ConfigError: The policy is no such thing.
        TrueupError: As of `Scorer`.
    """
    declared = Declared(on_abstain, constant)
    scorer = Scorer(rubric, judge, deadline=deadline, partial=partial)
    criteria = [c.id for c in scorer.rubric.criteria]

    # a plain async function, since verl recognises no other
    async def compute_score(
        data_source: str,
        solution_str: str,
        ground_truth: Any,
        extra_info: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> dict[str, float]:
        own = dict(extra_info or {})
        asked, context = own.pop(prompt, None), own.pop("context", None)
        item = Item(
            id="0", output=solution_str, input="" if asked is None else as_said(asked),
            reference=as_text_or_none(ground_truth), context=as_text_or_none(context),
            segment=data_source, metadata=own,
        )  # fmt: skip
        (result,) = await scorer.ascore_batch([item])
        lost = isinstance(result, Abstain)
        score = declared.value(result)
        values = {name: result.values.get(name) for name in criteria}
        return {
            "score": score,
            "acc": float("nan") if lost else float(score >= pass_at),
            "abstain": float(lost),
            **{name: float("nan") if value is None else value for name, value in values.items()},
        }

    found = cast("ComputeScore", compute_score)
    found.scorer = scorer
    return found
