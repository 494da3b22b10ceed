"""Explained looks at simulated histories, worked out once."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.goodhart.conftest import spec_of
from trueup.goodhart import backtest_cells, read_cells
from trueup.goodhart.explain import Explanation, explain
from trueup.testing.histories import SCENARIOS, simulate_history

if TYPE_CHECKING:
    from collections.abc import Callable

FEATURES = ("log_length", "markup", "hedges")


@lru_cache(maxsize=32)
def _explained(name: str, seed: int, changes: tuple[tuple[str, Any], ...]) -> Explanation:
    fields = {"monitored": 14, **dict(changes)}
    scenario = replace(SCENARIOS[name], **fields)
    spec = spec_of(features=FEATURES, horizon=fields["monitored"])
    cells = read_cells(simulate_history(scenario, seed), spec)
    return explain(cells, spec, backtest_cells(cells, spec)[-1])


@pytest.fixture
def explained() -> Callable[..., Explanation]:
    """Return what explains the last look at a simulated history."""

    def found(name: str, seed: int = 1, **changes: Any) -> Explanation:
        return _explained(name, seed, tuple(sorted(changes.items())))

    return found
