"""History: what earlier sittings left in the ledger, and what drift and charts read from it.

An entry is one criterion in one week, as plain data: counts that drift rests on, and figures that
are only shown. It stands in the store, and in a text file of one line an entry that can be kept
under version control; where a week has several, the latest holds.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from trueup.agreement.drift.week import Count, Labelled, Week
from trueup.errors import DataError
from trueup.rubric.model import short_hash
from trueup.runner.calibration.result import Absent, Figure, Point
from trueup.store import ledger
from trueup.store.rows import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from trueup.runner.calibration.result import Maybe
    from trueup.store.store import Store

FIGURES = ("judged", "corrected", "tpr", "tnr", "alpha", "people", "ceiling", "anchors", "surface")
"""The figures of an entry, as `Point` names them."""

_NEEDED = {*ledger.KEY, "judged", "labelled", "anchors", "figures"}
_NO_FIGURE = "it was not measured"
_MEND = "Take the line out, or take the file from version control again"


def entry(
    week: Week,
    *,
    criterion: str,
    judge: str,
    n_labels: int,
    design: str = "",
    labels: str = "",
) -> dict[str, Any]:
    """Return one criterion in one week as plain data for the ledger, without figures.

    Args:
        week: Its counts.
        criterion: Its id.
        judge: Who judged.
        n_labels: How many labels its counts rest on.
        design: How the labelled items were chosen; `drawn` where a draw has done so.
        labels: What `mark` says of the labels.
    """
    return {
        "criterion": criterion,
        "question": week.question,
        "judge": judge,
        "instrument": week.instrument,
        "week": week.week,
        "observed": sorted(week.observed),
        "judged": {name: list(count) for name, count in sorted(week.judged.items())},
        "labelled": [round(n, 6) for n in week.labelled],
        "overlap": list(week.overlap),
        "checks": list(week.checks),
        "anchors": {name: int(met) for name, met in sorted(week.anchors.items())},
        "n_labels": n_labels,
        "design": design,
        "labels": labels,
        "figures": {},
    }


def with_figures(entry: Mapping[str, Any], figures: Mapping[str, Maybe]) -> dict[str, Any]:
    """Return an entry with those of `FIGURES` that are given."""
    held = entry["figures"] | {n: _plain(figures[n]) for n in FIGURES if n in figures}
    return {**entry, "figures": held}


def mark(said: Iterable[tuple[str, str]]) -> str:
    """Return a hash of items with levels, by which it is seen that other labels have come."""
    return short_hash(sorted(map(list, said)))


def week_from(found: Mapping[str, Any]) -> Week:
    """Return the counts of an entry.

    Raises:
        DataError: They contradict each other.
    """
    return Week(
        week=found["week"],
        question=found["question"],
        instrument=found["instrument"],
        observed=frozenset(found.get("observed", ())),
        judged={name: Count(*count) for name, count in found["judged"].items()},
        labelled=Labelled._make(found["labelled"]),
        overlap=Count(*found.get("overlap", (0, 0))),
        checks=Count(*found.get("checks", (0, 0))),
        anchors={name: bool(met) for name, met in found["anchors"].items()},
    )


def point_from(found: Mapping[str, Any]) -> Point:
    """Return an entry as a point of a chart."""
    shown: Any = {name: _figure(found["figures"].get(name, _NO_FIGURE)) for name in FIGURES}
    return Point(
        week=found["week"],
        instrument=found["instrument"],
        n_labels=int(found.get("n_labels", 0)),
        n_anchors=len(found["anchors"]),
        question=found["question"],
        **shown,
    )


def read_file(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a ledger's text file, oldest first; none where there is no file.

    Raises:
        DataError: A line is no entry.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        what = f"the ledger cannot be read ({getattr(error, 'strerror', None) or 'no UTF-8'})"
        raise DataError(what, where=str(path), mend="Check its path and rights") from error
    found = []
    # the name of a segment may hold what else counts as the end of a line
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            found.append(_parsed(line, where=f"{path}, line {number}"))
    return found


def append_file(path: Path, entries: Iterable[Mapping[str, Any]]) -> int:
    """Add the entries that say something new to a ledger's text file; return how many.

    Of several about the same the last one holds.

    Raises:
        DataError: The file cannot be written, or holds a line that is no entry.
    """
    held = {_key(one): _line(one) for one in read_file(path)}
    latest = {_key(one): _line(one) for one in entries}
    new = [line for key, line in latest.items() if held.get(key) != line]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            if new and held and not path.read_bytes().endswith(b"\n"):
                file.write("\n")
            file.writelines(f"{line}\n" for line in new)
    except OSError as error:
        what = f"the ledger cannot be written ({error.strerror or error})"
        raise DataError(what, where=str(path), mend="Check its path and rights") from error
    return len(new)


def merged(store: Store, path: Path | None) -> list[dict[str, Any]]:
    """Return the entries of the store and of the text file; those of the store hold."""
    found = {_key(one): one for one in (read_file(path) if path else [])}
    found |= {_key(one): one for one in ledger.read(store)}
    return list(found.values())


def series(
    entries: Iterable[Mapping[str, Any]], *, criterion: str, judge: str, instrument: str
) -> list[Mapping[str, Any]]:
    """Return one criterion's entries by week, of each week one.

    Args:
        entries: The ledger.
        criterion: Its id.
        judge: Who judged.
        instrument: Today's. A week that several instruments have judged is taken as this one has,
            or else as the last of them.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for one in entries:
        if (one["criterion"], one["judge"]) == (criterion, judge):
            held = found.get(one["week"])
            if held is None or one["instrument"] == instrument or held["instrument"] != instrument:
                found[one["week"]] = one
    return [found[week] for week in sorted(found)]


def _key(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(one[name] for name in ledger.KEY)


def _line(one: Mapping[str, Any]) -> str:
    return storable(json.dumps(one, sort_keys=True, ensure_ascii=False))


def _parsed(line: str, *, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
        found = None
    fine = isinstance(found, dict) and found.keys() >= _NEEDED
    if not fine or not all(isinstance(found[name], str) for name in ledger.KEY):
        raise DataError("this line is no entry of a ledger", where=where, mend=_MEND)
    try:
        week_from(found)
        point_from(found)
    except (DataError, TypeError, ValueError, AttributeError, OverflowError) as error:
        what = f"this entry of the ledger cannot be used ({getattr(error, 'what', error)})"
        raise DataError(what, where=where, mend=_MEND) from error
    read: dict[str, Any] = found
    return read


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _plain(figure: Maybe) -> list[float] | str:
    """Return estimate, low, high and n, as exactly as anybody reads them; or why there are none."""
    if isinstance(figure, Absent):
        return figure.why
    return [*(float(f"{x:.4g}") for x in (figure.estimate, figure.low, figure.high)), figure.n]


def _figure(found: list[float] | str) -> Maybe:
    if isinstance(found, str):
        return Absent(why=found)
    estimate, low, high, n = found
    if not all(isinstance(x, int | float) and math.isfinite(x) for x in found):
        raise ValueError(f"a figure is {found}")
    return Figure(estimate=estimate, low=low, high=high, n=int(n), method="")
