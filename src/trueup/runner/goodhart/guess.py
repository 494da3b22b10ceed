"""Which columns of a table are time, judge, users and signals, by the names that tools use.

A guess is always said, and never touches what was named. Versions are not guessed: that outputs of
two versions stand side by side does not mean that chance put users there.
"""

from __future__ import annotations

from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.errors import ConfigError, DataError, did_you_mean
from trueup.item.fields import guess_fields
from trueup.item.names import recognise, squash
from trueup.item.read import open_rows
from trueup.runner.goodhart.arguments import COLUMNS, parse_signal
from trueup.runner.goodhart.directions import better_of
from trueup.runner.goodhart.instants import check_instants
from trueup.signal.column import ARRIVED, SHOWN, timed
from trueup.signal.shape import check_shape

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from trueup.goodhart.spec import Signal

_JUDGES = ("judge", "judgescore", "judgemean", "llmjudge", "llmscore", "score")
_REPEATS = ("rep", "repeat", "2", "again", "second")
_NAMED = {
    "group": ("user", "userid", "conversation", "conversationid", "session", "sessionid"),
    "instrument": ("instrument",),
    "anchor": ("anchor", "anchorid"),
    "judge_weight": ("judgeweight",),
}
_FEATURES = ("loglength", "markup", "hedges", "listdensity")
_SEVERAL = ("signals", "features")
_FIELDS = {"time": "timestamp", "segment": "segment", "group": "group", "arm": "arm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guessed:
    """What is known of a table's columns, and what of it was guessed.

    Attributes:
        columns: Of the table.
        said: Arguments of `WatchSpec`, those that were given included.
        guesses: Argument -> column, of what was guessed; signals as they would be written.
        notes: What was seen and left alone, a sentence each.
    """

    columns: tuple[str, ...]
    said: Mapping[str, Any]
    guesses: Mapping[str, str | list[str]]
    notes: tuple[str, ...] = ()


def guess(table: object, said: Mapping[str, Any]) -> Guessed:
    """Return the columns that a watch needs, guessed where they are not named.

    Args:
        table: A path (it may hold `*`), or a frame.
        said: Arguments of `WatchSpec` by name; an empty text says that there is none.

    Raises:
        ConfigError: No column, or several, may hold the judge's scores or the time.
        DataError: The table cannot be read.
    """
    rows = open_rows(_first(table))
    check_shape(rows)
    columns = rows.columns
    given = {name: value for name, value in said.items() if value is not None}
    for role in COLUMNS:
        name = given.get(role)
        if name and rows.closed and name not in columns:
            what = f"there is no column '{name}' ({role})"
            raise DataError(what, where=rows.name, mend=did_you_mean(name, columns))
    taken = {value for name, value in given.items() if name in COLUMNS and value}
    guesses: dict[str, str | list[str]] = {}
    fields = _fields(columns, rows.sample, given)
    for role, field in _FIELDS.items():
        if role not in given and field in fields and fields[field] not in taken:
            guesses[role] = fields[field]
            taken.add(fields[field])
    for role, found in _of_judge(columns, given, taken, rows.name).items():
        guesses[role] = found
        taken.add(found)
    time = guesses.get("time") or given.get("time")
    if isinstance(time, str):
        check_instants(time, rows)
    features = [c for c in columns if squash(c) in _FEATURES and c not in taken]
    if features and "features" not in given:
        given["features"] = guesses["features"] = features
    signals, notes = _signals(columns, given, taken)
    if "signals" not in given or not given["signals"]:
        given["signals"] = signals
        if signals:
            guesses["signals"] = [written(one) for one in signals]
    return Guessed(
        columns=tuple(columns),
        said={**given, **{role: name for role, name in guesses.items() if role not in _SEVERAL}},
        guesses=guesses,
        notes=(*notes, *_unused(columns, given, taken, fields)),
    )


def written(signal: Signal) -> str:
    """Return a signal as it is written on a command line."""
    arrived = f",arrived={signal.arrived}" if signal.arrived else ""
    return f"{signal.name}:{signal.better}{arrived},within={signal.within}"


def _first(table: object) -> Any:  # noqa: ANN401 - whatever it was
    """Return the table, the first file of it where there are several."""
    if isinstance(table, str | Path) and not Path(table).is_file():
        many = any(sign in str(table) for sign in "*?[")
        files = sorted(glob(str(table))) if many else []  # noqa: PTH207 - the path may be absolute
        if files:
            return files[0]
    return table


def _fields(
    columns: Sequence[str], sample: Sequence[Mapping[str, Any]], given: Mapping[str, Any]
) -> Mapping[str, str]:
    """Return field of an item -> column, without what may be several."""
    alone = [column for column in columns if "." not in column]
    try:
        return guess_fields(alone, sample)
    except DataError:
        found: dict[str, str] = {}
        for role, field in _FIELDS.items():
            own = next((column for column in columns if squash(column) == squash(field)), None)
            if own is not None and role not in given:
                found[field] = own
        return found


def _of_judge(
    columns: Sequence[str], given: Mapping[str, Any], taken: Collection[str], where: str
) -> dict[str, str]:
    found = {}
    judge = given.get("judge")
    if judge is None:
        judge = found["judge"] = _judge([c for c in columns if c not in taken], where)
    by_name = {squash(column): column for column in columns if column not in taken}
    beside = {
        "judge_repeat": [squash(judge) + end for end in _REPEATS] if judge else [],
        **_NAMED,
    }
    for role, names in beside.items():
        name = next((by_name[n] for n in names if n in by_name), None)
        if role not in given and name is not None and name != judge:
            found[role] = name
    return found


def _judge(columns: Sequence[str], where: str) -> str:
    by_name = {squash(column): column for column in columns}
    own = next((by_name[name] for name in _JUDGES if name in by_name), None)
    if own is not None:
        return own
    likely = recognise(columns).judge_scores
    if len(likely) == 1:
        return likely[0]
    if likely:
        what = f"the judge's scores could be in any of the columns {', '.join(likely)}"
        raise ConfigError(what, where=where, mend=f"Say which: --judge {likely[0]}")
    shown = ", ".join(columns[:12]) + (", ..." if len(columns) > 12 else "")  # noqa: PLR2004 - a line's worth
    what = f"no column's name says that it holds the judge's scores; there are {shown}"
    raise ConfigError(what, where=where, mend="Say which: --judge COLUMN")


def _signals(
    columns: Sequence[str], given: Mapping[str, Any], taken: Collection[str]
) -> tuple[list[Signal], list[str]]:
    """Return the signals that columns' names tell of, and what was left out."""
    if given.get("signals"):
        return [], []
    free = [column for column in columns if column not in taken]
    likely = timed(columns, taken) or recognise(free).signals
    beside = {squash(column + end) for column in likely for end in (*ARRIVED, *SHOWN)}
    found, unknown = [], []
    for column in likely:
        if squash(column) in beside:
            continue
        if better_of(column) is None:
            unknown.append(column)
        elif "," not in column and ":" not in column:
            found.append(parse_signal(column, columns))
    notes = []
    if unknown:
        names = ", ".join(unknown)
        notes.append(
            f"{names}: which direction is good for users is not known, so that it takes no part; "
            f"say it with --signal '{unknown[0]}:higher' or ':lower'"
        )
    return found, notes


def _unused(
    columns: Sequence[str],
    given: Mapping[str, Any],
    taken: Collection[str],
    fields: Mapping[str, str],
) -> list[str]:
    """Return what is said of columns that might have been meant."""
    version = fields.get("version")
    if "version" in given or version is None or version in taken or version not in columns:
        return []
    what = f"'{version}' was not taken for the version: --version {version} compares versions, "
    return [what + "where chance decided who got which, or many followed one another"]
