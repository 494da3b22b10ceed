"""Simulated A/B tests: users are drawn at random into a new version's arm and the old one's.

An experiment is a `Scenario` without reference weeks of which a share of users is held back; weekly
shocks come to both arms alike.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from trueup.testing.histories.history import simulate_arrays, to_frame
from trueup.testing.histories.scenario import Scenario
from trueup.testing.histories.table import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

_BASE = Scenario(
    name="a/a", reference=0, monitored=4, holdback=0.5, arms=("treatment", "control"),
    users=1500, active=0.7, user_shock=0.12, judge_shock=0.08,
)  # fmt: skip

_TABLE: dict[str, dict[str, Any]] = {
    "a/a": {},
    "gain": {"real": 0.30},
    "gain_small": {"real": 0.12},
    "gain_overstated_2": {"real": 0.30, "overstatement": 2.3},
    "gain_overstated_3": {"real": 0.30, "overstatement": 3.0},
    "gain_clustered": {"real": 0.30, "users": 200, "user_share": 0.3, "heavy": 1.0, "mood": 0.5},
    "boundary": {"real": 0.15, "gamed": 0.15},
    "gaming": {"gamed": 0.30},
    "gaming_small": {"gamed": 0.12},
    "gaming_overstated_3": {"gamed": 0.30, "overstatement": 3.0},
    "partial": {"real": 0.06, "gamed": 0.24},
    "verbosity": {"length_shift": 0.5, "length_effect": 0.6},
    "backfire": {"real": -0.10, "gamed": 0.40},
    "answers_move": {"answer_shift": 1.8},
}

EXPERIMENTS: Mapping[str, Scenario] = MappingProxyType(
    {name: replace(_BASE, name=name, **fields) for name, fields in _TABLE.items()}
)
"""A/B tests by name: 3,000 replies a week over four weeks and 1,500 users, half in each arm."""


def simulate_experiment(
    experiment: Scenario | str = "a/a",
    seed: int | np.random.Generator = 0,
    *,
    hidden: bool = False,
) -> pd.DataFrame:
    """Return the records of an A/B test, with columns as `simulate_history` gives them.

    Args:
        experiment: What to simulate; a name stands for that of `EXPERIMENTS`. With reference weeks
            it has records from before the test, for the same users and both on the first version.
        seed: Equal seeds give equal frames.
        hidden: Whether to add `week` and the true `quality`.

    Raises:
        ValueError: nobody is held back, so that there is no second arm.

    >>> frame = simulate_experiment("gaming", seed=1)
    >>> frame.groupby("arm", observed=True).judge.mean().round(1).to_dict()
    {'treatment': 3.5, 'control': 3.2}
    """
    found = experiment
    if isinstance(found, str):
        found = named(found, EXPERIMENTS, "experiment")
    if not found.holdback:
        raise ValueError(f"Experiment {found.name} has one arm; set `holdback`.")
    return to_frame(simulate_arrays(found, seed), found, hidden=hidden)
