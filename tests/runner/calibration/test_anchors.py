"""Anchors: frozen, judged anew in every sitting, and counted into nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.calibration.material import (
    EVERY,
    ONE,
    WEEKS,
    judge,
    labels,
    lines,
    number,
    only,
    outputs,
)
from trueup.errors import DataError
from trueup.item.model import Item
from trueup.rubric.load import parse_rubric
from trueup.runner.calibration.anchors import NO_ANCHORS, read_anchors, write_anchors
from trueup.runner.calibration.result import Absent
from trueup.runner.calibration.run import in_one_sitting
from trueup.runner.calibration.week import Sample
from trueup.store import ledger

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.calibration.conftest import Calibrate
    from trueup.item.model import Item as AnyItem
    from trueup.rubric.model import Criterion
    from trueup.store.store import Store

FIRST, SECOND = WEEKS[:2]
ANCHOR: dict[str, Any] = {"id": "a", "input": "q", "output": "o", "labels": {"kind": "met"},
                          "metadata": {"kind": "met"}}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Twelve anchors, labelled with the truth."""
    rows = outputs(WEEKS[-1], 12)
    found = tmp_path / "anchors.jsonl"
    found.write_text("".join(json.dumps({**row, "labels": row["metadata"]}) + "\n" for row in rows))
    return found


def written(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_anchors_are_judged_anew_in_every_sitting_and_once_in_each(
    run: Calibrate, path: Path
) -> None:
    asked = judge()
    counts = []
    for week in (FIRST, FIRST, SECOND):
        run(outputs(week, 20), judge=asked, anchors=path)
        counts.append(asked.asked)

    assert counts == [32, 32, 64]


def test_anchors_count_into_no_rate_no_draw_and_no_label(
    run: Calibrate, store: Store, path: Path
) -> None:
    items = outputs(FIRST, 20)
    anchored = outputs(WEEKS[-1], 12)
    with_ = run(items, anchors=path, labels=labels(items, "a"), label_design="random")
    without = run(items, labels=labels(items, "a"), label_design="random", store=None)

    assert (with_.sampled.n, with_.sampled.n_scored, with_.sampled.n_anchors) == (20, 20, 12)
    assert with_.sampled.outcomes == without.sampled.outcomes
    assert only(with_).pass_rate == only(without).pass_rate
    assert only(with_).agreement == only(without).agreement
    entry = ledger.read(store)[0]
    assert entry["judged"] == {"": [sum(entry["judged"][""][:1]), 20]}
    assert entry["anchors"].keys() == {row["id"] for row in anchored}
    assert not {one.item_id for one in with_.next} & entry["anchors"].keys()


def test_the_share_of_anchors_judged_as_people_settled_is_shown(run: Calibrate, path: Path) -> None:
    truth = {row["id"]: row["metadata"]["kind"] for row in outputs(WEEKS[-1], 12)}
    found = run(outputs(FIRST, 20), judge=judge(0.4, seed=3), anchors=path)
    figure = number(only(found).weeks[-1].anchors)
    right = sum(judged(name, level) for name, level in truth.items())

    assert figure.n == 12
    assert figure.estimate == pytest.approx(right / 12, rel=1e-3)
    assert 0 < right < 12


def judged(name: str, level: str) -> bool:
    from tests.runner.calibration.material import said  # noqa: PLC0415 - beside its only use

    return said(name, ONE.by_id["kind"], level, error=0.4, seed=3) == level


def test_anchors_stand_among_the_items_in_an_order_that_tells_nothing(path: Path) -> None:
    anchors = read_anchors(path, ONE)
    week = tuple(Item(id=f"i{n}", input="q", output=f"a{n}") for n in range(60))
    sample = Sample(items=week, seen=60, notes=())
    order = [item.purpose == "probe" for item in in_one_sitting(sample, anchors, seed=1)]

    assert sum(order) == 12
    assert 0 < sum(order[:36]) < 12
    assert order == [i.purpose == "probe" for i in in_one_sitting(sample, anchors, seed=1)]
    assert order != [i.purpose == "probe" for i in in_one_sitting(sample, anchors, seed=2)]


def test_no_prompt_tells_an_anchor_from_another_item(run: Calibrate, path: Path) -> None:
    seen: list[str] = []

    def look(item: AnyItem, criterion: Criterion) -> str:
        seen.append(item.body())
        return str(item.metadata[criterion.id])

    from trueup.testing import ScriptedJudge  # noqa: PLC0415 - beside its only use

    run(outputs(FIRST, 5), judge=ScriptedJudge(look), anchors=path)
    assert len(seen) == 17
    assert not any("probe" in body or "anchor" in body for body in seen)


def test_an_item_of_the_log_that_is_an_anchor_is_left_to_the_anchors(
    run: Calibrate, path: Path
) -> None:
    found = run([*outputs(WEEKS[-1], 12), *outputs(WEEKS[-1], 20)[12:]], anchors=path)

    assert (found.sampled.n, found.sampled.n_anchors) == (8, 12)
    assert "12 items were left out: they are anchors or probes." in found.labels.notes


def test_a_label_of_an_earlier_wording_is_stale_and_does_not_count(
    run: Calibrate, tmp_path: Path
) -> None:
    rows = [{**ANCHOR, "id": f"a{n}", "questions": {"kind": old}}
            for n, old in enumerate(["0123456789abcdef", ONE.by_id["kind"].question])]  # fmt: skip
    found = run(outputs(FIRST, 5), anchors=written(tmp_path / "a.jsonl", *rows))

    assert only(found).stale == 1
    assert number(only(found).weeks[-1].anchors).n == 1
    assert only(found).weeks[-1].n_anchors == 2  # both are judged all the same


def test_a_stale_label_may_name_a_level_that_is_gone(tmp_path: Path) -> None:
    row = {**ANCHOR, "labels": {"kind": "splendid"}, "questions": {"kind": "0123456789abcdef"}}

    assert read_anchors(written(tmp_path / "a.jsonl", row), ONE).stale == {"kind": 1}


def test_criteria_without_trusted_labels_have_no_share_and_say_so(
    run: Calibrate, tmp_path: Path
) -> None:
    row = {**outputs(FIRST, 1, rubric=EVERY)[0], "id": "a", "labels": {"tone": "2"}}
    found = run(outputs(FIRST, 5, rubric=EVERY), rubric=EVERY,
                anchors=written(tmp_path / "a.jsonl", row))  # fmt: skip

    assert number(only(found, "tone").weeks[-1].anchors).n == 1
    share = only(found, "kind").weeks[-1].anchors
    assert isinstance(share, Absent)
    assert "trusted label" in share.why


def test_an_anchor_without_an_answer_counts_neither_way(run: Calibrate, path: Path) -> None:
    found = run(outputs(FIRST, 5), judge=judge(0, faults={"abstained": 1.0}), anchors=path)

    assert isinstance(only(found).weeks, tuple)
    assert found.gate == "inconclusive"
    assert only(found).weeks == ()


def test_levels_may_be_written_as_people_write_them(tmp_path: Path) -> None:
    rows = [{**ANCHOR, "id": f"a{n}", "labels": {"kind": value}}
            for n, value in enumerate(["Met", True, 1, 0, "no", "yes"])]  # fmt: skip
    trusted = read_anchors(written(tmp_path / "a.jsonl", *rows), ONE).trusted["kind"]

    assert list(trusted.values()) == ["met", "met", "met", "unmet", "unmet", "met"]


def test_a_text_may_hold_odd_ends_of_lines(tmp_path: Path) -> None:
    odd = "one\u2028two\x85three"
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({**ANCHOR, "output": odd}, ensure_ascii=False) + "\r\n\n", "utf-8")

    assert [item.output for item in read_anchors(path, ONE).items] == [odd]


@pytest.mark.parametrize(
    ("line", "said", "mend"),
    [
        ("{}", "this is no anchor", '"labels": {"ID": "met"}'),
        ("met", "this is no anchor", "A line is an item"),
        ("[" * 100_000, "this is no anchor", "A line is an item"),
        ({**ANCHOR, "labels": ["met"]}, "this is no anchor", "A line is an item"),
        ({**ANCHOR, "questions": ["x"]}, "this is no anchor", "A line is an item"),
        ({**ANCHOR, "labels": {"kin": "met"}}, "no criterion 'kin'", "Did you mean 'kind'?"),
        ({**ANCHOR, "labels": {"kind": "fine"}}, "'fine' is no level", "levels are unmet, met"),
        ({**ANCHOR, "labels": {"kind": None}}, "no level of criterion kind", "levels are"),
        ({**ANCHOR, "labels": {"kind": float("nan")}}, "no level of criterion kind", "levels are"),
        ({**ANCHOR, "timestamp": "soon"}, "no timestamp", "Write it like"),
    ],
)
def test_a_broken_line_is_named_with_what_is_wrong_and_how_to_mend_it(  # noqa: PLR0917 - a table
    run: Calibrate, store: Store, tmp_path: Path, line: object, said: str, mend: str
) -> None:
    path = tmp_path / "a.jsonl"
    text = line if isinstance(line, str) else json.dumps(line)
    path.write_text(f"{json.dumps({**ANCHOR, 'id': 'fine'})}\n\n{text}\n", "utf-8")
    with pytest.raises(DataError) as caught:
        run(outputs(FIRST, 3), anchors=path)

    assert caught.value.where == f"{path}, line 3"
    assert said in caught.value.what
    assert mend in (caught.value.mend or "")
    assert store.runs() == []


def test_anchors_of_one_id_are_refused_with_their_lines(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", ANCHOR, {**ANCHOR, "output": "other"})
    with pytest.raises(DataError, match="lines 1 and 2 have one id, 'a'") as caught:
        read_anchors(path, ONE)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("kind", ["missing", "empty", "folder", "binary"])
def test_what_is_no_file_of_anchors_is_said_with_its_path(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.jsonl"
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(b"\n" if kind == "empty" else b"\xff\xfe\x00{")
    with pytest.raises(DataError) as caught:
        read_anchors(path, ONE)

    assert caught.value.where == str(path)
    assert caught.value.mend


def test_what_is_frozen_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    wrote = write_anchors(path, [({"id": "x", "output": "é\u2028"}, {"kind": "unmet"})], ONE)
    found = read_anchors(path, ONE)

    assert wrote == len(lines(path)[:1]) == 1
    assert found.trusted == {"kind": {"x": "unmet"}}
    assert [item.output for item in found.items] == ["é\u2028"]
    reworded = parse_rubric("name: one\ntask: t\ncriteria:\n  - {id: kind, ask: Is it so?}\n")
    assert read_anchors(path, reworded).stale == {"kind": 1}
    with pytest.raises(DataError, match="there are anchors in this file"):
        write_anchors(path, [], ONE)


def test_no_anchors_are_no_file(run: Calibrate) -> None:
    found = run(outputs(FIRST, 3))
    assert (found.sampled.n_anchors, NO_ANCHORS.items) == (0, ())


def test_an_anchor_that_was_edited_is_refused_before_anything_is_asked(
    run: Calibrate, path: Path
) -> None:
    run(outputs(FIRST, 20), anchors=path)
    rows = [json.loads(line) for line in lines(path)]
    written(path, *[{**row, "output": f"{row['output']}!"} for row in rows[:3]], *rows[3:])
    asked = judge()
    with pytest.raises(DataError) as caught:
        run(outputs(SECOND, 20), anchors=path, judge=asked)

    assert f"anchor '{rows[0]['id']}' has another text than in {FIRST}" in caught.value.what
    assert "so have 2 more" in caught.value.what
    assert "new ids" in (caught.value.mend or "")
    assert asked.asked == 0


def test_a_sitting_without_anchors_lets_no_edit_through(run: Calibrate, path: Path) -> None:
    run(outputs(FIRST, 20), anchors=path)
    run(outputs(SECOND, 20))
    rows = [json.loads(line) for line in lines(path)]
    written(path, {**rows[0], "output": "edited"}, *rows[1:])
    with pytest.raises(DataError, match=f"has another text than in {FIRST}"):
        run(outputs(WEEKS[2], 20), anchors=path)


def test_anchors_may_come_and_go(run: Calibrate, path: Path) -> None:
    run(outputs(FIRST, 20), anchors=path)
    rows = [json.loads(line) for line in lines(path)]
    written(path, {**ANCHOR, "id": "new"}, *rows[4:])
    found = run(outputs(SECOND, 20), anchors=path)

    assert found.sampled.n_anchors == len(rows) - 3
