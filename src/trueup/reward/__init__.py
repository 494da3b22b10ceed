"""Rewards: a judge inside a training loop; a value or the reason for none, never a guess.

from trueup import Scorer

with Scorer("rubrics/reply.yaml", "judges/mini.yaml", deadline=20) as scorer:
    for result in scorer.score_batch(outputs):
        ...     # Reward: value in [0, 1], per-criterion values, bounds; or Abstain: reason


"""

from __future__ import annotations

from trueup.reward.latency import Stats
from trueup.reward.ranks import ranked
from trueup.reward.scorer import Scorer
from trueup.reward.trust import Trust
from trueup.reward.value import Abstain, Partial, Reward

__all__ = ["Abstain", "Partial", "Reward", "Scorer", "Stats", "Trust", "ranked"]
