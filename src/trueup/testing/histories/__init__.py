"""Simulated histories of a product with a judge and users, with the truth known.

For tests, benchmarks and planning of Goodhart detectors. Everything is made up by a random
generator: `Scenario` says what can be set, `SCENARIOS`, `EXPERIMENTS` and `RELEASES` hold the usual
cases by name, and `expected` says in closed form what is true of one.
"""

from __future__ import annotations

from trueup.testing.histories.expected import Expected, expected
from trueup.testing.histories.experiment import EXPERIMENTS, simulate_experiment
from trueup.testing.histories.history import (
    as_of,
    simulate_arrays,
    simulate_history,
    to_frame,
    week_end,
)
from trueup.testing.histories.ledger import Effects, Ledger, Past, simulate_ledger
from trueup.testing.histories.release import (
    RELEASES,
    Releases,
    draw_releases,
    simulate_releases,
)
from trueup.testing.histories.scenario import Release, Scenario, Segment
from trueup.testing.histories.table import SCENARIOS, TABLE

__all__ = [
    "EXPERIMENTS",
    "RELEASES",
    "SCENARIOS",
    "TABLE",
    "Effects",
    "Expected",
    "Ledger",
    "Past",
    "Release",
    "Releases",
    "Scenario",
    "Segment",
    "as_of",
    "draw_releases",
    "expected",
    "simulate_arrays",
    "simulate_experiment",
    "simulate_history",
    "simulate_ledger",
    "simulate_releases",
    "to_frame",
    "week_end",
]
