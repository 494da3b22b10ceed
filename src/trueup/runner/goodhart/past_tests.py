"""A/Bs that are over go into the release ledger by themselves, losers and undecided ones included.

A ledger that somebody fills by hand holds the tests that somebody was proud of, and a judge point
then looks worth more than it is. Each test enters once, under a name that says which one it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from trueup.errors import DataError
from trueup.goodhart.concurrent.ended import courses, ended_row
from trueup.goodhart.ledger.file import append, as_row, read_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.concurrent import Snapshots
    from trueup.goodhart.concurrent.ended import Course
    from trueup.goodhart.ledger import Release
    from trueup.goodhart.look import Look
    from trueup.goodhart.spec import WatchSpec

Status = Literal["added", "there", "would be added", "running", "impossible"]
_TO_BEGIN = (".jsonl", ".ndjson")
"""Endings of ledgers that the first test may begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a test's row.

    Attributes:
        file: The ledger.
        id: Of the row.
        status: `added`; `there` since an earlier run; `would be added` but for a backtest;
            `running`: the test is not over; `impossible`, with the reason in `message`.
        message: The same in a sentence.
        row: As it stands in the ledger, or would; None where there is none yet.
    """

    file: str
    id: str
    status: Status
    message: str
    row: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "file": self.file,
            "id": self.id,
            "status": self.status,
            "message": self.message,
            "row": None if self.row is None else dict(self.row),
        }


def without_own(cells: Cells, spec: WatchSpec, *, title: str) -> WatchSpec:
    """Return what is watched, with the ledger read and the rows of the tests in question left out.

    A ledger of JSON lines that is not there yet is an empty one where an A/B may begin it.

    Args:
        cells: From `read_cells`.
        spec: What is watched.
        title: Of what is watched, as in ids.

    Raises:
        DataError: The ledger cannot be read.
    """
    if not isinstance(spec.ledger, str) or not _may_be_ab(spec):
        return spec
    rows = _rows(Path(spec.ledger))
    try:
        mine = {row_id(course, title) for course in courses(cells, spec)}
    except DataError:  # no two arms: a stream, or versions one after another
        mine = set()
    return replace(spec, ledger=tuple(row for row in rows if row.id not in mine))


def keep_tests(
    cells: Cells,
    spec: WatchSpec,
    looks: Sequence[Look],
    *,
    as_of: Snapshots,
    title: str,
    write: bool,
) -> tuple[Kept, ...]:
    """Add the rows of tests that are over to the ledger, each once.

    Args:
        cells: What the looks are from.
        spec: What is watched; nothing is kept where its `ledger` is no file.
        looks: Each by itself.
        as_of: What was known at an instant.
        title: Of what is watched, as in ids.
        write: Whether to; else it is told what would be.

    Raises:
        DataError: The ledger cannot be read.
    """
    if not isinstance(spec.ledger, str):
        return ()
    file = Path(spec.ledger)
    if looks[-1].design != "concurrent":
        if _may_be_ab(spec):
            read_ledger(file)  # one that is not there was let pass for an A/B alone
        return ()
    found = []
    for course in courses(cells, spec):
        kept = _of(course, spec, looks, row_id(course, title))
        if kept is None:
            kept = _keep(cells, spec, course, as_of=as_of, title=title, write=write)
        found.append(kept)
    return tuple(found)


def row_id(course: Course, title: str) -> str:
    """Return the id of a test's row."""
    return f"{title}: {course.told}"


def _may_be_ab(spec: WatchSpec) -> bool:
    return spec.design in ("auto", "concurrent") and bool(spec.arm or spec.version)


def _rows(file: Path) -> tuple[Release, ...]:
    if file.suffix.lower() in _TO_BEGIN and not file.exists() and file.parent.is_dir():
        return ()
    return read_ledger(file)


def _of(course: Course, spec: WatchSpec, looks: Sequence[Look], name: str) -> Kept | None:
    """Return what is said of a test that runs, None of one that is over."""
    if course.over(looks):
        return None
    had = min(course.had(looks), course.looks)
    message = (
        f"A/B {course.told}: {had} of {course.looks} looks were had; its row goes to {spec.ledger} "
        "once the test is over"
    )
    return Kept(file=str(spec.ledger), id=name, status="running", message=message)


def _keep(
    cells: Cells, spec: WatchSpec, course: Course, *, as_of: Snapshots, title: str, write: bool
) -> Kept:
    """Return what became of the row of a test that is over."""
    file, name = str(spec.ledger), row_id(course, title)
    experiment = f"{title}: {course.shared}"
    try:
        rows = _rows(Path(file))
        there = next((row for row in rows if row.id == name), None)
        if there is None:
            fresh = ended_row(cells, spec, course, as_of=as_of, name=name, experiment=experiment)
            there = next((row for row in rows if row.repeats(fresh)), None)
        if there is not None:
            told = "is there since an earlier run" if there.id == name else f"is '{there.id}' there"
            return Kept(file=file, id=there.id, status="there", row=as_row(there),
                        message=f"A/B {course.told} is over; its row in {file} {told}")  # fmt: skip
        if not write:
            return Kept(file=file, id=name, status="would be added", row=as_row(fresh),
                        message=f"A/B {course.told} is over; a backtest writes nothing: without it "
                                f"a row would be added to {file}")  # fmt: skip
        append(file, fresh)
    except DataError as error:
        mend = f"; {error.mend}" if error.mend else ""
        return Kept(file=file, id=name, status="impossible",
                    message=f"A/B {course.told} is over, and its row is not in {file}: "
                            f"{error.what}{mend}")  # fmt: skip
    count = len(rows) + 1
    tests = f"{count} past test{'' if count == 1 else 's'}"
    return Kept(file=file, id=name, status="added", row=as_row(fresh),
                message=f"A/B {course.told} is over; its row was added to {file}, which now holds "
                        f"{tests}")  # fmt: skip
