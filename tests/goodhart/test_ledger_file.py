from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import DataError
from trueup.goodhart.ledger import Release, read_ledger
from trueup.goodhart.ledger.file import append, as_row

if TYPE_CHECKING:
    from pathlib import Path

ROW = Release(
    id="tone",
    rise=0.2,
    signals={"thumbs": 0.03, "retries": -0.02},
    better={"thumbs": "higher", "retries": "lower"},
    covariance=((0.0004, 0.0001, -0.0002), (0.0001, 0.0009, -0.0003), (-0.0002, -0.0003, 0.0016)),
    arms=("v4", "v3"),
    experiment="march",
    started=dt.date(2026, 3, 2),
    ended=dt.date(2026, 3, 29),
    instrument="9f2c",
    sitting="2026-03-30",
    n=12000,
    reliability=0.55,
    registered_at=dt.datetime(2026, 2, 27, 9, tzinfo=dt.UTC),
    result_at=dt.datetime(2026, 3, 30, 8, tzinfo=dt.UTC),
)
ERRORS = {"rise": 0.02, "thumbs": 0.03, "retries": 0.04}
SPARE = Release(
    id="spare", rise=0.1, signals=ROW.signals, better=ROW.better, errors=ERRORS, kind="release"
)
HEAD = (
    "id,treated,control,rise,error:rise,effect:thumbs,better:thumbs,error:thumbs,"
    "effect:retries,better:retries,error:retries"
)
LINE = "one,v2,v1,0.2,0.02,0.03,higher,0.03,-0.02,lower,0.04"
PAIRS = ("covariance:rise:thumbs", "covariance:retries:rise", "covariance:thumbs:retries")


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "ledger.jsonl"
    assert append(file, ROW, SPARE) == 2
    assert read_ledger(file) == (ROW, SPARE)


def test_appending_again_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    append(file, ROW)
    before = file.read_bytes()
    again = replace(ROW, rise=0.2 + 1e-12, result_at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
    assert append(file, again) == 0
    assert file.read_bytes() == before


def test_the_order_of_signals_makes_no_other_row(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    append(file, ROW)
    place = (0, 2, 1)
    matrix = ROW.covariance or ()
    turned = replace(
        ROW,
        signals={"retries": -0.02, "thumbs": 0.03},
        covariance=tuple(tuple(matrix[i][j] for j in place) for i in place),
    )
    assert append(file, turned) == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rise": 0.3}, "another rise (0.2, now 0.3)"),
        ({"signals": {"thumbs": 0.05, "retries": -0.02}}, "another change of thumbs (0.03, now"),
        ({"instrument": "b"}, "another instrument"),
        ({"better": {"thumbs": "higher", "retries": "higher"}}, "another set of signals"),
        ({"covariance": None, "errors": ERRORS}, "another covariance"),
    ],
)
def test_a_changed_row_is_refused(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    file = tmp_path / "ledger.jsonl"
    append(file, ROW)
    with pytest.raises(DataError, match=re.escape(said)):
        append(file, replace(ROW, **fields))
    with file.open("a") as out:
        out.write(json.dumps(as_row(replace(ROW, **fields))) + "\n")
    with pytest.raises(DataError, match=r"ledger\.jsonl:2: release 'tone' is there already"):
        read_ledger(file)


def test_a_last_line_without_its_end_is_ended_first(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_text(json.dumps(as_row(ROW)))
    append(file, SPARE)
    assert [row.id for row in read_ledger(file)] == ["tone", "spare"]


def test_a_covariance_in_another_order_is_turned(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    row = as_row(ROW)
    row["order"] = ["thumbs", "rise", "retries"]
    place = (1, 0, 2)
    row["covariance"] = [[row["covariance"][i][j] for j in place] for i in place]
    file.write_text(json.dumps(row))
    assert read_ledger(file) == (ROW,)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"riise": 1}, "'riise' is nothing that a ledger holds. Did you mean 'rise'?"),
        ({"rise": None}, "rise is missing"),
        ({"rise": "high"}, "rise is 'high', which is no number"),
        ({"rise": True}, "rise is True"),
        ({"n": float("nan")}, "n is nan"),
        ({"started": "March"}, "started is 'March', which is no date"),
        ({"arms": "v4"}, "arms are not two names"),
        ({"signals": {"thumbs": 0.1}}, "signals do not say effect and better"),
        ({"signals": {"thumbs": {"better": "higher"}}}, "effect of thumbs is missing"),
        ({"order": None}, "nothing says what the covariance's rows are about"),
        ({"covariance": [[1, 2], [3]]}, "its covariance is no square of numbers"),
        ({"covariance": [1, 2, 3]}, "not 3 by 3"),
        ({"covariance": None, "errors": [1]}, "errors is no object"),
        ({"covariance": None, "errors": {**ERRORS, "thumbs": -1}}, "release 'tone': the standard"),
        ({"id": None}, "has no id"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_text("\n" + json.dumps({**as_row(ROW), **change}))
    with pytest.raises(DataError, match=re.escape(said)) as caught:
        read_ledger(file)
    assert str(caught.value).startswith(f"{file}:2: ")


@pytest.mark.parametrize("line", ["{", "[1]", '"text"'])
def test_a_line_that_is_no_object_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_text(line)
    with pytest.raises(DataError, match=r"ledger\.jsonl:1: the line is no JSON"):
        read_ledger(file)


def test_a_table_with_errors_alone_is_read(tmp_path: Path) -> None:
    file = tmp_path / "past.csv"
    file.write_text(f"{HEAD}\n{LINE}\n")
    (row,) = read_ledger(file)
    assert (row.id, row.arms, row.errors, row.covariance) == ("one", ("v2", "v1"), ERRORS, None)
    assert row.signals == {"thumbs": 0.03, "retries": -0.02}
    assert row.better == {"thumbs": "higher", "retries": "lower"}


def test_a_table_with_covariances_is_read(tmp_path: Path) -> None:
    file = tmp_path / "past.csv"
    file.write_text(f"{HEAD},{','.join(PAIRS)}\n{LINE},0.0001,-0.0002,-0.0003\n")
    (row,) = read_ledger(file)
    found = row.matrix()
    assert found[0].tolist() == pytest.approx([0.0004, 0.0001, -0.0002])
    assert found[1, 2] == pytest.approx(-0.0003)
    assert row.errors is None


def test_a_signal_left_empty_in_a_table_is_not_in_that_row(tmp_path: Path) -> None:
    file = tmp_path / "past.csv"
    file.write_text(f"{HEAD}\n{LINE}\ntwo,v3,v2,0.1,0.02,0.03,higher,0.03,,,\n")
    assert [list(row.signals) for row in read_ledger(file)] == [["thumbs", "retries"], ["thumbs"]]


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        (f"{HEAD},effct:copy", f"{LINE},1", "'effct:copy' is nothing that a ledger holds"),
        (HEAD, f"{LINE},1", "more values than columns"),
        (f"{HEAD},{PAIRS[0]}", f"{LINE},0.1", "covariance:rise:retries is empty"),
        (HEAD, LINE.replace("0.2", "much"), "rise is 'much', which is no number"),
        (HEAD, LINE.replace("lower", ""), "which direction of 'retries' is good"),
    ],
)
def test_a_wrong_table_is_told_with_its_line(
    tmp_path: Path, head: str, line: str, said: str
) -> None:
    file = tmp_path / "past.csv"
    file.write_text(f"{head}\n{line}\n")
    with pytest.raises(DataError, match=re.escape(said)) as caught:
        read_ledger(file)
    assert str(caught.value).startswith(f"{file}:2: ")


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such ledger"):
        read_ledger(tmp_path / "none.jsonl")
    with pytest.raises(DataError, match="JSON lines or CSV"):
        read_ledger(tmp_path / "none.xlsx")
    with pytest.raises(DataError, match="appended to as JSON lines only"):
        append(tmp_path / "past.csv", ROW)
    binary = tmp_path / "binary.jsonl"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="it cannot be read"):
        read_ledger(binary)
