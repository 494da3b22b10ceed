"""Bad input: a clear message with its place, or `inconclusive`; never a figure out of nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from tests.runner.calibration.material import (
    WEEK,
    WEEKS,
    judge,
    labels,
    number,
    only,
    outputs,
    wrong_numbers,
)
from trueup.errors import DataError, TooFewLabels
from trueup.runner.calibration.result import Absent, Agreement
from trueup.store import ledger
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.calibration.conftest import Calibrate
    from tests.runner.calibration.material import Rows
    from trueup.store.store import Store


@pytest.fixture
def items() -> Rows:
    return outputs(WEEK, 25)


def label(items: Rows, at: int = 0, **more: Any) -> dict[str, Any]:
    return {**labels(items[at : at + 1], "a")[0], **more}


def test_labels_of_items_that_nobody_knows_are_noted_and_do_not_count(
    run: Calibrate, items: Rows
) -> None:
    strange = [label(items, item_id=f"x{n}") for n in range(5)]
    found = run(items, labels=[*labels(items[:3]), *strange], label_design="random")

    assert (found.labels.n_items, found.labels.n_new) == (3, 11)
    (note,) = [one for one in found.labels.notes if "not there" in one]
    assert "'x0', 'x1', 'x2' and 2 more" in note


def test_labels_of_unknown_items_alone_are_refused(run: Calibrate, items: Rows) -> None:
    with pytest.raises(DataError, match=r"no label is of an item that is there.*'x'") as caught:
        run(items, labels=[label(items, item_id="x")])
    assert "item_id" in (caught.value.mend or "")


def test_labels_of_unknown_criteria_are_refused_with_their_row(
    run: Calibrate, store: Store, items: Rows
) -> None:
    rows = [*labels(items[:2]), label(items, 5, criterion="knd")]
    with pytest.raises(DataError, match="no rubric has a criterion 'knd'") as caught:
        run(items, labels=rows)

    assert caught.value.where == "list, row 5"
    assert "Did you mean 'kind'?" in (caught.value.mend or "")
    assert store.runs() == []


def test_answers_that_contradict_each_other_are_refused_and_none_is_kept(
    run: Calibrate, items: Rows
) -> None:
    rows = [label(items, 3, value="met"), label(items, 3, value="unmet")]
    with pytest.raises(DataError, match="a answered 'met' and 'unmet' to the same question"):
        run(items, labels=rows)

    assert run(items, labels=labels(items[:1])).labels.n_new == 2


def test_the_same_answer_twice_is_one(run: Calibrate, items: Rows) -> None:
    rows = labels(items[:4], "a")
    found = run(items, labels=[*rows, *rows], label_design="random")

    assert (found.labels.n, found.labels.n_new) == (4, 4)


def test_one_person_alone_leaves_people_s_agreement_open(run: Calibrate, items: Rows) -> None:
    found = run(items, labels=labels(items, "a"), label_design="random")
    beside = only(found).agreement

    assert isinstance(beside, Agreement)
    assert isinstance(beside.people, Absent)
    assert isinstance(beside.ceiling, Absent)
    assert "one person alone" in beside.people.why
    assert any("one person alone" in note for note in found.labels.notes)
    assert number(beside.tpr).n > 0


def test_people_who_share_no_item_leave_it_open_too(run: Calibrate, items: Rows) -> None:
    rows = [*labels(items[:9], "a"), *labels(items[9:20], "b")]
    beside = only(run(items, labels=rows, label_design="random")).agreement

    assert isinstance(beside, Agreement)
    assert isinstance(beside.people, Absent)
    assert "no item has been labelled by two" in beside.people.why


@pytest.mark.parametrize("design", ["random", "stratified", "case_control", "other_period", None])
@pytest.mark.parametrize("level", ["met", "unmet"])
def test_one_class_alone_gives_what_it_can_and_says_what_it_cannot(
    run: Calibrate, items: Rows, level: str, design: str | None
) -> None:
    some = [item for item in items if item["metadata"]["kind"] == level]
    found = run(items, labels=labels(some, "ab"), label_design=design)
    beside = only(found).agreement
    other = "tnr" if level == "met" else "tpr"

    assert isinstance(beside, Agreement)
    absent = getattr(beside, other)
    assert isinstance(absent, Absent)
    assert "people call no labelled unit" in absent.why
    assert list(wrong_numbers(found.to_dict())) == []
    assert any(f"is '{level}'" in note for note in found.labels.notes)
    if design == "case_control":
        rate = only(found).pass_rate
        assert isinstance(rate.corrected, Absent)
        assert "no item" not in rate.labels_only.why  # type: ignore[union-attr] # so is this


def test_a_judge_and_people_of_one_mind_have_no_alpha_and_it_is_said_why(
    run: Calibrate, items: Rows
) -> None:
    said = [label(items, at, value="met") for at in range(25)]
    found = run(items, judge=ScriptedJudge(answers=True), labels=said, label_design="random")
    beside = only(found).agreement

    assert isinstance(beside, Agreement)
    assert isinstance(beside.alpha, Absent)
    assert "chance" in beside.alpha.why
    assert number(beside.accuracy).estimate == 1
    assert number(only(found).pass_rate.corrected).estimate == 1


@pytest.mark.parametrize("value", [None, "", float("nan")])
def test_labels_that_are_all_missing_are_refused(
    run: Calibrate, items: Rows, value: object
) -> None:
    with pytest.raises(DataError, match="there are no labels in it") as caught:
        run(items, labels=[label(items, at, value=value) for at in range(3)])
    assert caught.value.mend == "Fill in some answers"


@pytest.mark.parametrize("value", ["cannot_tell", "not_applicable", "defer"])
def test_answers_without_a_level_count_as_no_label(run: Calibrate, items: Rows, value: str) -> None:
    found = run(items, labels=[label(items, at, value=value) for at in range(3)],
                label_design="random")  # fmt: skip

    assert (found.gate, found.labels.n) == ("inconclusive", 0)
    assert only(found).agreement == Absent(why="no item of this sitting has a label")


@pytest.mark.parametrize("value", ["fine", "nan", "inf", 2, 0.5001e3, -1])
def test_answers_that_are_no_level_are_refused(run: Calibrate, items: Rows, value: object) -> None:
    with pytest.raises(DataError, match="no level") as caught:
        run(items, labels=[label(items), label(items, 1, value=value)])
    assert caught.value.where == "list, row 2"


def test_an_empty_week_says_which_weeks_there_are_not(run: Calibrate, store: Store) -> None:
    with pytest.raises(TooFewLabels, match=f"none of 25 items is of week {WEEKS[3]}") as caught:
        run(outputs(WEEK, 25), week=WEEKS[3])

    assert "--week" in (caught.value.mend or "")
    assert (store.runs(), ledger.read(store)) == ([], [])


def test_a_log_without_items_is_refused(run: Calibrate) -> None:
    with pytest.raises(DataError):
        run([])


def test_items_of_one_id_are_refused_with_their_rows(run: Calibrate, items: Rows) -> None:
    with pytest.raises(DataError, match="rows 2 and 26 have one id"):
        run([*items, {**items[1], "output": "another"}])


def test_items_from_the_future_are_refused_unless_the_week_is_named(run: Calibrate) -> None:
    ahead = datetime.now(UTC) + timedelta(days=3)
    items = [{"id": "a", "output": "x", "timestamp": ahead.isoformat(),
              "metadata": {"kind": "met"}}]  # fmt: skip
    with pytest.raises(DataError, match="is from the future") as caught:
        run([*items, *outputs(WEEK, 3)])
    assert "--week" in (caught.value.mend or "")

    assert run([*items, *outputs(WEEK, 3)], week=WEEK).sampled.n == 3


def test_a_clock_that_is_a_little_ahead_does_no_harm(run: Calibrate) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=90)).isoformat()
    row = {"id": "a", "output": "x", "timestamp": soon, "metadata": {"kind": "met"}}

    assert run([row]).sampled.n == 1


def test_labels_from_the_future_are_refused(run: Calibrate, items: Rows) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    with pytest.raises(DataError, match="the time of labelling is in the future"):
        run(items, labels=[label(items, labelled_at=ahead)])


def test_times_without_a_zone_are_refused_until_it_is_declared(run: Calibrate) -> None:
    items = [{**row, "timestamp": row["timestamp"][:19]} for row in outputs(WEEK, 20)]
    with pytest.raises(DataError, match="time zone"):
        run(items)

    # in Berlin the week begins two hours before it does in UTC
    assert run(items, timezone="Europe/Berlin", week=WEEK).sampled.n == 6


@pytest.mark.parametrize(
    ("name", "content"),
    [("labels.csv", b""), ("labels.jsonl", b""), ("labels.csv", b"item_id,criterion,value\n"),
     ("labels.jsonl", b"\x00\xff\xfe\x01"), ("labels.csv", b"\x89PNG\r\n\x1a\n\x00\x00"),
     ("labels.jsonl", b"{\n"), ("labels.jsonl", b'{"item_id": "a"}\n'), ("labels.xls", b"x")],
)  # fmt: skip
def test_a_file_that_holds_no_labels_is_refused_by_its_name(
    *, run: Calibrate, store: Store, items: Rows, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        run(items, labels=[path])

    assert name in str(caught.value)
    assert caught.value.mend
    assert store.runs() == []


def test_labels_may_be_files_frames_and_rows(run: Calibrate, items: Rows, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in labels(items[:4], "a")), "utf-8")
    frames = [pd.DataFrame(labels(items[at : at + 4], "a")) for at in (4, 8)]

    sources: list[tuple[object, int]] = [
        (path, 4), ([path, str(path)], 4), (frames[0], 4), (frames, 8), ([path, *frames], 12),
        (labels(items[:3], "a"), 3), ((), 0), (None, 0),
    ]  # fmt: skip
    for given, n in sources:
        found = run(items, labels=given, label_design="random", store=None)
        assert (found.labels.n, found.labels.n_new) == (n, n)


def test_nothing_that_the_judge_says_is_taken_for_a_value_unless_it_is_one(
    run: Calibrate, items: Rows
) -> None:
    odd = [float("nan"), float("inf"), -0.1, 1.1, "splendid", None, "met"]
    answers = {(item["id"], "kind"): odd[n % 7] for n, item in enumerate(items[:21])}
    found = run(items[:21], judge=ScriptedJudge(answers), labels=labels(items[:21]),
                label_design="random")  # fmt: skip

    assert found.sampled.outcomes["scored"] == 3
    assert number(only(found).pass_rate.judge).n == 3
    assert list(wrong_numbers(found.to_dict())) == []


@pytest.mark.parametrize("fault", ["abstained", "failed", "unparsable", "not_applicable"])
def test_a_judge_without_a_single_verdict_is_inconclusive(
    run: Calibrate, store: Store, items: Rows, fault: str
) -> None:
    found = run(items, judge=judge(faults={fault: 1.0}), labels=labels(items),
                label_design="random")  # fmt: skip

    assert found.gate == "inconclusive"
    assert found.sampled.outcomes == {fault: 25}
    assert only(found).agreement == Absent(why="no labelled item has a verdict")
    assert only(found).pass_rate.judge == Absent(why="the judge gave none of the 25 items a value")
    assert isinstance(only(found).pass_rate.corrected, Absent)
    assert ledger.read(store) == []


def test_a_single_item_and_a_single_label_are_enough_not_to_fall(run: Calibrate) -> None:
    items = outputs(WEEK, 1)
    found = run(items, labels=labels(items, "a"), label_design="random")

    assert list(wrong_numbers(found.to_dict())) == []
    assert found.labels.n == 1


def test_one_group_alone_cannot_tell_of_others(run: Calibrate) -> None:
    items = outputs(WEEK, 20, group="u")
    found = run(items, labels=labels(items), label_design="random")

    rate = only(found).pass_rate.corrected
    assert isinstance(rate, Absent)
    assert "one group" in rate.why
    assert list(wrong_numbers(found.to_dict())) == []
