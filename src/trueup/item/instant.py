"""Instants: timestamps of every common form, as UTC."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, cast
from zoneinfo import ZoneInfo, available_timezones

from trueup.errors import DataError
from trueup.item.declare import declaring_zone
from trueup.item.plain import excerpt, plain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?\d{9,}(\.\d*)?")
_NAMED_UTC = re.compile(r"\s*(UTC|GMT)$")
_BLANK_OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")

# Up to the bound a number counts these per second. Instants from 1973 to 5138 cannot be mistaken.
_EARLIEST = 1e8
_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (1e20, 1_000_000_000))

_FORM = "Write it like 2026-01-05T09:30:00+01:00, or as seconds or milliseconds since 1970"

_REGIONS = frozenset(
    {
        "Africa", "America", "Antarctica", "Arctic", "Asia",
        "Atlantic", "Australia", "Europe", "Indian", "Pacific",
    }
)  # fmt: skip
_CLOSE = 0.8


def zone(name: str) -> tzinfo:
    """Return the time zone of that IANA name.

    Raises:
        DataError: No such zone is known.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        close = _closest(name)
        hint = f"Did you mean '{close}'? " if close else ""
        mend = f"{hint}Use the name of an IANA zone, like Europe/Berlin"
        raise DataError(f"unknown timezone '{excerpt(name)}'", mend=mend) from None


def _closest(name: str) -> str | None:
    """Return the zone that a wrong name is likely to mean: its city, or nearly its name.

    Abbreviations and offsets are close to zones that mean something else, so that none is named.
    """
    zones = sorted(z for z in available_timezones() if z.partition("/")[0] in _REGIONS)
    wanted = "_".join(name.casefold().split())
    if "/" not in wanted:
        return next((z for z in zones if z.rpartition("/")[2].casefold() == wanted), None)
    by_name = {z.casefold(): z for z in zones}
    close = difflib.get_close_matches(wanted, by_name, n=1, cutoff=_CLOSE)
    return by_name[close[0]] if close else None


def instant(value: object, declared: tzinfo | None = None) -> datetime | None:
    """Return a timestamp as an aware datetime in UTC; None where it is missing.

    Taken are ISO 8601 text, datetimes (pandas and numpy ones too) and numbers since 1970, whose
    magnitude says whether they count seconds, milliseconds, microseconds or nanoseconds. Where
    clocks go back, a wall time that occurs twice is the earlier one.

    Args:
        value: One cell.
        declared: The zone of timestamps that do not name one.

    Raises:
        DataError: The timestamp has no zone and none is declared, or cannot be read.
    """
    moment = _moment(value)
    if moment is None:
        return None
    if moment.tzinfo is None:
        if declared is None:
            what = f"timestamp '{excerpt(str(value))}' does not say in which time zone it is"
            mend = (
                f"Declare the zone, for example {declaring_zone('Europe/Berlin')}, "
                "or write the offset into the timestamp"
            )
            raise DataError(what, mend=mend)
        moment = moment.replace(tzinfo=declared)
    try:
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except OverflowError:
        raise _unreadable(value) from None


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        return _from_text(value)
    if type(value).__name__ == "datetime64":  # numpy: naive, and plain numbers at nanoseconds
        return cast(datetime | None, cast(Any, value).astype("datetime64[us]").tolist())
    if isinstance(value, (datetime, date)):
        return _from_datetime(value)
    number = plain(value)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise _unreadable(value)
    return _from_number(number)


def _from_datetime(value: datetime | date) -> datetime | None:
    if type(value).__name__ == "NaTType":
        return None
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - refused further up
    convert = getattr(value, "to_pydatetime", None)  # pandas
    return cast(datetime, convert(warn=False)) if callable(convert) else value


def _from_text(text: str) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    if _NUMBER.fullmatch(text):
        return _from_number(float(text) if "." in text else int(text))
    iso = _BLANK_OFFSET.sub("", _NAMED_UTC.sub("+00:00", text))
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        raise _unreadable(text) from None


def _from_number(number: float) -> datetime:
    fitting = (per for bound, per in _UNITS if _EARLIEST <= abs(number) < bound)
    per_second = next(fitting, None)
    if per_second is None:
        raise _unreadable(number)
    try:
        if isinstance(number, int):
            return _EPOCH + timedelta(microseconds=number * 1_000_000 // per_second)
        return _EPOCH + timedelta(seconds=number / per_second)
    except OverflowError:
        raise _unreadable(number) from None


def _unreadable(value: object) -> DataError:
    return DataError(f"'{excerpt(str(value))}' is no timestamp that can be read", mend=_FORM)
