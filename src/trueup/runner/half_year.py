"""A simulated half year under watch, in which a prompt games the judge by length."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from trueup.goodhart.cells import Cells, read_cells
from trueup.goodhart.explain import explain
from trueup.goodhart.spec import Signal, WatchSpec
from trueup.goodhart.watching import backtest_cells
from trueup.testing.histories import SCENARIOS, simulate_history

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.goodhart.look import Look

WEEKS = 26
SECOND = 6
"""Week in which prompt version 2 came, which changed nothing."""
SCENARIO = replace(
    SCENARIOS["verbosity"],
    items=1500,
    users=800,
    monitored=14,
    onset=4,
    length_effect=0.7,
)
SPEC = WatchSpec(
    time="timestamp",
    judge="judge",
    judge_repeat="judge_rep",
    segment="segment",
    group="user",
    features=("log_length", "markup", "hedges"),
    signals=(
        Signal("thumbs", better="higher", arrived="thumbs_at"),
        Signal("retries", better="lower", arrived="retries_at"),
        Signal("edit_rate", better="lower", arrived="edit_rate_at"),
    ),
    design="weekly",
    horizon=14,
)


@dataclass(frozen=True, slots=True)
class HalfYear:
    """What was watched, every look at it, and where to look for the cause."""

    cells: Cells
    spec: WatchSpec
    looks: list[Look]
    explained: tuple[str, ...]


def watch_half_year(folder: Path) -> HalfYear:
    """Simulate the half year and look at it at the end of every week.

    Args:
        folder: Where `history.parquet` is written, a row a reply.
    """
    frame = simulate_history(SCENARIO, seed=3)
    gamed = frame["version"].astype(str) == "v2"
    second = frame["timestamp"].min() + pd.Timedelta(weeks=SECOND)
    frame["version"] = np.select([gamed, frame["timestamp"] >= second], ["3", "2"], default="1")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "history.parquet"
    frame.to_parquet(path, index=False)
    cells = read_cells(path, SPEC)
    looks = backtest_cells(cells, SPEC)
    return HalfYear(cells, SPEC, looks, tuple(explain(cells, SPEC, looks[-1]).sentences))
