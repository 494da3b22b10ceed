"""Cells on disk, and brought up to date: always what reading everything would have given."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.goodhart.test_cells import BARE, FULL, NOW, START, records, same
from trueup.errors import DataError
from trueup.goodhart.cells import Cells, load_cells, read_cells, save_cells, update_cells
from trueup.goodhart.cells import file as cells_file
from trueup.goodhart.cells.file import final_periods
from trueup.goodhart.cells.table import read_since

if TYPE_CHECKING:
    from pathlib import Path

FRAME = records(11, 500).assign(
    unit=lambda f: [f"reply {i}" for i in range(len(f))],
    text=lambda f: f["user"].astype("string"),
)
SPEC = replace(FULL, unit="unit", output="text")


def known(day: float) -> pd.DataFrame:
    """Return the records as they stood on a day: a log that grows and fills in."""
    when = START + pd.Timedelta(days=day)
    found = FRAME[~(FRAME["time"] >= when)].copy()
    for name in ("thumbs", "retries"):
        later = found[f"{name}_at"] > when
        found.loc[later, name] = pd.NA if name == "thumbs" else np.nan
        found.loc[later, f"{name}_at"] = pd.NaT
    return found


def equal(found: Cells, wanted: Cells) -> None:
    same(found, wanted)
    assert found.last == wanted.last
    assert found.notes == wanted.notes
    assert (found.canary, found.fingerprint) == (wanted.canary, wanted.fingerprint)
    for name in ("texts", "repeats"):
        one, other = getattr(found, name), getattr(wanted, name)
        assert (one is None) == (other is None)
        for key in one or ():
            np.testing.assert_array_equal(one[key], other[key])


@settings(max_examples=6, deadline=None)
@given(days=st.lists(st.floats(2, 45), min_size=2, max_size=3), doubled=st.booleans())
def test_updates_give_what_reading_everything_gives(days: list[float], doubled: bool) -> None:  # noqa: FBT001 - drawn
    def log(day: float) -> pd.DataFrame:
        found = known(day)
        return pd.concat([found, found[found.index % 50 == 0]]) if doubled else found

    first, *rest = sorted(days)
    cells = read_cells(log(first), SPEC, now=NOW)

    for day in rest:
        whole = read_cells(log(day), SPEC, origin=cells.origin, edges=cells.edges, now=NOW)
        cells = update_cells(cells, log(day), SPEC, now=NOW)
        equal(cells, whole)


def test_an_update_reads_no_final_period(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = read_cells(known(30), SPEC, now=NOW)
    asked: list[dict[str, Any]] = []
    read = read_since

    def watched(*args: Any, **more: Any) -> Cells:
        asked.append(more)
        return read(*args, **more)

    monkeypatch.setattr(cells_file, "read_since", watched)
    update_cells(stored, known(38), SPEC, now=NOW)

    assert final_periods(stored, SPEC) == 3
    assert [more["since"] for more in asked] == [stored.origin + 3 * SPEC.step]


def test_cells_come_back_as_they_were_saved(tmp_path: Path) -> None:
    frame = pd.concat([FRAME, FRAME[:5]])
    cells = read_cells(frame, SPEC, now=NOW)

    save_cells(tmp_path / "cells.parquet", cells)
    back = load_cells(tmp_path / "cells.parquet")

    equal(back, cells)
    assert back.repeats is not None
    assert back.keys["segment"].dtype.kind == "U"
    assert [path.name for path in tmp_path.iterdir()] == ["cells.parquet"]


def test_empty_edges_and_cells_without_time_come_back(tmp_path: Path) -> None:
    frame = pd.DataFrame({"version": ["a", "b"], "judge": 3.0})
    spec = replace(BARE, time=None, version="version", judge_repeat=None, signals=())
    cells = read_cells(frame, spec)

    save_cells(tmp_path / "c", cells)

    equal(load_cells(tmp_path / "c"), cells)


@pytest.mark.parametrize("change", [{"canary": "0-exact"}, {"canary": ""}])
def test_cells_of_another_hash_are_read_anew(change: dict[str, Any]) -> None:
    cells = read_cells(known(30), SPEC, now=NOW)
    doctored = replace(cells, sums={k: v * 2 for k, v in cells.sums.items()}, **change)

    equal(
        update_cells(doctored, known(40), SPEC, now=NOW),
        read_cells(known(40), SPEC, origin=cells.origin, edges=cells.edges, now=NOW),
    )


def test_users_whose_ids_change_their_kind_are_read_anew() -> None:
    cells = read_cells(known(30), SPEC, now=NOW)
    as_text = known(40).assign(user=lambda f: f["user"].astype("string"))

    equal(
        update_cells(cells, as_text, SPEC, now=NOW),
        read_cells(as_text, SPEC, origin=cells.origin, edges=cells.edges, now=NOW),
    )


def test_cells_of_another_spec_are_read_anew() -> None:
    other = replace(SPEC, period="1d")

    equal(
        update_cells(read_cells(known(30), SPEC, now=NOW), known(40), other, now=NOW),
        read_cells(known(40), other, now=NOW),
    )


def test_an_update_as_of_an_earlier_day_sees_no_later_value() -> None:
    until = (START + pd.Timedelta(days=9)).to_pydatetime()
    cells = read_cells(FRAME, SPEC, now=NOW)

    equal(
        update_cells(cells, FRAME, SPEC, now=NOW, until=until),
        read_cells(FRAME, SPEC, origin=cells.origin, edges=cells.edges, now=NOW, until=until),
    )


def test_a_file_that_holds_no_cells_is_refused(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "log.parquet")
    (tmp_path / "text").write_text("cells", "utf-8")

    for name in ("absent", "text", "log.parquet"):
        with pytest.raises(DataError, match=r"no stored cells.*Read the records anew"):
            load_cells(tmp_path / name)


def test_cells_of_another_version_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_cells(tmp_path / "cells", read_cells(known(20), SPEC, now=NOW))
    monkeypatch.setattr(cells_file, "SCHEMA", 99)

    with pytest.raises(DataError, match="and this reads 99"):
        load_cells(tmp_path / "cells")


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "cells"
    save_cells(target, read_cells(known(20), SPEC, now=NOW))
    before = target.read_bytes()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(pq, "write_table", fail)
    with pytest.raises(DataError, match="no space left"):
        save_cells(target, read_cells(known(30), SPEC, now=NOW))

    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_is_final_before_the_windows_have_closed() -> None:
    spec = replace(BARE, signals=(replace(BARE.signals[0], within="14d"),))
    cells = read_cells(known(25), spec, now=NOW)
    weeks = [replace(cells, last=cells.origin + dt.timedelta(days=d)) for d in (3, 20.9, 21, 28)]

    assert [final_periods(week, spec) for week in weeks] == [0, 0, 1, 2]
