"""Simulated years, looked at week by week; `benchmarks/drift.py` does a thousand of each."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trueup.agreement.drift import attribute, watch
from trueup.testing.weeks import Shift, Truth, simulate_weeks, week_name

YEARS = 20
SHIFTS = {"judge": 0.1, "raters": 0.1, "traffic": 0.2, "system": -0.08, "rubric": -0.08}


def blamed(cause: str, seed: int) -> dict[str, int]:
    """Return what is named in a year, and the first week in which it is, less the change's."""
    rng = np.random.default_rng([seed, 17])
    at = int(rng.integers(13, 31))
    shift = Shift(cause=cause, week=at, size=SHIFTS[cause])  # type: ignore[arg-type] # one of them
    watched = watch(simulate_weeks(Truth(shifts=(shift,)), rng))
    first: dict[str, int] = {}
    for week in range(52):
        for change in attribute(watched, until=week_name(week)):
            for named in change.causes:
                first.setdefault(named.value, week - at)
    return first


@pytest.mark.parametrize("cause", SHIFTS)
def test_a_years_change_gets_its_cause_and_no_other(cause: str) -> None:
    years = [blamed(cause, seed) for seed in range(YEARS)]
    right = sum(first.get(cause, -1) >= 0 for first in years)
    wrong = sum(bool(first.keys() - {cause}) for first in years)

    assert right >= 0.8 * YEARS
    assert wrong <= 0.05 * YEARS + 2 * math.sqrt(0.05 * 0.95 * YEARS)


def test_years_in_which_nothing_changes_ring_no_oftener_than_stated() -> None:
    years, stated = 60, 0.1
    rung = sum(
        bool(watch(simulate_weeks(Truth(items=500), seed), yearly=stated).alarms)
        for seed in range(years)
    )

    assert rung <= stated * years + 2 * math.sqrt(stated * (1 - stated) * years)
