"""Rows -> a file in each format -> equal items."""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trueup.item.read import open_items

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
NAME = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=6)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system"]), "content": TEXT}
)
CALL = st.fixed_dictionaries(
    {
        "role": st.just("assistant"),
        "content": st.none(),
        "tool_calls": st.lists(
            st.fixed_dictionaries(
                {
                    "id": NAME,
                    "function": st.fixed_dictionaries({"name": NAME, "arguments": TEXT}),
                }
            ),
            min_size=1,
            max_size=2,
        ),
    }
)
FLAT = {
    "id": NAME,
    "input": TEXT,
    "output": TEXT,
    "reference": TEXT,
    "group": NAME,
    "timestamp": st.datetimes(
        min_value=pd.Timestamp("1980-01-01").to_pydatetime(),
        max_value=pd.Timestamp("2100-01-01").to_pydatetime(),
    ).map(lambda moment: moment.isoformat() + "Z"),
    "p_judged": st.floats(1e-6, 1.0),
    "plan": TEXT,
}
DEEP = {
    **FLAT,
    "input": st.lists(MESSAGE | CALL, min_size=1, max_size=3),
    "output": st.none() | TEXT,
    "reference": st.none() | TEXT,
    "context": st.none() | st.lists(TEXT, max_size=3),
    "metadata": st.fixed_dictionaries({}, optional={"tier": st.integers(0, 9), "note": TEXT}),
    "tokens": st.none() | st.integers(0, 10**6),
}


TEXTS = pa.list_(pa.string())
CALLS = pa.struct([("name", pa.string()), ("arguments", pa.string())])
TURN = pa.struct(
    [
        ("role", pa.string()),
        ("content", pa.string()),
        ("tool_calls", pa.list_(pa.struct([("id", pa.string()), ("function", CALLS)]))),
    ]
)
SCHEMA: dict[str, pa.DataType] = {
    **dict.fromkeys(DEEP, pa.string()),
    "input": pa.list_(TURN),
    "context": TEXTS,
    "p_judged": pa.float64(),
    "metadata": pa.struct([("tier", pa.int64()), ("note", pa.string())]),
    "tokens": pa.int64(),
}


def rows_of(fields: dict[str, Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries(fields)
    return st.lists(row, min_size=1, max_size=6, unique_by=lambda row: row["id"])


CAREFUL = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@CAREFUL
@given(rows_of(FLAT))
def test_flat_rows_survive_csv_and_tsv(rows: list[dict[str, Any]]) -> None:
    expected = list(open_items(rows))
    with tempfile.TemporaryDirectory() as folder:
        for name, mark in (("a.csv", ","), ("a.tsv", "\t")):
            path = Path(folder, name)
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(FLAT), delimiter=mark)
                writer.writeheader()
                writer.writerows(rows)
            Path(folder, name + ".gz").write_bytes(gzip.compress(path.read_bytes()))

            assert list(open_items(path)) == expected
            assert list(open_items(Path(folder, name + ".gz"))) == expected


@CAREFUL
@given(rows_of(DEEP))
def test_deep_rows_survive_json(rows: list[dict[str, Any]]) -> None:
    expected = list(open_items(rows))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        for plain in (True, False):
            text = "".join(json.dumps(row, ensure_ascii=plain) + "\n" for row in rows)
            path.write_text(text, encoding="utf-8", newline="")
            assert list(open_items(path)) == expected
        whole = Path(folder, "a.json")
        whole.write_text(json.dumps(rows), encoding="utf-8")
        assert list(open_items(whole)) == expected


@CAREFUL
@given(rows_of(DEEP))
def test_deep_rows_survive_arrow_and_parquet(rows: list[dict[str, Any]]) -> None:
    expected = list(open_items(rows))
    schema = pa.schema(list(SCHEMA.items()))
    found = pa.Table.from_pylist(rows, schema=schema)
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(found, Path(folder, "a.parquet"))
        pa.feather.write_feather(found, str(Path(folder, "a.feather")))

        assert list(open_items(found)) == expected
        assert list(open_items(Path(folder, "a.parquet"))) == expected
        assert list(open_items(Path(folder, "a.feather"))) == expected


@CAREFUL
@given(rows_of(DEEP))
def test_deep_rows_survive_a_frame(rows: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(rows)
    expected = [
        {**row, "tokens": float(row["tokens"])}
        if row["tokens"] is not None and frame["tokens"].dtype == float
        else row
        for row in rows
    ]

    assert list(open_items(frame)) == list(open_items(expected))
