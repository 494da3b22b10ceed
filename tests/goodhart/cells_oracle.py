"""Cells row by row in plain Python: slow, and too simple to be wrong in the same way."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from trueup.goodhart.cells import Cells
    from trueup.goodhart.spec import Signal, WatchSpec

SKEW = pd.Timedelta(minutes=5)


def number(value: Any) -> float | None:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    found = float(value)
    return found if math.isfinite(found) else None


def word(row: dict[str, Any], name: str | None) -> str:
    if name is None or pd.isna(row[name]):
        return ""
    return str(row[name])


def signal_of(row: dict[str, Any], signal: Signal, until: pd.Timestamp | None) -> float | None:
    value = number(row[signal.name])
    value = signal.absent if value is None else value
    time = row["t"]
    closes = time + signal.window
    closed = until is None or closes <= until
    if signal.arrived is None:
        return value if closed else None
    at = row[signal.arrived]
    if signal.absent is not None and not closed:
        return None  # fewer values than would tell how long they take
    if pd.isna(at):
        return value if closed else signal.absent
    if at < time - SKEW:
        return None
    if at > closes or (until is not None and at > until):
        return signal.absent
    return value


def oracle(
    frame: pd.DataFrame, spec: WatchSpec, cells: Cells, until: pd.Timestamp | None = None
) -> dict[tuple[Any, ...], dict[str, float]]:
    """Return sums per cell without the bucket, which is a hash."""
    found: dict[tuple[Any, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for values in frame.to_dict("records"):
        row = {str(name): value for name, value in values.items()}
        if spec.anchor and not pd.isna(row[spec.anchor]):
            continue
        row["t"] = row[str(spec.time)]
        if pd.isna(row["t"]) or row["t"] < cells.origin or (until and row["t"] >= until):
            continue
        j = number(row[spec.judge])
        bin_ = 255 if j is None else sum(j > edge for edge in cells.edges)
        period = (row["t"] - cells.origin) // spec.step
        texts = [word(row, name) for name in (spec.version, spec.arm, spec.instrument)]
        cell = found[(*texts, period, word(row, spec.segment), bin_)]
        add_row(cell, row, spec, j, until)
    return found


def add_row(
    cell: dict[str, float],
    row: dict[str, Any],
    spec: WatchSpec,
    j: float | None,
    until: pd.Timestamp | None,
) -> None:
    weight = number(row[spec.judge_weight]) if spec.judge_weight else 1.0
    w = weight if j is not None and weight is not None and weight > 0 else None
    cell["n"] += 1
    cell["nj"] += j is not None
    if j is not None and w is not None:
        for name, value in (("w", w), ("wj", w * j), ("wjj", w * j * j)):
            cell[name] += value
    for k, signal in enumerate(spec.signals):
        p = signal_of(row, signal, until)
        raw = number(row[signal.name])
        if signal.arrived:
            early = raw is not None and row[signal.arrived] < row["t"] - SKEW
            cell[f"b{k}"] += bool(early)
        if p is None:
            continue
        for name, value in (("m", 1), ("s", p), ("q", p * p)):
            cell[f"{name}{k}"] += value
        if j is not None and w is not None:
            both = {"g": w, "gj": w * j, "gjj": w * j * j, "gp": w * p, "gjp": w * j * p}
            for name, value in both.items():
                cell[f"{name}{k}"] += value
    j2 = number(row[spec.judge_repeat]) if spec.judge_repeat else None
    if j is not None and j2 is not None:
        twice = {"rn": 1, "ra": j, "rb": j2, "raa": j * j, "rbb": j2 * j2, "rab": j * j2}
        for name, value in twice.items():
            cell[name] += value
    add_explained(cell, row, spec, j, w)


def add_explained(
    cell: dict[str, float], row: dict[str, Any], spec: WatchSpec, j: float | None, w: float | None
) -> None:
    xs = [number(row[name]) for name in spec.features]
    known = [x for x in xs if x is not None]
    if xs and len(known) == len(xs) and j is not None and w is not None:
        for name, value in (("fn", w), ("fj", w * j), ("fjj", w * j * j)):
            cell[name] += value
        for i, x in enumerate(known):
            cell[f"fx{i}"] += w * x
            cell[f"fxj{i}"] += w * x * j
        for i, o in combinations_with_replacement(range(len(known)), 2):
            cell[f"fxx{i}_{o}"] += w * known[i] * known[o]
    for i, name in enumerate(spec.criteria):
        value_ = number(row[name])
        weight = w if spec.judge_weight else 1.0
        if value_ is not None and weight is not None:
            cell[f"d{i}"] += weight
            cell[f"e{i}"] += weight * value_


def check(cells: Cells, wanted: dict[tuple[Any, ...], dict[str, float]]) -> None:
    """Compare every sum of every cell, buckets added up."""
    names = ("version", "arm", "instrument", "period", "segment", "bin")
    found: dict[tuple[Any, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for place in range(len(cells)):
        key = tuple(cells.keys[name][place].item() for name in names)
        for name, values in cells.sums.items():
            found[key][name] += values[place]
    assert found.keys() == wanted.keys()
    for key, sums in found.items():
        assert set(wanted[key]) <= set(sums)
        for name, value in sums.items():
            np.testing.assert_allclose(value, wanted[key].get(name, 0.0), atol=1e-9, err_msg=name)
