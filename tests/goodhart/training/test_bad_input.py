"""What a training loop may hand over by mistake: one sentence, and no error of numpy's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trueup.errors import ConfigError
from trueup.goodhart import TrainingMonitor, best_of_n
from trueup.goodhart.training import UnusableReading, UnusableSetting

NAN = float("nan")


class _WithGradient:
    """A tensor that refuses, as one of torch's that a gradient is kept for."""

    def __array__(self, *_: object, **__: object) -> np.ndarray[Any, Any]:
        raise RuntimeError("call detach first")

    def __float__(self) -> float:
        raise RuntimeError("call detach first")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("margin", "0.05"), ("margin", None), ("margin", [0.1]), ("margin", NAN), ("margin", True),
     ("share", "half"), ("share", 2), ("alpha", 0.9), ("alpha", {}), ("window", "60"),
     ("window", 60.0), ("window", None), ("window", 1), ("window", True), ("scale", 1.0),
     ("scale", "01"), ("scale", (1, 0)), ("scale", (0, None)), ("scale", (0, 1, 2)),
     ("gold_scale", (0, NAN)), ("gold_scale", ("a", "b")), ("gold_scale", (0, 10**400))],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_told(setting: str, value: Any) -> None:
    with pytest.raises(UnusableSetting, match=rf"TrainingMonitor: {setting} is .*\. Give ") as told:
        TrainingMonitor(**{setting: value})
    assert isinstance(told.value, ConfigError)
    assert isinstance(told.value, ValueError)


def test_settings_of_numpy_are_kept_as_plain_numbers() -> None:
    monitor = TrainingMonitor(margin=np.float32(0.1), window=np.int64(30))  # type: ignore[arg-type] # what loops hold
    monitor.update(np.int64(0), np.float32(0.3), np.float32(0.3))

    assert TrainingMonitor.from_dict(monitor.to_dict()).update(1, 0.3, 0.3).readings == 2


@pytest.mark.parametrize(
    "value",
    ["high", {"a": 1}, [1, [2, 3]], 1j, np.array([1j]), 10**400, _WithGradient(), object(),
     np.array(["2026-01-01"], dtype="datetime64[s]"), pd.Series(["a"]), [pd.NA], [[0.1], [0.2]],
     []],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
@pytest.mark.parametrize("which", ["proxy", "gold"])
def test_scores_that_are_no_numbers_are_told(which: str, value: Any) -> None:
    monitor = TrainingMonitor()
    before = monitor.to_dict()
    given = {"proxy": 0.5, "gold": 0.5, which: value}

    with pytest.raises(UnusableReading, match=f"step 3: {which} "):
        monitor.update(3, given["proxy"], given["gold"])
    assert monitor.to_dict() == before


@pytest.mark.parametrize(
    "kl", ["much", 1j, [1, 2], 10**400, _WithGradient(), {}], ids=lambda value: type(value).__name__
)
def test_a_divergence_that_is_no_number_is_told(kl: Any) -> None:
    with pytest.raises(UnusableReading, match="step 3: kl is "):
        TrainingMonitor().update(3, 0.5, 0.5, kl=kl)


@pytest.mark.parametrize(
    "step", ["3", None, 2.5, NAN, [3], Decimal("2.5"), 1j], ids=lambda value: type(value).__name__
)
def test_a_step_that_is_no_number_is_told(step: Any) -> None:
    with pytest.raises(UnusableReading, match="step is "):
        TrainingMonitor().update(step, 0.5, 0.5)


def test_a_masked_score_is_a_missing_one() -> None:
    masked = np.ma.masked_array([0.5, 0.9], mask=[False, True])
    one, other = TrainingMonitor(), TrainingMonitor()

    assert one.update(0, masked, [0.5, 0.5]) == other.update(0, [0.5, NAN], [0.5, 0.5])
    assert one.to_dict() == other.to_dict()


@pytest.mark.parametrize(
    "table",
    ["abc", "12", None, 5, {}, {"a": [1]}, [1, "b"], [[1, 2], "cd"], [[1j, 2]], np.array([[1j]]),
     [[10**400, 1]], [_WithGradient()], _WithGradient()],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_table_that_is_none_is_told(table: Any) -> None:
    with pytest.raises(ConfigError, match="proxy or gold is no table of numbers"):
        best_of_n(table, [[1.0, 2.0]])


@pytest.mark.parametrize(
    "ns",
    [3, "12", [], ["a"], [None], [0], [-1], [1.5], [NAN], [np.inf], [True]],
    ids=lambda value: type(value).__name__,
)
def test_numbers_of_samples_that_cannot_be_are_told(ns: Any) -> None:
    with pytest.raises(UnusableSetting, match=r"best_of_n: ns is .* Give a list of whole numbers"):
        best_of_n([[1.0, 2.0]], [[1.0, 2.0]], ns=ns)


def test_samples_may_come_from_a_generator_or_a_frame() -> None:
    rows = [[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]]
    wanted = best_of_n(rows, rows)

    assert best_of_n(iter(rows), iter(rows)) == wanted  # type: ignore[arg-type] # what loops hold
    assert best_of_n(pd.DataFrame(rows), np.array(rows)) == wanted
