"""Files of results: whole or not at all, and never over what is read."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from trueup.errors import ConfigError
from trueup.report.export import WRITERS, check_target, check_targets, write_rows
from trueup.runner.result import COLUMNS, ITEM_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = [
    {"item_id": "a", "criterion": "c", "replicate": 0, "value": 0.1, "level": None},
    {"item_id": "\u00fc\n=", "criterion": "c", "replicate": 1, "value": None, "level": "met"},
]


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_rows_come_back_as_they_were(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"r{ending}"

    assert write_rows(iter(ROWS), path) == 2
    assert read(path) == ROWS


def test_csv_keeps_numbers_exact_and_nothing_empty(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    write_rows([{"value": 0.1 + 0.2, "level": None}], path)

    assert read(path) == [{"value": "0.30000000000000004", "level": ""}]


@pytest.mark.parametrize("ending", WRITERS)
def test_more_rows_than_a_chunk_are_written_in_order(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"r{ending}"
    rows = ({"replicate": n, "value": None if n < 10_500 else 1.0} for n in range(20_001))
    count = write_rows(rows, path)

    assert count == 20_001
    assert [int(row["replicate"]) for row in read(path)] == list(range(20_001))


@pytest.mark.parametrize("ending", WRITERS)
def test_no_rows_make_an_empty_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"r{ending}"

    assert write_rows([], path) == 0
    assert read(path) == []


@pytest.mark.parametrize(
    ("columns", "rows"),
    [(COLUMNS, []), (ITEM_COLUMNS, []), (COLUMNS, [dict.fromkeys(COLUMNS)] * 2),
     (ITEM_COLUMNS, [dict.fromkeys(ITEM_COLUMNS)])],
)  # fmt: skip
def test_parquet_has_its_columns_and_types_whatever_is_in_them(
    tmp_path: Path, columns: dict[str, str], rows: list[dict[str, Any]]
) -> None:
    path = tmp_path / "r.parquet"
    write_rows(rows, path, columns=columns)

    table = pq.read_table(path)
    types = {"double": "float64"}
    found = {field.name: types.get(str(field.type), str(field.type)) for field in table.schema}
    assert found == columns
    assert table.to_pylist() == rows


def test_csv_without_rows_names_its_columns(tmp_path: Path) -> None:
    write_rows([], tmp_path / "r.csv", columns=ITEM_COLUMNS)

    assert (tmp_path / "r.csv").read_text("utf-8").strip() == "item_id,score,low,high,outcome"


@pytest.mark.parametrize("ending", WRITERS)
def test_what_was_there_stays_whole_when_writing_fails(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"r{ending}"
    write_rows(ROWS, path)
    before = path.read_bytes()

    def broken() -> Iterator[dict[str, Any]]:
        yield ROWS[0]
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        write_rows(broken(), path)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    def full() -> Iterator[dict[str, Any]]:
        yield ROWS[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(ConfigError, match=r"No space left.*in the store"):
        write_rows(full(), tmp_path / "r.jsonl")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["r", "r.txt", "r.json", "none/r.csv", "folder.csv"])
def test_a_target_that_cannot_be_written_is_refused_beforehand(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()

    with pytest.raises(ConfigError) as refused:
        check_target(tmp_path / name)

    assert refused.value.where
    assert refused.value.mend


def test_no_target_is_the_source_or_another_target(tmp_path: Path) -> None:
    source, target = tmp_path / "i.jsonl", tmp_path / "r.jsonl"
    (tmp_path / "link.jsonl").symlink_to(source)

    check_targets([target, tmp_path / "s.csv"], spare=source)
    for clash in ([source], [target, tmp_path / "." / "r.jsonl"], [tmp_path / "link.jsonl"]):
        with pytest.raises(ConfigError, match="Name another"):
            check_targets(clash, spare=source)
