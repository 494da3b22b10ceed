"""What a watch was asked for, in the words of a command line or a YAML file, as a `WatchSpec`."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from trueup.errors import ConfigError, did_you_mean
from trueup.goodhart.spec import Signal, WatchSpec
from trueup.item.names import squash
from trueup.runner.goodhart.directions import better_of
from trueup.signal.column import ARRIVED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

PARTS = ("better", "arrived", "within", "absent", "per", "label")
"""What may be said of a signal, as `name=value`."""
COLUMNS = (
    "judge", "time", "judge_repeat", "segment", "group", "version", "arm", "unit", "judge_weight",
    "instrument", "anchor", "output",
)  # fmt: skip
"""Arguments of `WatchSpec` that name a column."""
_WAYS = {"higher": "higher", "up": "higher", "lower": "lower", "down": "lower"}
_NONE = {"none", "never", "no"}


def parse_signal(text: str, columns: Collection[str] = ()) -> Signal:
    """Return the signal that a text declares.

    As in `retries:lower,arrived=retries_at,within=14d,absent=0,per=100,label=asked again`. Without
    a direction the name has to say it. Where `columns` are known, the one of the same name with
    `_at` is taken for when it arrived.

    Args:
        text: What was written.
        columns: Of the table, where they are known.

    Raises:
        ConfigError: It is written otherwise, or the direction is neither said nor known.
    """
    head, *rest = [part.strip() for part in text.split(",")]
    said: dict[str, str] = {}
    for part in rest:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in PARTS:
            what = f"'{part}' in --signal '{text}' is not one of {', '.join(PARTS)} with a value"
            mend = did_you_mean(key, PARTS) or "Write for example 'retries:lower,within=14d'"
            raise ConfigError(what, mend=mend)
        said[key] = value
    name, colon, way = head.rpartition(":")
    if not colon or (head in columns and way not in _WAYS):
        name, way = head, ""
    return signal_of({"name": name, **said, **({"better": way} if way else {})}, columns)


def signal_of(said: Mapping[str, Any], columns: Collection[str] = ()) -> Signal:
    """Return a signal from its parts, completed by what its name says.

    Args:
        said: `name` and any of `PARTS`.
        columns: Of the table, where they are known.

    Raises:
        ConfigError: A part holds no such thing, or the direction is neither said nor known.
    """
    name = str(said.get("name") or "")
    if not name:
        raise ConfigError("a signal has no name", mend="Write for example 'retries:lower'")
    better = said.get("better") or better_of(name)
    if better is None:
        what = f"nobody said which direction of '{name}' is good for users"
        raise ConfigError(what, mend=f"Write '{name}:higher' or '{name}:lower'")
    way = _WAYS.get(str(better).lower())
    if way is None:
        what = f"signal '{name}': better is '{better}'"
        raise ConfigError(what, mend=did_you_mean(str(better), _WAYS))
    return Signal(
        name,
        better="lower" if way == "lower" else "higher",
        arrived=said.get("arrived") or arrival_of(name, columns),
        within=said.get("within") or "14d",
        absent=_number(said.get("absent"), f"signal '{name}': absent"),
        per=_whole(said.get("per"), f"signal '{name}': per"),
        label=said.get("label"),
    )


def arrival_of(name: str, columns: Collection[str]) -> str | None:
    """Return the column that by its name says when a signal arrived, None where there is none."""
    known = {squash(column): column for column in columns}
    return next((known[n] for end in ARRIVED if (n := squash(name + end)) in known), None)


def watch_spec(said: Mapping[str, Any], *, columns: Collection[str] = ()) -> WatchSpec:
    """Return what is watched, from texts or values by the names of `WatchSpec`.

    Args:
        said: What was said; None and empty columns count as left out.
        columns: Of the table, where they are known.

    Raises:
        ConfigError: Something is missing, or is no such thing.
    """
    known = {field.name for field in fields(WatchSpec)}
    wrong = next((name for name in said if name not in known), None)
    if wrong is not None:
        raise ConfigError(f"there is no '{wrong}' of a watch", mend=did_you_mean(wrong, known))
    given = {name: value for name, value in said.items() if value is not None and value != ""}
    if not given.get("judge"):
        mend = "Name it: --judge COLUMN (in a runner, `judge: COLUMN`)"
        raise ConfigError("nobody said which column holds the judge's scores", mend=mend)
    if given.get("control") and not given.get("arm") and not given.get("version"):
        what = f"--control names '{given['control']}', and no column holds arms or versions"
        mend = "Name it: --arm COLUMN or --version COLUMN (in a runner, `arm` or `version`)"
        raise ConfigError(what, mend=mend)
    if not given.get("time") and not given.get("version"):
        mend = "Name one: --time COLUMN (in a runner, `time`)"
        raise ConfigError("no column holds the outputs' times", mend=mend)
    given["signals"] = [
        one if isinstance(one, Signal)
        else parse_signal(one, columns) if isinstance(one, str)
        else signal_of(one, columns)
        for one in given.get("signals", ())
    ]  # fmt: skip
    if "horizon" in given:
        given["horizon"] = _horizon(given["horizon"])
    if "starts" in given:
        given["starts"] = starts_of(given["starts"])
    try:
        return WatchSpec(**given)
    except ConfigError as error:
        if error.where != WatchSpec.__name__:
            raise
        name = error.what.partition(" ")[0]  # an error of one value begins with its name
        option = "-c" if name == "c" else f"--{name}"
        mend = f"Say {option} otherwise (in a runner, `{name}`)"
        raise ConfigError(error.what.replace("None", "none"), mend=mend) from None


def starts_of(said: object) -> Any:  # noqa: ANN401 - what `WatchSpec` checks
    """Return known starts from texts: periods counted from 0, or instants; 'scan' for none known.

    Raises:
        ConfigError: One of them is neither.
    """
    if isinstance(said, str):
        said = [part.strip() for part in said.split(",") if part.strip()]
    parts: Sequence[object] = list(said) if isinstance(said, list | tuple) else [said]
    if parts == ["scan"]:
        return "scan"
    return [_start(part) for part in parts]


def _start(part: object) -> object:
    if not isinstance(part, str):
        return part
    if part.isdecimal():
        return int(part)
    try:
        dt.datetime.fromisoformat(part)
    except ValueError:
        mend = "Write scan, a period's number, or an instant like 2026-03-01"
        raise ConfigError(f"starts names '{part}', which is no start", mend=mend) from None
    return part


def _horizon(said: object) -> int | str | None:
    if isinstance(said, int):
        return said
    text = str(said).strip().lower()
    if text in _NONE:
        return None
    if text == "default" or text.isdecimal():
        return text if text == "default" else int(text)
    raise ConfigError(f"horizon is '{said}'", mend="Write a number of periods, or none")


def _number(said: object, what: str) -> float | None:
    if said is None or said == "":
        return None
    try:
        return float(str(said))
    except ValueError:
        raise ConfigError(f"{what} is '{said}'", mend="Write a number, or leave it out") from None


def _whole(said: object, what: str) -> int | None:
    number = _number(said, what)
    if number is not None and (number < 1 or number != int(number)):
        raise ConfigError(f"{what} is '{said}'", mend="Write a whole number from 1 on")
    return None if number is None else int(number)
