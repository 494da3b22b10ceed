"""Signals and specs from texts, guesses from the names of columns, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from trueup.errors import ConfigError, DataError
from trueup.goodhart.spec import Signal
from trueup.runner.goodhart.arguments import parse_signal, starts_of, watch_spec
from trueup.runner.goodhart.directions import better_of
from trueup.runner.goodhart.guess import guess, written

if TYPE_CHECKING:
    from collections.abc import Mapping

FRAME = pd.DataFrame(
    {
        "timestamp": pd.to_datetime(["2026-01-05T09:00Z", "2026-01-06T09:00Z"]),
        "user": ["a", "b"],
        "segment": ["chat", "code"],
        "version": ["v1", "v1"],
        "judge": [3.0, 4.0],
        "judge_rep": [3.5, None],
        "thumbs": [1.0, None],
        "thumbs_at": [pd.Timestamp("2026-01-05T10:00Z"), pd.NaT],
        "minutes": [2.0, 3.0],
        "minutes_at": [pd.Timestamp("2026-01-05T10:00Z"), pd.NaT],
        "log_length": [4.1, 4.2],
    }
)


def test_a_signal_says_all_its_parts() -> None:
    text = "retries:lower,arrived=late,within=3d,absent=0,per=1,label=asked again"

    assert parse_signal(text) == Signal(
        "retries", better="lower", arrived="late", within="3d", absent=0.0, per=1,
        label="asked again",
    )  # fmt: skip


def test_direction_and_arrival_come_from_names_where_they_are_left_out() -> None:
    found = parse_signal("edit_rate", ["edit_rate", "edit_rate_at"])

    assert (found.better, found.arrived) == ("lower", "edit_rate_at")
    assert parse_signal("thumbs_down").better == "lower"


def test_a_column_with_a_colon_in_its_name_keeps_it() -> None:
    assert parse_signal("thumbs:up-ish", ["thumbs:up-ish"]).name == "thumbs:up-ish"
    assert parse_signal("odd:name:lower", ["odd:name"]).name == "odd:name"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("minutes", "which direction of 'minutes' is good"),
        ("retries:lower,withn=3d", "Did you mean 'within'"),
        ("retries:lowr", "better is 'lowr'"),
        ("retries:lower,absent=x", "absent is 'x'"),
        ("retries:lower,per=1.5", "per is '1.5'"),
        ("retries:lower,within=soon", "no length of time"),
        (":lower", "no name"),
    ],
)
def test_a_signal_that_is_written_otherwise_is_refused_with_what_is_wrong(
    text: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_signal(text)


def test_names_that_say_two_things_say_no_direction() -> None:
    assert better_of("accepted_or_rejected") is None
    assert better_of("resolvedRate") == "higher"


def test_texts_become_what_a_watch_spec_takes() -> None:
    spec = watch_spec(
        {"judge": "j", "time": "t", "signals": ["retries"], "horizon": "none", "starts": "0, 3"}
    )

    assert (spec.horizon, list(spec.starts)) == (None, [0, 3])
    assert starts_of("scan") == "scan"
    assert starts_of(["2026-03-01"]) == ["2026-03-01"]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"time": "t"}, "which column holds the judge"),
        ({"judge": "j", "tme": "t"}, "there is no 'tme'"),
        ({"judge": "j", "time": "t", "horizon": "long"}, "horizon is 'long'"),
        ({"judge": "j", "time": "t", "alpha": 0.9}, "alpha is 0.9"),
        ({"judge": "j", "time": "t", "starts": "spring"}, "starts names 'spring'"),
    ],
)
def test_a_watch_that_cannot_be_is_refused(said: Mapping[str, Any], wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong):
        watch_spec(said)


def test_a_value_out_of_range_is_told_as_the_option_that_said_it() -> None:
    with pytest.raises(ConfigError) as caught:
        watch_spec({"judge": "j", "time": "t", "horizon": "300"})

    assert caught.value.where is None
    assert caught.value.what == "horizon is 300, and 260 is the longest; none has no end"
    assert caught.value.mend == "Say --horizon otherwise (in a runner, `horizon`)"


def test_columns_are_guessed_from_names_and_every_guess_is_told() -> None:
    found = guess(FRAME, {})

    assert found.guesses == {
        "time": "timestamp",
        "segment": "segment",
        "judge": "judge",
        "judge_repeat": "judge_rep",
        "group": "user",
        "features": ["log_length"],
        "signals": ["thumbs:higher,arrived=thumbs_at,within=14d"],
    }
    assert any("minutes" in note and "--signal" in note for note in found.notes)
    assert any("--version version" in note for note in found.notes)


def test_what_is_named_is_not_guessed_and_an_empty_name_means_none() -> None:
    found = guess(FRAME, {"segment": "", "group": "segment", "signals": ["minutes:lower"]})
    spec = watch_spec(found.said, columns=found.columns)

    assert {"segment", "group", "signals"}.isdisjoint(found.guesses)
    assert (spec.segment, spec.group) == (None, "segment")
    assert [written(one) for one in spec.signals] == ["minutes:lower,arrived=minutes_at,within=14d"]


def test_an_absent_column_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(DataError, match="no column 'jugde'") as caught:
        guess(FRAME, {"judge": "jugde"})

    assert caught.value.mend == "Did you mean 'judge'?"


def test_a_table_without_anything_like_a_judge_is_refused_with_its_columns() -> None:
    with pytest.raises(ConfigError, match="there are a, b") as caught:
        guess(pd.DataFrame({"a": [1], "b": [2]}), {})

    assert caught.value.mend == "Say which: --judge COLUMN"
