"""Timestamps of every form."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.errors import DataError
from trueup.item.instant import instant, zone

MOMENT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-05T09:30:00Z",
        "2026-01-05T10:30:00+01:00",
        "2026-01-05 10:30:00 +0100",
        "2026-01-05 09:30:00 UTC",
        " 2026-01-05T09:30:00.000000000Z ",
        datetime(2026, 1, 5, 10, 30, tzinfo=timezone(timedelta(hours=1))),
        MOMENT,
        pd.Timestamp("2026-01-05T10:30:00+01:00"),
        1767605400,
        1767605400.0,
        1767605400_000,
        1767605400_000_000,
        1767605400_000_000_000,
        np.int64(1767605400),
        "1767605400",
        "1767605400000",
        "1767605400.0",
    ],
)
def test_every_form_of_one_moment_is_the_same_instant(value: object) -> None:
    found = instant(value)

    assert found == MOMENT
    assert type(found) is datetime
    assert found.tzinfo is UTC


@pytest.mark.parametrize("value", [None, "", "  ", float("nan"), pd.NaT, pd.NA])
def test_nothing_is_no_instant(value: object) -> None:
    assert instant(value) is None


def test_nanoseconds_of_pandas_are_cut_without_a_warning() -> None:
    found = instant(pd.Timestamp("2026-01-05T09:30:00.000000001Z"))

    assert found == MOMENT


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-05T09:30:00",
        "2026-01-05",
        datetime(2026, 1, 5, 9, 30),  # noqa: DTZ001 - on purpose
        date(2026, 1, 5),
        pd.Timestamp("2026-01-05"),
        np.datetime64("2026-01-05T09:30:00", "ns"),
    ],
)
def test_a_time_without_a_zone_is_refused_with_how_to_declare_one(value: object) -> None:
    with pytest.raises(DataError) as caught:
        instant(value)

    text = str(caught.value)
    assert "2026-01-05" in text
    assert "does not say in which time zone" in text
    assert "--timezone Europe/Berlin" in text
    assert 'timezone="Europe/Berlin"' in text


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-05T10:30:00",
        datetime(2026, 1, 5, 10, 30),  # noqa: DTZ001 - on purpose
        np.datetime64("2026-01-05T10:30:00", "ns"),
    ],
)
def test_a_declared_zone_is_used(value: object) -> None:
    assert instant(value, zone("Europe/Berlin")) == MOMENT


def test_a_declared_zone_changes_no_time_that_names_its_own() -> None:
    assert instant("2026-01-05T09:30:00Z", zone("Asia/Tokyo")) == MOMENT


def test_a_wall_time_that_occurs_twice_is_the_earlier_one() -> None:
    found = instant("2026-10-25T02:30:00", zone("Europe/Berlin"))

    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["yesterday", "05.01.2026", 12, 1e25, True, ["2026"], float("inf"), "1" * 40]
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(DataError, match=r"is no timestamp that can be read.*seconds or milli"):
        instant(value)


def test_a_time_before_the_year_1_in_utc_is_refused() -> None:
    with pytest.raises(DataError, match=r"0001-01-01"):
        instant("0001-01-01T00:00:00+05:00")


@pytest.mark.parametrize("name", ["Europe/Berln", "", "../etc/passwd", "Europe"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"unknown timezone.*Europe/Berlin"):
        zone(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin ", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("America/NewYork", "America/New_York"),
        ("Asia/Calcuta", "Asia/Calcutta"),
    ],
)
def test_an_unknown_zone_is_told_the_one_that_it_is_close_to(name: str, meant: str) -> None:
    with pytest.raises(DataError, match=rf"Did you mean '{meant}'\?"):
        zone(name)


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "CEST", "GMT+2", "+01:00", "Eastern", "", "x/" * 99]
)
def test_a_zone_that_is_close_to_none_is_told_no_other(name: str) -> None:
    with pytest.raises(DataError) as caught:
        zone(name)

    assert caught.value.mend == "Use the name of an IANA zone, like Europe/Berlin"


@given(st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - hypothesis asks for it
def test_text_and_milliseconds_agree(naive: datetime) -> None:
    moment = naive.replace(microsecond=naive.microsecond // 1000 * 1000, tzinfo=UTC)
    milliseconds = round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))

    assert instant(milliseconds) == instant(moment.isoformat()) == moment
