"""In the training loop: stop a run whose reward is being gamed, and best-of-n without training."""

from __future__ import annotations

from trueup.goodhart.training.advice import (
    Action,
    Advice,
    Alarm,
    UnusableReading,
    UnusableSetting,
)
from trueup.goodhart.training.monitor import TrainingMonitor
from trueup.goodhart.training.selection import BestOfN, best_of_n

__all__ = [
    "Action",
    "Advice",
    "Alarm",
    "BestOfN",
    "TrainingMonitor",
    "UnusableReading",
    "UnusableSetting",
    "best_of_n",
]
