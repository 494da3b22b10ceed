"""Ranks within a group: what counts is which completion of a prompt is better than which."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.reward.value import Reward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.reward.value import Abstain


def ranked(results: Sequence[Reward | Abstain]) -> list[Reward | Abstain]:
    """Return results whose values are ranks within their group, from 0 (worst) to 1 (best).

    Ties share the mean of their ranks. Of a group of two the better one gets 1, the other 0, and
    both .5 where they tie: a pairwise reward. Abstentions have no rank and shift nobody's; where
    only one of a group has a value, there is nothing to compare it with, and it gets .5. `low` and
    `high` are those of the rank: an abstention or a bound might take any place.

    Args:
        results: Of one batch, each with its group; results without one form a group together.
    """
    groups: dict[str | None, list[Reward]] = defaultdict(list)
    lost: dict[str | None, int] = defaultdict(int)
    for result in results:
        if isinstance(result, Reward):
            groups[result.group].append(result)
        else:
            lost[result.group] += 1
    return [
        _placed(result, groups[result.group], lost[result.group])
        if isinstance(result, Reward)
        else result
        for result in results
    ]


def _placed(result: Reward, group: Sequence[Reward], lost: int) -> Reward:
    below = sum(other.value < result.value for other in group)
    ties = sum(other.value == result.value for other in group) - 1
    others = len(group) - 1
    value = (below + ties / 2) / others if others else 0.5
    surely_below = sum(other.high < result.low for other in group if other is not result)
    surely_above = sum(other.low > result.high for other in group if other is not result)
    whole = others + lost
    return replace(
        result,
        value=value,
        low=min(surely_below / whole, value) if whole else value,
        high=max(1.0 - surely_above / whole, value) if whole else value,
    )
