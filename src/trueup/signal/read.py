"""open_signals: records from a file or frame, long or wide, or from a platform's export.

Nothing but the part at hand is held in memory, so that files of any length can be read, and read
again.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.errors import DataError
from trueup.item.instant import instant, zone
from trueup.item.lines import MAX_LINE
from trueup.item.memory import iterable_rows
from trueup.item.model import Item
from trueup.item.read import open_rows
from trueup.signal.cells import ADJUSTED, AHEAD, Reading, record_of
from trueup.signal.declare import field_as, name_as, signal_as
from trueup.signal.rows import LongRows, WideRows, is_wide, signal_fields
from trueup.signal.shape import check_shape
from trueup.signal.tool.known import recognised
from trueup.signal.tool.otel import OTLP
from trueup.signal.tool.shape import ExportRows
from trueup.signal.value import checked_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, tzinfo

    from trueup.item.read import Source
    from trueup.item.rows import Rows
    from trueup.signal.column import Column
    from trueup.signal.model import SignalRecord
    from trueup.signal.value import Values


@dataclass(slots=True)
class SignalSurvey:
    """What a pass over a source found."""

    records: int = 0
    by_name: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    """Why something is no record -> how often."""
    first: dict[str, str] = field(default_factory=dict)
    """Why something is no record -> where that is so first."""
    notes: list[str] = field(default_factory=list)
    """What was assumed or mended, in a sentence each."""


class SignalSource:
    """The records of one source, built while they are iterated over.

    Attributes:
        name: The file's name, or what kind of object it is.
        source_format: `Langfuse`, `PostHog`, ...; else that of the file, as `CSV`.
        unit: What places are counted in, `line` or `row`.
        rereadable: Whether it can be iterated over more than once.
        columns: Column -> the signal in it, of a table with a row for every unit.
        survey: What the latest pass found; complete when it is over.
    """

    def __init__(
        self, rows: Rows, reader: LongRows | WideRows | ExportRows, reading: Reading
    ) -> None:
        self._rows, self._reader, self._reading = rows, reader, reading
        self.name = rows.name
        named = reader.name if isinstance(reader, ExportRows) else None
        self.source_format = named or rows.format
        self.unit = rows.unit
        self.rereadable = rows.again
        self.columns: Mapping[str, str] = reader.columns
        self.survey = SignalSurvey()

    def __iter__(self) -> Iterator[SignalRecord]:
        """Yield every record.

        Raises:
            DataError: A cell cannot be read; says the line or row.
        """
        survey = self.survey = SignalSurvey()
        reading = replace(self._reading, adjusted=0)
        for number, row in self._rows.start():
            try:
                if isinstance(row, Item):
                    raise DataError("this is an item, no signal", mend="Pass mappings")  # noqa: TRY301 - the place is added below
                for cells in self._reader.found(row):
                    found = cells if isinstance(cells, str) else record_of(cells, reading)
                    if isinstance(found, str):
                        survey.left_out[found] += 1
                        survey.first.setdefault(found, self._place(number))
                    else:
                        survey.records += 1
                        survey.by_name[found.name] += 1
                        yield found
            except DataError as error:
                raise DataError(error.what, where=self._place(number), mend=error.mend) from None
        survey.notes.extend(self._reader.notes)
        if reading.adjusted:
            survey.notes.append(f"{reading.adjusted:,} with the {ADJUSTED}")

    def check(self) -> SignalSurvey:
        """Read all of it through and return what is in it.

        Raises:
            DataError: There is no record in it, or a cell cannot be read.
        """
        for _ in self:
            pass
        if not self.survey.records:
            raise self.empty()
        return self.survey

    def _place(self, number: int) -> str:
        return f"{self.name}, {self.unit} {number}"

    def empty(self) -> DataError:
        """Return the error for a source in which the latest pass found no record."""
        seen = "; ".join(f"{count:,} {why}" for why, count in self.survey.left_out.most_common())
        if not seen:
            return DataError("there are no signals in it", where=self.name, mend="Add some rows")
        what = f"there are no signals in it: what it holds was left out ({seen})"
        if isinstance(self._reader, ExportRows):
            mend = (
                f"Name what users gave: {name_as()}; a judge's scores are verdicts, and never "
                "signals"
            )
        elif AHEAD in self.survey.left_out:
            mend = "Check the times, and which zone they are in"
        else:
            mend = "Fill the values, or name the column that holds them"
        return DataError(what, where=self.name, mend=mend)


def open_signals(
    source: Source,
    *,
    fields: Mapping[str, str] | None = None,
    signals: Mapping[str, str | Column] | None = None,
    signal: str | None = None,
    names: Mapping[str, str] | None = None,
    values: Mapping[str, Values] | None = None,
    known_at: datetime | str | None = None,
    timezone: str | None = None,
    now: datetime | None = None,
) -> SignalSource:
    """Open whatever holds signals.

    Exports of Langfuse, LangSmith, Phoenix, Amplitude, PostHog and OpenTelemetry are recognised by
    their shape; of these only what users gave is taken, and the scores of judges never are.

    Args:
        source: What `open_items` takes.
        fields: Field of a record -> column or path, as far as columns have other names: item_id (or
            trace_id, session_id, group), unit_kind, name, value, event_at, known_at, exposed,
            revision.
        signals: Of a table with a row for every unit: signal -> the column of its value, or all its
            columns. Left out, columns beside which another of the same name with `_at` stands.
        signal: The signal that all rows are of, where no column names it.
        names: Signal -> what a platform's export calls it.
        values: Signal -> what its cells mean: text -> number, or the ends of a scale, which become
            0 and 1. Otherwise numbers are themselves, and true, up and the like are 1.
        known_at: When records arrived of which nothing else says it, as the time of the export.
        timezone: The zone of times that name none.
        now: What is dated after it is left out; this very moment by default.

    Raises:
        DataError: A column is missing, two ways of reading are mixed, or the source cannot be read.
    """
    rows = _rows(source)
    check_shape(rows)
    own = signal_fields(fields, where=rows.name)
    declared = zone(timezone) if timezone else None
    export = None if signals or signal else recognised(rows)
    reader: LongRows | WideRows | ExportRows
    if export is not None:
        reader = ExportRows(export, own, rows, names=names or {})
        declared = declared or export.zone
    elif names:
        ways = f"{field_as('value')} of a row a record, {signal_as()} of a row a unit"
        mend = f"Name the columns: {ways}"
        what = "names say what a platform's export calls signals, and this is no such export"
        raise DataError(what, where=rows.name, mend=mend)
    elif rows.columns and (signals or (signal is None and is_wide(rows, own))):
        reader = WideRows(rows, own, signals or {})
    else:
        reader = LongRows(rows, own, only=signal)
    reading = Reading(
        zone=declared,
        values={name: checked_values(one) for name, one in (values or {}).items()},
        known_at=_instant(known_at, declared),
    )
    if now is not None:
        reading.now = now
    return SignalSource(rows, reader, reading)


def _rows(source: Source) -> Rows:
    """Open rows, also of a file that is one OTLP object."""
    try:
        return open_rows(source)
    except DataError:
        if not isinstance(source, (str, Path)) or not Path(source).expanduser().is_file():
            raise
        whole = _whole(Path(source).expanduser())
        if whole is None:
            raise
        return iterable_rows([whole], Path(source).name)


def _whole(path: Path) -> dict[str, Any] | None:
    """Return the OTLP object that a file is; None where it is something else."""
    if path.stat().st_size > MAX_LINE:
        return None
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError):
        return None
    return found if isinstance(found, dict) and found.keys() & OTLP else None


def _instant(given: datetime | str | None, declared: tzinfo | None) -> datetime | None:
    try:
        return instant(given, declared)
    except DataError as error:
        raise DataError(error.what, where="known_at", mend=error.mend) from None
