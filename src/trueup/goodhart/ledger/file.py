"""The release ledger as a file: JSON lines that are only ever appended to, or an imported CSV.

A line of JSON:

    {"id": "2026-03-tone", "started": "2026-03-02", "ended": "2026-03-29", "arms": ["v4", "v3"],
     "kind": "experiment", "instrument": "9f2c", "n": 12000, "reliability": 0.55, "rise": 0.21,
     "signals": {"thumbs": {"effect": 0.046, "better": "higher"}},
     "order": ["rise", "thumbs"], "covariance": [[0.00026, 0.00001], [0.00001, 0.0009]],
     "registered_at": "2026-02-27T09:00:00+00:00", "result_at": "2026-03-30T08:00:00+00:00"}

or `"errors": {"rise": 0.016, "thumbs": 0.03}` in place of order and covariance. The same as columns
of a CSV: id, started, ended, treated, control, ..., rise, error:rise, effect:thumbs, better:thumbs,
error:thumbs, covariance:rise:thumbs.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trueup.errors import DataError, did_you_mean
from trueup.goodhart.ledger.entries import RISE, Release

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TEXTS = ("id", "kind", "experiment", "instrument", "sitting")
_DAYS = ("started", "ended")
_INSTANTS = ("registered_at", "result_at")
_PLAIN = (*_TEXTS, *_DAYS, *_INSTANTS, "n", "reliability", "rise")
_OF_JSON = (*_PLAIN, "arms", "signals", "order", "covariance", "errors")
_OF_CSV = (*_PLAIN, "treated", "control")
_OF_SIGNALS = ("effect", "better", "error", "covariance")
_UNCHANGING = ("rise", "kind", "arms", "experiment", "started", "ended", "instrument", "n")
_CLOSE = 1e-6


def read_ledger(path: str | Path) -> tuple[Release, ...]:
    """Return all rows of a ledger, in its order; a row that stands twice once.

    Args:
        path: A file of JSON lines (.jsonl, .ndjson) or a CSV.

    Raises:
        DataError: It cannot be read, or a row is wrong; says which line.
    """
    file = Path(path)
    found: dict[str, Release] = {}
    for line, row in _rows(file):
        place = f"{file}:{line}"
        try:
            release = _release(row)
        except DataError as error:
            where = f"{place}: {error.where}" if error.where else place
            raise DataError(error.what, where=where, mend=error.mend) from None
        before = found.setdefault(release.id, release)
        _refuse_change(before, release, place)
    return tuple(found.values())


def append(path: str | Path, *releases: Release) -> int:
    """Add rows that are not there yet to a ledger of JSON lines, which is made where missing.

    A row is known by its id; when it was registered and known is what the first one says.

    Returns:
        How many were added.

    Raises:
        DataError: The file cannot be used, or holds another row with the same id.
    """
    file = Path(path)
    if file.suffix.lower() not in (".jsonl", ".ndjson"):
        mend = "Name the file .jsonl; `read_ledger` reads CSV, and the rows can be appended."
        raise DataError("a ledger is appended to as JSON lines only", where=str(file), mend=mend)
    known = {row.id: row for row in read_ledger(file)} if file.exists() else {}
    fresh = []
    for release in releases:
        before = known.setdefault(release.id, release)
        _refuse_change(before, release, str(file))
        if before is release:
            fresh.append(json.dumps(as_row(release), ensure_ascii=False, allow_nan=False))
    if fresh:
        try:
            _add_lines(file, fresh)
        except OSError as error:
            what = f"it cannot be written ({error.strerror or error})"
            raise DataError(what, where=str(file), mend="Check its path and rights.") from error
    return len(fresh)


def _add_lines(file: Path, lines: list[str]) -> None:
    """Write lines at the end of a file, which is made where missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    broken = file.exists() and file.stat().st_size and not file.read_bytes().endswith(b"\n")
    with file.open("a", encoding="utf-8", newline="\n") as out:
        out.write("\n" * bool(broken) + "\n".join(lines) + "\n")


def as_row(release: Release) -> dict[str, Any]:
    """Return a row as it stands in a file of JSON lines."""
    row: dict[str, Any] = {}
    for name in _PLAIN:
        value = getattr(release, name)
        row[name] = value.isoformat() if isinstance(value, dt.date) else value
    if release.arms is not None:
        row["arms"] = list(release.arms)
    row["signals"] = {
        name: {"effect": effect, "better": release.better[name]}
        for name, effect in release.signals.items()
    }
    if release.covariance is not None:
        row["order"] = list(release.names)
        row["covariance"] = [list(part) for part in release.covariance]
    else:
        row["errors"] = dict(release.errors or {})
    return {name: value for name, value in row.items() if value is not None}


def _refuse_change(before: Release, after: Release, place: str) -> None:
    if before is after:
        return
    for name in _UNCHANGING:
        old, new = getattr(before, name), getattr(after, name)
        same = math.isclose(old, new, rel_tol=_CLOSE) if name == RISE else old == new
        if not same:
            _changed(before.id, name, f" ({old}, now {new})", place)
    if dict(before.better) != dict(after.better):
        _changed(before.id, "set of signals", "", place)
    for name, old in before.signals.items():
        if not math.isclose(old, after.signals[name], rel_tol=_CLOSE):
            _changed(before.id, f"change of {name}", f" ({old}, now {after.signals[name]})", place)
    order = [after.names.index(name) for name in before.names]
    if not np.allclose(before.matrix(), after.matrix()[np.ix_(order, order)], rtol=_CLOSE, atol=0):
        _changed(before.id, "covariance", "", place)


def _changed(name: str, what: str, values: str, place: str) -> None:
    raise DataError(
        f"release '{name}' is there already with another {what}{values}",
        where=place,
        mend="Rows are never changed: give the new one an id of its own.",
    )


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield each row as plain JSON would say it, with its line."""
    readers = {".jsonl": _lines, ".ndjson": _lines, ".csv": _table}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        mend = "Name it .jsonl or .csv, according to what it holds."
        raise DataError("a ledger is a file of JSON lines or CSV", where=str(file), mend=mend)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        mend = "Check the path, or leave `ledger` out while there is none."
        raise DataError("there is no such ledger", where=str(file), mend=mend) from None
    except (OSError, UnicodeDecodeError) as error:
        mend = "It must be a readable file in UTF-8."
        raise DataError(f"it cannot be read ({error})", where=str(file), mend=mend) from None
    yield from reader(file, text)


def _lines(file: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{file}:{number}"
        try:
            row = json.loads(line)
        except ValueError as error:
            mend = "Each line must be one JSON object."
            raise DataError(f"the line is no JSON ({error})", where=place, mend=mend) from None
        if not isinstance(row, dict):
            raise DataError("the line is no JSON object", where=place, mend="Write {...}.")
        _refuse_unknown(row, _OF_JSON, place)
        yield number, row


def _refuse_unknown(row: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for name in row:
        if name not in known:
            mend = did_you_mean(name, known)
            raise DataError(f"'{name}' is nothing that a ledger holds", where=place, mend=mend)


def _table(file: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    for row in reader:
        place = f"{file}:{reader.line_num}"
        if None in row:
            mend = "Quote values that hold a comma."
            raise DataError("the line has more values than columns", where=place, mend=mend)
        given = {k: v.strip() for k, v in row.items() if v is not None and v.strip()}
        plain = {k: v for k, v in given.items() if k.partition(":")[0] not in _OF_SIGNALS}
        _refuse_unknown(plain, (*_OF_CSV, *(f"{k}:NAME" for k in _OF_SIGNALS)), place)
        yield reader.line_num, _nested(plain, given, place)


def _nested(plain: dict[str, str], given: Mapping[str, str], place: str) -> Mapping[str, Any]:
    """Return a line of CSV as a line of JSON would have it."""
    found: dict[str, Any] = dict(plain)
    treated, control = found.pop("treated", None), found.pop("control", None)
    if treated or control:
        found["arms"] = [treated or "", control or ""]
    names = [k.partition(":")[2] for k in given if k.startswith("effect:")]
    found["signals"] = {
        name: {"effect": given[f"effect:{name}"], "better": given.get(f"better:{name}")}
        for name in names
    }
    order = [RISE, *names]
    found["errors"] = {k: given[f"error:{k}"] for k in order if f"error:{k}" in given}
    pairs = {
        pair: given.get(
            f"covariance:{pair[0]}:{pair[1]}", given.get(":".join(("covariance", *pair[::-1])))
        )
        for pair in combinations(order, 2)
    }
    lacking = [pair for pair, value in pairs.items() if value is None]
    if len(lacking) == len(pairs):
        return found
    if lacking or len(found["errors"]) < len(order):
        first = "covariance:" + ":".join(lacking[0]) if lacking else "an error:NAME"
        mend = "Give all covariances and errors of a row, or errors alone."
        raise DataError(f"{first} is empty, and others are filled", where=place, mend=mend)
    errors = [_number(value, name) for name, value in found.pop("errors").items()]
    matrix = np.diag(np.square(errors))
    for (one, other), value in pairs.items():
        i, j = order.index(one), order.index(other)
        matrix[i, j] = matrix[j, i] = _number(value, f"covariance of {one} and {other}")
    return {**found, "order": order, "covariance": matrix.tolist()}


def _release(row: Mapping[str, Any]) -> Release:
    fields: dict[str, Any] = {k: str(row[k]) for k in _TEXTS if row.get(k) is not None}
    fields.setdefault("id", "")
    for name, read in (*((k, _day) for k in _DAYS), *((k, _instant) for k in _INSTANTS)):
        if row.get(name) is not None:
            fields[name] = read(row[name], name)
    for name in ("n", "reliability", "rise"):
        if row.get(name) is not None:
            fields[name] = _number(row[name], name)
    if "rise" not in fields:
        raise DataError("rise is missing", mend="Give the judge's change in points.")
    if "n" in fields:
        fields["n"] = round(fields["n"])
    if row.get("arms") is not None:
        fields["arms"] = _arms(row["arms"])
    signals = row.get("signals") or {}
    if not isinstance(signals, dict) or not all(isinstance(v, dict) for v in signals.values()):
        mend = 'Write {"thumbs": {"effect": 0.01, "better": "higher"}}.'
        raise DataError("signals do not say effect and better", mend=mend)
    fields["signals"] = {k: _number(v.get("effect"), f"effect of {k}") for k, v in signals.items()}
    fields["better"] = {k: v["better"] for k, v in signals.items() if v.get("better") is not None}
    if row.get("covariance") is not None:
        fields["covariance"] = _ordered(row, (RISE, *signals))
    if row.get("errors") is not None:
        if not isinstance(row["errors"], dict):
            raise DataError("errors is no object", mend='Write {"rise": 0.016, "thumbs": 0.03}.')
        fields["errors"] = {k: _number(v, f"error of {k}") for k, v in row["errors"].items()}
    return Release(**fields)


def _ordered(row: Mapping[str, Any], names: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
    """Return the covariance with its rows and columns in the order of the signals."""
    stated = row.get("order")
    if not isinstance(stated, list) or sorted(map(str, stated)) != sorted(names):
        mend = f"Write order: the names {', '.join(names)}, as its rows are ordered."
        raise DataError("nothing says what the covariance's rows are about", mend=mend)
    try:
        matrix = np.array(row["covariance"], dtype=np.float64)
        place = [stated.index(name) for name in names]
        ordered = matrix[np.ix_(place, place)] if matrix.ndim > 1 else matrix[:, None]
    except (TypeError, ValueError, IndexError):
        mend = f"It needs a row and a column for each of {', '.join(names)}."
        raise DataError("its covariance is no square of numbers", mend=mend) from None
    return tuple(tuple(part) for part in ordered.tolist())


def _arms(value: object) -> tuple[str, str]:
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - treated and control
        return str(value[0]), str(value[1])
    raise DataError("arms are not two names", mend='Write ["treated", "control"].')


def _number(value: object, name: str) -> float:
    try:
        found = math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        shown = "missing" if value is None else f"{value!r}, which is no number"
        raise DataError(f"{name} is {shown}", mend="Write a number.") from None
    if not math.isfinite(found):
        raise DataError(f"{name} is {value}", mend="Write a finite number.")
    return found


def _day(value: object, name: str) -> dt.date:
    return _instant(value, name).date()


def _instant(value: object, name: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(str(value))
    except ValueError:
        mend = "Write it as 2026-03-29 or 2026-03-29T08:00:00+00:00."
        raise DataError(f"{name} is '{value}', which is no date", mend=mend) from None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
