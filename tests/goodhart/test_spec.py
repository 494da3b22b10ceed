"""What to watch: what is refused before any data are seen, and how spans are read."""

from __future__ import annotations

import datetime as dt
import math
import re
from pathlib import Path
from typing import Any

import pytest

from trueup.errors import ConfigError
from trueup.goodhart.spec import Signal, WatchSpec, span

THUMBS = Signal("thumbs", arrived="thumbs_at")


@pytest.mark.parametrize(
    ("text", "days"), [("14d", 14), ("2w", 14), ("36h", 1.5), ("90m", 0.0625), (" 1.5 d ", 1.5)]
)
def test_lengths_of_time_are_read(text: str, days: float) -> None:
    assert span(text, "period") == dt.timedelta(days=days)


@pytest.mark.parametrize("text", ["", "14", "d", "0d", "-3d", "two weeks", "14d 3h"])
def test_what_is_no_length_of_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="as in '14d'"):
        span(text, "period")


def test_a_length_of_time_may_be_a_timedelta() -> None:
    assert span(dt.timedelta(hours=3), "period") == dt.timedelta(hours=3)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("alpha", 0.0, "alpha is 0.0"),
        ("alpha", 0.6, "alpha is 0.6"),
        ("c", 1.0, "c is 1.0"),
        ("overstate", 0.5, "at least 1"),
        ("worth", -1.0, "must be positive"),
        ("reference", 0, "reference is 0"),
        ("horizon", 0, "horizon is 0"),
        ("reliability", 1.5, "reliability is 1.5"),
        ("design", "monthly", "Write auto, concurrent, releases or weekly"),
        ("period", "soon", "period is 'soon'"),
        ("starts", "always", "starts is 'always'"),
        ("primary", "thumb", "Did you mean 'thumbs'"),
        ("time", None, "neither time nor version"),
    ],
)
def test_a_spec_that_cannot_work_is_refused(field: str, value: object, words: str) -> None:
    given = {"judge": "judge", "signals": [THUMBS], "time": "at", field: value}

    with pytest.raises(ConfigError, match=words):
        WatchSpec(**given)  # type: ignore[arg-type] # wrong on purpose


def test_a_signal_cannot_be_the_judge_nor_be_named_twice() -> None:
    with pytest.raises(ConfigError, match="both the judge and a signal"):
        WatchSpec(judge="thumbs", signals=[THUMBS], time="at")
    with pytest.raises(ConfigError, match="named twice"):
        WatchSpec(judge="judge", signals=[THUMBS, THUMBS], time="at")


def test_a_direction_is_higher_or_lower() -> None:
    with pytest.raises(ConfigError, match="'higher' or 'lower'"):
        Signal("retries", better="down")  # type: ignore[arg-type] # wrong on purpose


def test_one_signal_need_not_be_a_list() -> None:
    spec = WatchSpec(judge="judge", signals=THUMBS, time="at")  # type: ignore[arg-type] # kindness

    assert spec.signals == (THUMBS,)


def test_every_named_column_is_listed_with_its_role() -> None:
    spec = WatchSpec(judge="j", signals=[THUMBS], time="at", group="user", features=["length"])

    assert spec.columns == {
        "judge": "j", "time": "at", "group": "user", "signal 'thumbs'": "thumbs",
        "signal 'thumbs': arrived": "thumbs_at", "feature 1": "length",
    }  # fmt: skip


def test_looks_left_out_are_those_of_the_design() -> None:
    spec = WatchSpec(judge="judge", signals=[THUMBS], time="at")

    assert (spec.looks("weekly"), spec.looks("concurrent")) == (26, 4)
    assert WatchSpec(judge="j", signals=[THUMBS], time="at", horizon=None).looks("weekly") is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("alpha", "0.05", "alpha is 0.05"),
        ("overstate", float("nan"), "overstate is nan"),
        ("worth", float("nan"), "worth is nan"),
        ("reference", float("nan"), "reference is nan"),
        ("horizon", "26", "horizon is '26'"),
        ("horizon", 10**6, "None has no end"),
        ("starts", 5, "starts is 5"),
        ("starts", [], "starts is"),
        ("starts", [2.5], "starts names 2.5"),
        ("starts", [-3], "starts names -3"),
        ("period", "99999999999d", "longer than ten years"),
        ("judge", None, "judge is None"),
        ("judge_repeat", "thumbs", "both the judge's second answer and a signal"),
        ("judge_weight", "thumbs", "both the judge's weight and a signal"),
        ("criteria", ["thumbs"], "both criterion 1 and a signal"),
        ("signals", ["thumbs"], "no Signal"),
        ("ledger", [1], "no Release"),
        ("design", "concurrent", "neither arm nor version"),
        ("design", "releases", "version names no column"),
    ],
)
def test_what_can_mean_nothing_is_refused_in_a_sentence(
    field: str, value: object, words: str
) -> None:
    said = {"judge": "judge", "signals": [THUMBS], "time": "at", field: value}
    with pytest.raises(ConfigError, match=words):
        WatchSpec(**said)  # type: ignore[arg-type] # wrong on purpose


def test_a_missing_value_stands_for_a_number_or_for_nothing() -> None:
    with pytest.raises(ConfigError, match="absent is nan"):
        Signal("retries", absent=float("nan"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"signals": None}, "signals is None, which is no list of signals"),
        ({"signals": "retries"}, "signals is 'retries', which is no list of signals"),
        ({"primary": 3}, "primary is '3', which is none of the signals"),
        ({"ledger": 5}, "ledger is 5, which is no path"),
        ({"segment": 3}, "segment is 3, which is no column"),
        ({"time": 0}, "time is 0, which is no column"),
    ],
)
def test_what_is_of_another_kind_is_refused_in_words(fields: dict[str, object], told: str) -> None:
    given: dict[str, object] = {"judge": "judge", "time": "at", "signals": [Signal("thumbs")]}
    with pytest.raises(ConfigError, match=re.escape(told)):
        WatchSpec(**{**given, **fields})  # type: ignore[arg-type] # what is wrong with it


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": 3}, "a signal is called 3, which is no column"),
        ({"name": "thumbs", "arrived": 3}, "arrived is 3, which is no column"),
        ({"name": "thumbs", "absent": "x"}, "absent is x, and must be a number"),
        ({"name": "thumbs", "per": -100}, "per is -100, and must be a positive number"),
        ({"name": "thumbs", "per": math.nan}, "per is nan, and must be a positive number"),
    ],
)
def test_a_signal_that_can_mean_nothing_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        Signal(**fields)


def test_a_ledgers_path_may_be_a_path() -> None:
    spec = WatchSpec(judge="j", time="at", signals=[Signal("t")], ledger=Path("past.csv"))  # type: ignore[arg-type] # not told, but meant
    assert spec.ledger == "past.csv"
