"""Cells on disk, and what bringing them up to date takes: reading the youngest records alone."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.errors import DataError
from trueup.goodhart.cells.extent import micros_at
from trueup.goodhart.cells.fingerprint import SCHEMA, canary_now, fingerprint_of
from trueup.goodhart.cells.over import moment_of
from trueup.goodhart.cells.query import KEYS, micros_of
from trueup.goodhart.cells.table import Cells, read_cells, read_since, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from trueup.goodhart.spec import WatchSpec

    Table = Mapping[str, NDArray[Any]]

_MARK = b"trueup.cells"
_TABLES = ("anchors", "texts", "repeats")


def save_cells(path: str | Path, cells: Cells) -> None:
    """Write cells into one Parquet file, all of it or nothing.

    The file holds a row per cell; what else there is stands in its metadata.

    Raises:
        DataError: The file cannot be written.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and only needed here
    import pyarrow.parquet as pq  # noqa: PLC0415 - same

    said = {
        "schema": SCHEMA, "canary": cells.canary, "fingerprint": cells.fingerprint,
        "origin": cells.origin.isoformat(), "edges": list(cells.edges),
        "last": None if cells.last is None else cells.last.isoformat(),
        "seen": None if cells.seen is None else cells.seen.isoformat(),
        "delay": cells.delay.total_seconds(),
        "over": None if cells.over is None else cells.over.isoformat(),
        "notes": list(cells.notes), "sums": list(cells.sums),
    }  # fmt: skip
    metadata = {_MARK: json.dumps(said).encode()}
    for name in _TABLES:
        table = getattr(cells, name)
        if table is not None:
            metadata[_MARK + b"." + name.encode()] = _packed(table)
    columns = {k: pa.array(v) for k, v in cells.keys.items()}
    columns |= {f"sum_{k}": pa.array(v) for k, v in cells.sums.items()}
    table = pa.table(columns).replace_schema_metadata(metadata)
    target = Path(path)
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part:
            try:
                pq.write_table(table, part, compression="zstd")
                part.flush()
                os.fsync(part.fileno())
                Path(part.name).replace(target)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    Path(part.name).unlink()
                raise
    except OSError as problem:
        message = f"the cells cannot be written ({problem.strerror or problem})"
        raise DataError(message, where=str(path), mend="Name a file in a folder.") from problem


def load_cells(path: str | Path) -> Cells:
    """Read what `save_cells` wrote.

    Raises:
        DataError: There is no such file, or it is of another kind or version.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and only needed here
    import pyarrow.parquet as pq  # noqa: PLC0415 - same

    mend = "Read the records anew with `read_cells`, and save them."
    try:
        table = pq.read_table(Path(path))
    except FileNotFoundError as problem:
        raise DataError("there are no stored cells", where=str(path), mend=mend) from problem
    except (OSError, pa.ArrowInvalid) as problem:
        raise DataError("this holds no stored cells", where=str(path), mend=mend) from problem
    metadata = table.schema.metadata or {}
    if _MARK not in metadata:
        raise DataError("this holds no stored cells", where=str(path), mend=mend)
    said = json.loads(metadata[_MARK])
    if said["schema"] != SCHEMA:
        message = f"the cells are of version {said['schema']}, and this reads {SCHEMA}"
        raise DataError(message, where=str(path), mend=mend)
    tables = {
        name: _unpacked(metadata[_MARK + b"." + name.encode()])
        for name in _TABLES
        if _MARK + b"." + name.encode() in metadata
    }
    return Cells(
        keys={name: _plain(table.column(name)) for name in KEYS},
        sums={name: _plain(table.column(f"sum_{name}")) for name in said["sums"]},
        origin=dt.datetime.fromisoformat(said["origin"]),
        edges=tuple(said["edges"]),
        last=_instant(said["last"]),
        seen=_instant(said["seen"]),
        delay=dt.timedelta(seconds=said["delay"]),
        over=_instant(said["over"]),
        notes=tuple(said["notes"]),
        canary=said["canary"],
        fingerprint=said["fingerprint"],
        **tables,
    )


def _instant(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


def _plain(column: Any) -> NDArray[Any]:  # noqa: ANN401 - a column of Arrow
    values: NDArray[Any] = column.to_numpy()
    return values.astype(str) if values.dtype == object else values


def _packed(table: Table) -> bytes:
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and only needed here

    whole = pa.table({name: pa.array(values) for name, values in table.items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, whole.schema) as stream:
        stream.write_table(whole)
    return bytes(sink.getvalue())


def _unpacked(data: bytes) -> dict[str, NDArray[Any]]:
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and only needed here

    whole = pa.ipc.open_stream(data).read_all()
    return {name: _plain(whole.column(name)) for name in whole.column_names}


def update_cells(
    stored: Cells,
    source: object,
    spec: WatchSpec,
    *,
    now: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> Cells:
    """Bring cells up to date, reading only the records that may have changed or come since.

    Of periods whose signals had all had their time when the cells were stored nothing is read
    again: records and judge's scores that were added to them later are not seen. The result is that
    of reading everything with the stored origin and edges. Cells of another hash are read anew
    throughout, and so are cells of another spec, with an origin and edges of their own.

    Args:
        stored: From `read_cells`, `load_cells` or this.
        source: As for `read_cells`; must hold everything from the first period on that is not
            final, and all records where cells are read anew.
        spec: Which column holds what.
        now: As for `read_cells`.
        until: As for `read_cells`.

    Raises:
        DataError: As for `read_cells`.
    """
    now, until = moment_of(now), moment_of(until, "until")
    if stored.fingerprint != fingerprint_of(spec):
        return read_cells(source, spec, now=now, until=until)
    origin, edges = stored.origin, stored.edges
    final = final_periods(stored, spec)
    same_hash = stored.canary.split("-")[0] == canary_now()
    if final and same_hash and (until is None or _past(until, final, stored, spec)):
        since = origin + final * spec.step
        fresh = read_since(
            source, spec, origin=origin, edges=edges, now=now, until=until, since=since
        )
        if fresh.canary == stored.canary:
            return told((_before(stored, final, fresh) + fresh).compact(), spec)
    return read_cells(source, spec, origin=origin, edges=edges, now=now, until=until)


def final_periods(cells: Cells, spec: WatchSpec) -> int:
    """Return how many periods had ended, and all of their signals' windows closed, by `last`."""
    if cells.last is None:
        return 0
    longest = max((signal.window for signal in spec.signals), default=dt.timedelta(0))
    reached = micros_at(cells.last - longest, "last") - micros_at(cells.origin, "origin")
    return max(reached // micros_of(spec.step), 0)


def _past(until: dt.datetime, final: int, cells: Cells, spec: WatchSpec) -> bool:
    """Return whether the final periods were final at an instant, too."""
    longest = max((signal.window for signal in spec.signals), default=dt.timedelta(0))
    return until >= cells.origin + final * spec.step + longest


def _before(cells: Cells, period: int, fresh: Cells) -> Cells:
    """Return the cells of the periods before one, with the notes of a fresh reading."""

    def cut(table: Table | None) -> Table | None:
        if table is None:
            return None
        here = table["period"] < period
        return {k: v[here] for k, v in table.items()}

    here = cells.keys["period"] < period
    return replace(
        cells,
        keys={k: v[here] for k, v in cells.keys.items()},
        sums={k: v[here] for k, v in cells.sums.items()},
        last=fresh.last,
        over=fresh.over,
        notes=fresh.notes,
        anchors=cut(cells.anchors),
        texts=cut(cells.texts),
        repeats=cut(cells.repeats),
    )
