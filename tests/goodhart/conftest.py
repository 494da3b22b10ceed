"""Simulated histories that several tests look at."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest

from trueup.goodhart import Signal, WatchSpec, backtest
from trueup.testing.histories import SCENARIOS, simulate_history

if TYPE_CHECKING:
    from collections.abc import Callable

    from trueup.goodhart import Look

SIGNALS = (
    Signal("thumbs", better="higher", arrived="thumbs_at", within="14d"),
    Signal("retries", better="lower", arrived="retries_at", within="14d"),
    Signal("edit_rate", better="lower", arrived="edit_rate_at", within="14d"),
)


def spec_of(**fields: object) -> WatchSpec:
    """Return the spec of a simulated history."""
    given = {
        "time": "timestamp", "judge": "judge", "judge_repeat": "judge_rep", "segment": "segment",
        "group": "user", "signals": SIGNALS, "design": "weekly", "period": "7d", "reference": 12,
        "horizon": 26, **fields,
    }  # fmt: skip
    return WatchSpec(**given)  # type: ignore[arg-type] # any of its fields


@lru_cache(maxsize=32)
def _looks(name: str, seed: int, changes: tuple[tuple[str, object], ...]) -> tuple[Look, ...]:
    scenario = replace(SCENARIOS[name], **dict(changes))  # type: ignore[arg-type] # any of its fields
    extra = {}
    if scenario.anchors:
        extra["anchor"] = "anchor"
    if scenario.judged != 1:
        extra["judge_weight"] = "judge_weight"
    return tuple(backtest(simulate_history(scenario, seed=seed), spec_of(**extra)))


@pytest.fixture(scope="session")
def looks() -> Callable[..., tuple[Look, ...]]:
    """Return a function from a scenario's name (and seed and changes) to its backtest."""

    def found(name: str, seed: int = 1, **changes: object) -> tuple[Look, ...]:
        return _looks(name, seed, tuple(sorted(changes.items())))

    return found
