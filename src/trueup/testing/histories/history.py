"""Records of a simulated product: one row per reply, as a product's logs would hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trueup.testing.histories.replies import (
    HEDGES,
    LENGTH,
    MARKUP,
    draw_replies,
    draw_shocks,
    drift_latent,
)
from trueup.testing.histories.scale import call_noise, to_points
from trueup.testing.histories.signals import NEVER, SIGNALS, draw_signals
from trueup.testing.histories.table import SCENARIOS, named
from trueup.testing.histories.traffic import draw_traffic, growth, instants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from trueup.testing.histories.replies import Shocks
    from trueup.testing.histories.scenario import Scenario

    Arrays = dict[str, NDArray[Any]]


def simulate_history(
    scenario: Scenario | str = "null",
    seed: int | np.random.Generator = 0,
    *,
    hidden: bool = False,
) -> pd.DataFrame:
    """Return the records of a made-up product whose truth the scenario states.

    Args:
        scenario: What to simulate; a name stands for the scenario of that name in `SCENARIOS`.
        seed: Equal seeds give equal frames.
        hidden: Whether to add `week` and the true `quality`, which no product knows.

    Returns:
        One row per reply in order of time. `judge` and `judge_rep` (a second call) are points,
        signals are NaN and their `_at` NaT where not given; `judge_weight` is there where only a
        sample is judged (where the judge abstained there is a weight and no score), `anchor` (the
        name of a frozen output) where there are anchors.

    >>> frame = simulate_history("gaming", seed=1)
    >>> len(frame), f"{frame.judge.mean():.1f}"
    (114000, '3.5')
    """
    found = named(scenario, SCENARIOS, "scenario") if isinstance(scenario, str) else scenario
    return to_frame(simulate_arrays(found, seed), found, hidden=hidden)


def simulate_arrays(scenario: Scenario, seed: int | np.random.Generator = 0) -> Arrays:
    """Return the same records as arrays of shape (n,), without the cost of a frame.

    Instants are microseconds since 1970 in UTC (the least integer for never); `segment`, `arm` and
    `version` are positions in the scenario's `segments`, `arms` and `versions`. `week` and
    `quality` are the truth.
    """
    rng = np.random.default_rng(seed)
    traffic = draw_traffic(scenario, rng)
    shocks = draw_shocks(scenario, rng)
    replies = draw_replies(scenario, traffic, shocks, rng)
    found: Arrays = {
        "id": np.arange(traffic.week.size),
        "timestamp": traffic.time,
        "user": traffic.user,
        "segment": traffic.segment,
        "version": traffic.version,
        "arm": traffic.held.astype(np.int64),
        "judge": replies.judge,
        "judge_rep": replies.judge_rep,
    }
    for name, signal in draw_signals(scenario, traffic, replies, rng).items():
        found[name] = signal.value
        found[f"{name}_at"] = signal.at
    found |= {
        "log_length": replies.log_length,
        "markup": replies.markup,
        "hedges": replies.hedges,
        "week": traffic.week,
        "quality": replies.quality,
    }
    if scenario.judged != 1:
        found["judge_weight"] = replies.weight
    if scenario.anchors:
        found["anchor"] = np.full(traffic.week.size, -1)
        found = _with_anchors(scenario, found, shocks, rng)
    return found


def to_frame(
    arrays: Mapping[str, NDArray[Any]], scenario: Scenario, *, hidden: bool = False
) -> pd.DataFrame:
    """Return records as a frame, with names for codes and UTC for instants."""
    names = {
        "segment": [s.name for s in scenario.segments],
        "version": list(scenario.versions),
        "arm": list(scenario.arms),
    }
    if "anchor" in arrays:
        names["anchor"] = [f"anchor-{i}" for i in range(scenario.anchors)]
    columns: dict[str, Any] = {}
    for name, values in arrays.items():
        if name in {"week", "quality"} and not hidden:
            continue
        if name in names:
            columns[name] = pd.Categorical.from_codes(
                values.astype(np.int64), categories=pd.Index(names[name])
            )
        elif name == "timestamp" or name.endswith("_at"):
            columns[name] = pd.DatetimeIndex(values.view("M8[us]")).tz_localize("UTC")
        else:
            columns[name] = values
    return pd.DataFrame(columns, copy=False)


def as_of(frame: pd.DataFrame, when: pd.Timestamp) -> pd.DataFrame:
    """Return what was known at an instant: no later reply, and no signal that arrived later.

    A signal without an arrival time stays: nothing says when it was known.
    """
    known = frame[frame["timestamp"] < when].copy()
    for name in SIGNALS:
        late = known[f"{name}_at"] >= when
        known.loc[late, name] = np.nan
        known.loc[late, f"{name}_at"] = pd.NaT
    return known


def week_end(scenario: Scenario, week: int) -> pd.Timestamp:
    """Return the instant at which a monitored week, counted from 0, is over."""
    days = (scenario.reference + week + 1) * scenario.days
    return pd.Timestamp(scenario.start, tz="UTC") + pd.Timedelta(days=days)


def _with_anchors(
    scenario: Scenario, found: Arrays, shocks: Shocks, rng: np.random.Generator
) -> Arrays:
    """Return the records with the anchors' rows among them, in order of time."""
    size, weeks = scenario.anchors, scenario.weeks
    n = size * weeks
    quality = rng.standard_normal(size)
    length = scenario.length_spread * rng.standard_normal(size)
    lasting = quality + scenario.sticky * rng.standard_normal(size)
    markup = rng.poisson(MARKUP, size).astype(float)
    lasting += scenario.length_effect * length + scenario.markup_effect * (markup - MARKUP)
    week = np.repeat(np.arange(weeks), size)
    drift = drift_latent(scenario) * growth(scenario)
    seen = np.tile(lasting, weeks) + (shocks.judge + drift)[week]
    noise = call_noise(scenario.reliability, levels=scenario.levels)
    rows: Arrays = {
        "id": found["id"].size + np.arange(n),
        "timestamp": instants(scenario, week, rng.random(n)),
        "user": np.full(n, -1),
        "segment": np.tile(rng.integers(len(scenario.segments), size=size), weeks).astype(np.int64),
        "judge": to_points(seen + noise * rng.standard_normal(n), levels=scenario.levels),
        "log_length": np.tile(LENGTH + length, weeks),
        "markup": np.tile(markup, weeks),
        "hedges": np.tile(rng.poisson(HEDGES, size), weeks).astype(float),
        "week": week,
        "quality": np.tile(quality, weeks),
        "anchor": np.tile(np.arange(size), weeks),
    }
    empty = {"f": np.nan, "i": 0}
    order = np.argsort(np.concatenate([found["timestamp"], rows["timestamp"]]), kind="stable")
    joined: Arrays = {}
    for name, values in found.items():
        fill = NEVER if name.endswith("_at") else empty[values.dtype.kind]
        added = rows.get(name, np.full(n, fill, dtype=values.dtype))
        joined[name] = np.concatenate([values, added])[order]
    return joined
