"""Files: what is read, and the sentence for each file that cannot be."""

from __future__ import annotations

import csv
import gzip
import json
import os
import pickle
import sqlite3
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from trueup.errors import DataError
from trueup.item import lines, table
from trueup.item.model import Item
from trueup.item.read import check_items, open_items

if TYPE_CHECKING:
    from pathlib import Path


ROWS = [{"id": f"r{n}", "output": f"reply {n}", "plan": "gold"} for n in range(3)]


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        check_items(open_items(path, **options))
    return str(caught.value)


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def jsonl(path: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


def test_every_format_gives_the_same_items(tmp_path: Path) -> None:
    text = jsonl(tmp_path / "a.jsonl").read_text()
    with (tmp_path / "a.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)
    commas = (tmp_path / "a.csv").read_text()
    write(tmp_path / "a.ndjson", text)
    write(tmp_path / "a.json", json.dumps(ROWS, indent=1))
    write(tmp_path / "lines.json", text)
    write(tmp_path / "a.tsv", commas.replace(",", "\t"))
    write(tmp_path / "semicolons.csv", commas.replace(",", ";"))
    write(tmp_path / "unknown.log", text)
    write(tmp_path / "marked.jsonl", b"\xef\xbb\xbf" + text.encode())
    write(tmp_path / "marked.csv", b"\xef\xbb\xbf" + commas.encode())
    write(tmp_path / "a.jsonl.gz", gzip.compress(text.encode()))
    write(tmp_path / "a.csv.gz", gzip.compress(commas.encode()))
    write(tmp_path / "hidden.jsonl", gzip.compress(text.encode()))
    found = pa.Table.from_pylist(ROWS)
    pq.write_table(found, tmp_path / "a.parquet")
    pa.feather.write_feather(found, str(tmp_path / "a.feather"))
    with (
        pa.OSFile(str(tmp_path / "stream.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, found.schema) as stream,
    ):
        stream.write_table(found)

    expected = list(open_items(ROWS))
    for path in sorted(tmp_path.iterdir()):
        source = open_items(path)
        assert list(source) == expected, path.name
        assert list(source) == expected, f"{path.name}, read again"
        assert check_items(source).count == 3


def test_a_source_says_what_it_is(tmp_path: Path) -> None:
    source = open_items(jsonl(tmp_path / "a.jsonl"))

    assert (source.name, source.format, source.unit) == ("a.jsonl", "JSON lines", "line")
    assert source.columns == ("id", "output", "plan")
    assert source.fields == {"id": "id", "output": "output"}
    assert source.count is None
    assert source.rereadable

    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    assert open_items(str(tmp_path / "a.parquet")).count == 3


def test_places_are_lines_for_text_and_rows_for_the_rest(tmp_path: Path) -> None:
    text = 'id,output\n1,"two\nlines"\n\n2,b\n'

    table_ = write(tmp_path / "a.csv", text)
    lines_ = write(tmp_path / "a.jsonl", '\n{"id":1,"output":"a"}\n')

    assert [n for n, _ in open_items(table_).numbered()] == [2, 5]
    assert [n for n, _ in open_items(lines_).numbered()] == [2]
    assert [n for n, _ in open_items(ROWS).numbered()] == [1, 2, 3]


def test_undecodable_bytes_are_a_fault_of_their_item(tmp_path: Path) -> None:
    lines_ = write(tmp_path / "a.jsonl", b'{"id":1,"output":"a\xff"}\n{"id":2,"output":"b"}\n')
    cells = write(tmp_path / "a.csv", b"id,output\n1,a\xff\n2,b\n")

    for path in (lines_, cells):
        first, second = open_items(path)
        assert (first.output, first.fault) == ("a\ufffd", "invalid_utf8")
        assert second.fault is None
        assert check_items(path).faults == {"invalid_utf8": 1}


def test_undecodable_bytes_in_arrow_text_are_a_fault_of_their_item() -> None:
    _, offsets, data = pa.array([b"a\xff", b"b"]).buffers()
    assert offsets is not None
    assert data is not None
    text = pa.StringArray.from_buffers(2, offsets, data)

    first, second = open_items(pa.table({"id": ["1", "2"], "output": text}))

    assert (first.output, first.fault) == ("a\ufffd", "invalid_utf8")
    assert (second.output, second.fault) == ("b", None)


def test_escaped_lone_surrogates_are_a_fault(tmp_path: Path) -> None:
    [item] = open_items(write(tmp_path / "a.jsonl", r'{"id":1,"output":"a\ud83d"}'))

    assert (item.output, item.fault) == ("a\ufffd", "invalid_utf8")


def test_json_text_of_messages_in_a_csv_is_read(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "messages"], ["1", json.dumps(turns)]])

    [item] = open_items(tmp_path / "a.csv")

    assert (item.input, item.output) == ((turns[0],), "Yes")


def test_json_text_is_left_alone_where_not_all_cells_are_messages(tmp_path: Path) -> None:
    turns = '[{"role": "user", "content": "Hi"}]'
    rows = [{"id": 1, "input": turns, "output": "a"}, {"id": 2, "input": "Hi", "output": "b"}]

    assert next(iter(open_items(jsonl(tmp_path / "a.jsonl", rows)))).input == turns


def test_rows_inside_a_tools_json_object_are_found(tmp_path: Path) -> None:
    nested = {"evalId": "e", "results": {"version": 3, "results": ROWS}}
    source = open_items(write(tmp_path / "a.json", json.dumps(nested)))

    assert [item.id for item in source] == ["r0", "r1", "r2"]
    assert source.format == "JSON array inside 'results.results'"


def test_an_unnamed_first_column_as_pandas_writes_it_is_kept(tmp_path: Path) -> None:
    [item] = open_items(write(tmp_path / "a.csv", ",id,output\n0,x,a\n"))

    assert item.metadata == {"column_1": "0"}


def test_a_short_csv_row_lacks_its_last_cells(tmp_path: Path) -> None:
    [item] = open_items(write(tmp_path / "a.csv", "id,output\n1\n"))

    assert item.fault == "missing_output"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.jsonl", "", ["a.jsonl: the file is empty"]),
        ("a.jsonl", "\n\n", ["a.jsonl: there are no items in it"]),
        ("a.csv", "id,output\n", ["a.csv: there are no items in it"]),
        ("a.json", "[]", ["a.json: there are no items in it"]),
        (
            "a.jsonl",
            '{"id": 1, "output": "a"}\n{"id": 2, "output": \x1b}\n',
            ["a.jsonl, line 2: this is not JSON", "column 21", '{"id": 2, "output": \\x1b}'],
        ),
        (
            "a.jsonl",
            '{"id": 1, "output": "a"}\n{"id": 2, "output": "ab\n',
            ["line 2: this is not JSON (it is cut off at its end, after column 23", "column 21)"],
        ),
        ("a.jsonl", '{"id": 1, "output": "a"\r\n', ["at its end, after column 23): {"]),
        ("a.jsonl", '{"id": 1, "n": tr\n', ["at its end, after column 17): {"]),
        ("a.jsonl", '{"id":\n', ["at its end, after column 6): {"]),
        ("a.json", '[{"id": 1},\n {"id": 2},\n\n', ["a.json, line 2", "after column 11"]),
        ("a.jsonl", '{"id": 1}\n[1, 2]\n', ["a.jsonl, line 2: this is an array", "[1, 2]"]),
        ("a.jsonl", "7\n", ["line 1: this is a number, no JSON object: 7"]),
        ("a.jsonl", "null\n", ["line 1: this is null"]),
        ("a.jsonl", "[" * 100_000, ["line 1: the JSON is nested too deeply"]),
        ("a.jsonl", '{"n": ' + "9" * 5000 + "}", ["line 1: this is not JSON", "Exceeds the limit"]),
        ("a.json", '[{"id": 1},\n{"id": }]', ["a.json, line 2: this is not JSON", '{"id": }]']),
        ("a.json", "[1]", ["a.json, row 1: this is a number"]),
        ("a.json", '{"id": 1}', ["a.json: the file holds no array of items", ".jsonl"]),
        ("a.json", "[" * 100_000, ["a.json: the JSON is nested too deeply"]),
        ("a.csv", "1,0.5\n2,0.7\n", ["a.csv, line 1: '1' is a value, no name of a column"]),
        ("a.csv", f"id,{'x' * 300}\n", ["line 1: 'xxx", "is a value, no name"]),
        ("a.csv", ",,\n1,2,3\n", ["a.csv, line 1: there is no line that names the columns"]),
        ("a.csv", "id,output,id\n1,a,2\n", ["a.csv, line 1: two columns are named 'id'"]),
        (
            "a.csv",
            "id,output\n1,a\n2,b,c\n",
            ["a.csv, line 3: the row has 3 cells and the first line 2 columns", "Quote cells"],
        ),
        ("a.csv", 'id,output\n1,"a\n2,b\n', ["a.csv, line 2: this is not CSV", "unexpected end"]),
        ("a.parquet", "id,output\n", ["named like a Parquet file but looks like text: id,output"]),
        ("a.jsonl", b"PK\x03\x04....", ["named like JSONL but looks like a ZIP or Excel file"]),
        ("a.csv", pickle.dumps([1]), ["named like CSV but looks like a Python pickle"]),
        ("a.csv", "id".encode("utf-16"), ["looks like UTF-16 text. Save it as UTF-8"]),
        ("a.csv", b"id,\0\0", ["looks like binary data (it has NUL bytes)"]),
        ("a.jsonl", b"PAR1....", ["looks like a Parquet file. Give the file the ending"]),
        ("a.xlsx", b"PK\x03\x04....", ["it looks like a ZIP or Excel file", ".jsonl"]),
        ("a.txt", "hello", ["a.txt: '.txt' is no format that is read", ".parquet"]),
        ("a.parquet", b"PAR1 cut off", ["a.parquet: the Parquet file is cut off or damaged"]),
        ("a.arrow", b"ARROW1 cut off", ["a.arrow: the Arrow file is cut off or damaged"]),
        ("a.jsonl.gz", b"no gzip", ["a.jsonl.gz: the gzip data is damaged or cut off"]),
    ],
)  # fmt: skip
def test_a_file_that_is_no_good_is_refused_with_the_reason(
    tmp_path: Path, name: str, text: str | bytes, says: list[str]
) -> None:
    said = refused(write(tmp_path / name, text))

    for part in says:
        assert part in said
    assert "\x1b" not in said
    assert len(said) < 500


def test_a_cut_off_gzip_file_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"id": 1, "output": "a"}\n' * 5000)
    said = refused(write(tmp_path / "a.jsonl.gz", whole[: len(whole) // 2]))

    assert "a.jsonl.gz: the gzip data is damaged or cut off" in said


def test_a_cut_off_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    write(path, path.read_bytes()[:-20])

    assert "a.parquet: the Parquet file is cut off or damaged" in refused(path)


def test_a_database_is_refused_by_what_it_is(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "a.json")
    base.execute("create table t (x)")
    base.commit()
    base.close()

    assert "looks like an SQLite database" in refused(tmp_path / "a.json")


def test_a_missing_file_gets_a_suggestion_from_its_folder(tmp_path: Path) -> None:
    jsonl(tmp_path / "replies.jsonl")
    said = refused(tmp_path / "replys.jsonl")

    assert "replys.jsonl: there is no such file. Did you mean 'replies.jsonl'?" in said
    assert "/nowhere does not exist" in refused(tmp_path / "nowhere" / "a.jsonl")


def test_a_folder_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    jsonl(tmp_path / "replies.jsonl")
    write(tmp_path / "notes.txt", "x")

    assert "this is a folder. Name one file. It holds replies.jsonl" in refused(tmp_path)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")

    assert "pipe.jsonl: this is no regular file. Save it" in refused(tmp_path / "pipe.jsonl")


def test_a_format_is_told_by_the_first_bytes_where_the_name_says_nothing(tmp_path: Path) -> None:
    found = pa.Table.from_pylist(ROWS)
    pq.write_table(found, tmp_path / "a")
    pa.feather.write_feather(found, str(tmp_path / "b.bin"))
    write(tmp_path / "c", json.dumps(ROWS))

    for path in sorted(tmp_path.iterdir()):
        assert check_items(path).count == 3


def test_columns_of_json_lines_are_looked_for_far_but_not_for_ever(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"id": n, "output": "a"} for n in range(1500)]
    rows[900]["near"] = 1
    rows[1400] |= {"far": 1, "reference": "found late"}
    source = open_items(jsonl(tmp_path / "a.jsonl", rows))
    late = list(source)[1400]

    assert source.columns == ("id", "output", "near")
    assert (late.reference, late.metadata) == ("found late", {"far": 1})


def test_undecodable_text_deep_inside_arrow_values_is_refused() -> None:
    _, offsets, data = pa.array([b"a\xff"]).buffers()
    assert offsets is not None
    assert data is not None
    words = pa.StringArray.from_buffers(1, offsets, data)
    deep = pa.StructArray.from_arrays([words], names=["text"])

    with pytest.raises(DataError, match=r"Table: column 'output' holds bytes inside its values"):
        open_items(pa.table({"id": ["1"], "output": deep}))


def test_undecodable_text_in_arrow_dictionaries_is_a_fault() -> None:
    _, offsets, data = pa.array([b"a\xff"]).buffers()
    assert offsets is not None
    assert data is not None
    words = pa.StringArray.from_buffers(1, offsets, data)
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int8()), words)

    [first, _] = open_items(pa.table({"id": ["1", "2"], "output": coded}))
    assert (first.output, first.fault) == ("a\ufffd", "invalid_utf8")


def test_an_overlong_line_is_refused_and_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 1 << 20)
    path = write(tmp_path / "a.jsonl", '{"id": 1, "output": "' + "x" * (2 << 20) + '"}\n')

    said = refused(path)
    assert "a.jsonl, line 1: the line is longer than 1 MB" in said
    assert '{"id": 1, "output": "xxx' in said


def test_an_overlong_cell_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,output\n1," + "x" * (table.MAX_CELL + 1) + "\n")

    assert "a.csv, line 2: this is not CSV (field larger than field limit" in refused(path)


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    [item] = open_items(write(tmp_path / "a.csv", "id,output\n1," + "x" * 1_000_000 + "\n"))

    assert len(item.output) == 1_000_000


def test_two_items_with_one_id_are_refused_with_both_places(tmp_path: Path) -> None:
    rows = [{"id": "a", "output": "x"}, {"id": "b", "output": "y"}, {"id": "a", "output": "z"}]
    said = refused(jsonl(tmp_path / "a.jsonl", rows))

    assert "a.jsonl: lines 1 and 3 have one id, 'a' (column 'id')" in said
    assert "--map id=" in said
    assert check_items(open_items(tmp_path / "a.jsonl", fields={"id": ""})).count == 3


def test_two_ids_of_one_hash_are_no_doubles() -> None:
    class Same(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return 1

    assert check_items([Item(id=Same(n), output="") for n in "ab"]).count == 2


def test_a_file_without_an_output_is_refused_with_its_columns(tmp_path: Path) -> None:
    said = refused(jsonl(tmp_path / "a.jsonl", [{"id": 1, "responce": "x", "topic": "y"}]))

    assert "a.jsonl: no column holds the output; the columns are: id, responce, topic" in said
    assert "Did you mean 'responce'?" in said
    assert "--map output=COLUMN" in said


def test_a_declared_column_that_is_not_in_the_file_is_refused(tmp_path: Path) -> None:
    said = refused(jsonl(tmp_path / "a.jsonl"), fields={"output": "outptu"})

    assert "no column 'outptu' in the first rows to map output to. Did you mean 'output'?" in said


def test_faults_are_counted_and_do_not_raise(tmp_path: Path) -> None:
    outputs = (None, "a\ud800", "b")
    rows = [{"id": n, "output": output} for n, output in enumerate(outputs)]
    checked = check_items(jsonl(tmp_path / "a.jsonl", rows))

    assert (checked.count, checked.faults) == (3, {"missing_output": 1, "invalid_utf8": 1})


def test_nanoseconds_and_dictionaries_in_parquet_are_read(tmp_path: Path) -> None:
    found = pa.table(
        {
            "id": [1, 2],
            "output": pa.array(["a", None]).dictionary_encode(),
            "timestamp": pa.array([1767605400_000_000_001, None], pa.timestamp("ns", "UTC")),
        }
    )
    pq.write_table(found, tmp_path / "a.parquet")
    first, second = open_items(tmp_path / "a.parquet")

    assert first.timestamp is not None
    assert first.timestamp.isoformat() == "2026-01-05T09:30:00+00:00"
    assert (second.timestamp, second.fault) == (None, "missing_output")
