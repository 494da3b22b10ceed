"""The ledger as a text file: it diffs, it survives, and what is damaged in it is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.calibration.material import ONE, WEEKS, labels, lines, only, outputs
from trueup.errors import DataError
from trueup.runner.calibration.history import append_file, mark, read_file
from trueup.store import ledger

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.calibration.conftest import Calibrate
    from trueup.store.store import Store

FIRST, SECOND = WEEKS[:2]
ENTRY: dict[str, Any] = {
    "criterion": "kind", "question": ONE.by_id["kind"].question, "judge": "scripted",
    "instrument": "00", "week": "2026-W29", "observed": ["m"], "judged": {"": [3, 4]},
    "labelled": [2, 0, 1, 1], "overlap": [3, 4], "checks": [0, 0], "anchors": {"a": 1},
    "n_labels": 8, "labels": "",
    "figures": {"judged": [0.75, 0.3, 0.95, 4], "tpr": "nobody said"},
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_a_week_adds_a_line_a_criterion_with_its_keys_in_order(run: Calibrate, path: Path) -> None:
    items = outputs(FIRST, 20)
    run(items, ledger=path, labels=labels(items), label_design="random")

    (line,) = lines(path)
    entry = json.loads(line)
    assert list(entry) == sorted(entry)
    assert (entry["week"], entry["n_labels"]) == (FIRST, 40)
    assert entry["figures"].keys() >= {"judged", "corrected", "tpr", "tnr", "alpha", "people"}


def test_the_same_week_again_adds_no_line_and_other_labels_do(run: Calibrate, path: Path) -> None:
    items = outputs(FIRST, 20)
    for upto in (10, 10, 12):
        run(items, ledger=path, labels=labels(items[:upto]), label_design="random",
            label_next=(0, 1))  # fmt: skip

    assert [json.loads(line)["n_labels"] for line in lines(path)] == [20, 24]


def test_a_file_that_was_there_is_read_and_only_added_to(run: Calibrate, path: Path) -> None:
    path.write_text(json.dumps(ENTRY), "utf-8")  # an editor took the last end of line
    found = run(outputs(FIRST, 20), ledger=path)

    assert [one.week for one in only(found).weeks] == ["2026-W29", FIRST]
    assert lines(path)[0] == json.dumps(ENTRY)
    assert len(read_file(path)) == 2


def test_lines_may_be_in_any_order_and_the_last_of_a_week_holds(run: Calibrate, path: Path) -> None:
    later = {**ENTRY, "n_labels": 9}
    rows = [{**ENTRY, "week": "2026-W28"}, ENTRY, {**ENTRY, "week": "2026-W20"}, later]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    found = run(outputs(FIRST, 20), ledger=path)

    told = [(one.week, one.n_labels) for one in only(found).weeks]
    assert told == [("2026-W20", 8), ("2026-W28", 8), ("2026-W29", 9), (FIRST, 0)]


def test_entries_of_other_judges_and_criteria_are_left_alone(run: Calibrate, path: Path) -> None:
    rows = [{**ENTRY, "judge": "rival"}, {**ENTRY, "criterion": "gone"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    found = run(outputs(FIRST, 20), ledger=path)

    assert [one.week for one in only(found).weeks] == [FIRST]
    assert len(lines(path)) == 3


def test_weeks_to_come_do_not_count_yet(run: Calibrate, path: Path) -> None:
    rows = [{**ENTRY, "week": f"2027-W{n:02}", "judged": {"": [4 * (n % 2), 4]}}
            for n in range(1, 12)]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    found = run(outputs(FIRST, 20), ledger=path)

    assert only(found).drift.state == "unknown"
    assert found.gate == "inconclusive"


def test_the_week_that_sat_last_is_shown_where_one_week_has_two_judges(
    run: Calibrate, store: Store
) -> None:
    from tests.runner.calibration.material import judge  # noqa: PLC0415 - beside its only use

    items = outputs(FIRST, 20)
    first = run(items)
    run(items, judge=judge(version="2"))
    again = run(items)

    assert only(again).weeks[-1].instrument == only(first).instrument
    assert len(ledger.read(store)) == 2


@pytest.mark.parametrize("segment", ["a\u2028b", "a\x85b", "\x1c", "\ud800", "\0", "é", "\n"])
def test_whatever_a_segment_is_called_the_file_can_be_read_back(
    run: Calibrate, path: Path, segment: str
) -> None:
    for _ in range(2):
        run(outputs(FIRST, 12, segment=segment), ledger=path)
    run(outputs(SECOND, 12, segment=segment), ledger=path)

    assert len(read_file(path)) == 2


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< ours",
        "{}",
        "[]",
        "null",
        "[" * 100_000,
        json.dumps(ENTRY)[:-9],
        json.dumps({**ENTRY, "criterion": ["kind"]}),
        json.dumps({**ENTRY, "week": 30}),
        json.dumps({**ENTRY, "week": "2026-W99"}),
        json.dumps({**ENTRY, "judged": {"": [5, 4]}}),
        json.dumps({**ENTRY, "judged": {"": [float("inf"), float("inf")]}}),
        json.dumps({**ENTRY, "judged": [1, 2]}),
        json.dumps({**ENTRY, "labelled": [float("nan"), 0, 0, 0]}),
        json.dumps({**ENTRY, "labelled": [1, 2]}),
        json.dumps({**ENTRY, "anchors": ["a"]}),
        json.dumps({**ENTRY, "n_labels": None}),
        json.dumps({**ENTRY, "figures": [1]}),
        json.dumps({**ENTRY, "figures": {"judged": 0.75}}),
        json.dumps({**ENTRY, "figures": {"judged": [0.75, 0.3]}}),
        json.dumps({**ENTRY, "figures": {"judged": [0.75, float("nan"), 0.95, 4]}}),
        json.dumps({**ENTRY, "figures": {"judged": [0.75, 0.3, "1", 4]}}),
        json.dumps({**ENTRY, "figures": {"judged": [1e999, 0.3, 0.95, 4]}}),
    ],
)
def test_a_damaged_line_is_named_before_anything_is_asked(
    run: Calibrate, store: Store, path: Path, line: str
) -> None:
    path.write_text(f"{json.dumps(ENTRY)}\n\n{line}\n", "utf-8")
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        run(outputs(FIRST, 12), ledger=path)

    assert caught.value.where == f"{path}, line 3"
    assert "Take the line out" in (caught.value.mend or "")
    assert (store.runs(), path.read_bytes()) == ([], before)


@pytest.mark.parametrize("kind", ["folder", "binary"])
def test_what_is_no_ledger_is_said_with_its_path(run: Calibrate, path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="the ledger cannot be read") as caught:
        run(outputs(FIRST, 12), ledger=path)
    assert caught.value.where == str(path)


def test_appending_says_how_much_is_new(path: Path) -> None:
    other = {**ENTRY, "week": "2026-W28"}

    assert append_file(path, [ENTRY, other]) == 2
    assert append_file(path, [other, ENTRY]) == 0
    assert append_file(path, [{**other, "n_labels": 9}]) == 1
    assert len(lines(path)) == 3


def test_a_mark_tells_labels_apart_and_not_their_order() -> None:
    some = [("a", "met"), ("b", "unmet")]

    assert mark(some) == mark(reversed(some))
    assert len({mark(some), mark([]), mark([*some, some[0]]), mark([("a", "met")])}) == 4


def test_a_file_that_was_lost_gets_every_week_again(run: Calibrate, path: Path) -> None:
    for week in (FIRST, SECOND):
        run(outputs(week, 20), ledger=path)
    before = lines(path)
    path.unlink()
    run(outputs(SECOND, 20), ledger=path)

    assert lines(path) == before
    assert [json.loads(line)["week"] for line in before] == [FIRST, SECOND]
