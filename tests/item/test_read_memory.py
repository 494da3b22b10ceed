"""Lists, generators and frames."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from trueup.errors import DataError
from trueup.item.model import Item
from trueup.item.read import check_items, open_items

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = [{"id": f"r{n}", "output": f"reply {n}", "plan": "gold"} for n in range(3)]
ITEMS = [Item(id=f"r{n}", output=f"reply {n}", metadata={"plan": "gold"}) for n in range(3)]


class Frame:
    """Stands for a polars frame: all that is known of it is the Arrow interchange."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        table: Any = pa.Table.from_pylist(ROWS)
        found: object = table.__arrow_c_stream__(requested_schema)
        return found

    def __len__(self) -> int:
        return len(ROWS)


@pytest.mark.parametrize(
    "source",
    [
        ROWS,
        tuple(ROWS),
        ITEMS,
        [ITEMS[0], ROWS[1], ITEMS[2]],
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS).set_index("id"),
        pa.Table.from_pylist(ROWS),
        pa.RecordBatch.from_pylist(ROWS),
        Frame(),
    ],
)
def test_whatever_holds_rows_gives_the_same_items_again_and_again(source: Any) -> None:
    found = open_items(source)

    assert list(found) == ITEMS
    assert list(found) == ITEMS
    assert found.count == 3
    assert check_items(found).count == 3


@pytest.mark.parametrize(
    "start",
    [
        lambda: (row for row in ROWS),
        lambda: iter(ITEMS),
        lambda: pa.Table.from_pylist(ROWS).to_reader(),
    ],
)
def test_a_stream_is_read_once(start: Any) -> None:
    source = open_items(start())

    assert not source.rereadable
    assert source.count is None
    assert list(source) == ITEMS
    with pytest.raises(DataError, match=r"can be read only once, and has been. Pass a list"):
        list(source)


def test_a_stream_longer_than_the_sample_is_read_whole() -> None:
    source = open_items({"id": n, "output": "a"} for n in range(250))

    assert [item.id for item in source] == [str(n) for n in range(250)]


def test_a_stream_is_not_used_up_by_a_check() -> None:
    source = open_items(row for row in ROWS)

    with pytest.raises(DataError, match=r"only once, so not checked. Pass a list"):
        check_items(source)
    assert list(source) == ITEMS


def test_a_source_may_be_opened_as_a_source() -> None:
    assert list(open_items(open_items(ROWS))) == ITEMS


def test_missing_values_of_frames_are_missing() -> None:
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "output": pd.array(["a", pd.NA], dtype="string"),
            "group": [7, None],
            "timestamp": [pd.Timestamp("2026-01-05T09:30:00Z"), pd.NaT],
            "tokens": pd.array([3, pd.NA], dtype="Int64"),
        }
    )
    first, second = open_items(frame)

    assert (first.group, first.metadata) == ("7", {"tokens": 3})
    assert second == Item(id="2", output="", fault="missing_output")


def test_messages_in_the_cells_of_a_frame_are_messages() -> None:
    turns = [{"role": "user", "content": "Hi"}]
    frame = pd.DataFrame({"id": [1], "input": [np.array(turns, dtype=object)], "output": ["a"]})

    assert next(iter(open_items(frame))).input == tuple(turns)


def test_a_frame_with_two_columns_of_one_name_is_refused() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["id", "output", "output"])

    with pytest.raises(DataError, match=r"two columns are named 'output'"):
        open_items(frame)
    with pytest.raises(DataError, match=r"two columns are named 'output'"):
        open_items(pa.Table.from_arrays([pa.array(["a"])] * 2, names=["output", "output"]))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ([], "list: there are no items in it"),
        (["text"], "list, row 1: this is str, neither a mapping nor an Item: text"),
        ([{"id": 1, "output": "a"}, 7], "list, row 2: this is int"),
        ({"id": [1]}, "items cannot be read from dict"),
        (7, "items cannot be read from int"),
        (b"path", "items cannot be read from bytes"),
    ],
)
def test_what_holds_no_rows_is_refused(source: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        check_items(source)


def test_keys_that_are_no_text_are_made_text() -> None:
    [item] = open_items([{"id": 1, "output": "a", 7: "x"}])

    assert item.metadata == {"7": "x"}


def test_a_declared_zone_reaches_the_items() -> None:
    row = {"id": 1, "output": "a", "timestamp": "2026-01-05T10:30:00"}
    [item] = open_items([row], timezone="Europe/Berlin")

    assert item.timestamp is not None
    assert item.timestamp.isoformat() == "2026-01-05T09:30:00+00:00"


def test_a_long_source_is_not_held_in_memory() -> None:
    alive = 0
    most = 0

    class Row(dict[str, Any]):
        def __init__(self, n: int) -> None:
            nonlocal alive, most
            super().__init__(id=n, output="a")
            alive += 1
            most = max(most, alive)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def rows() -> Iterator[Row]:
        for n in range(5000):
            yield Row(n)

    assert sum(1 for _ in open_items(rows())) == 5000
    assert most < 150


def test_reading_text_files_imports_nothing_heavy() -> None:
    code = (
        "import sys; import trueup.item.read, trueup.item.doctor, trueup.label.read; "
        "heavy = {'numpy', 'pandas', 'pyarrow', 'pydantic'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": "src"},
    )

    assert done.returncode == 0, done.stderr
