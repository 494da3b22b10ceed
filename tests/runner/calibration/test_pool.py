"""Agreement over several weeks: what is counted together, and what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.calibration.material import (
    EVERY,
    ONE,
    WEEKS,
    chosen,
    judge,
    labels,
    number,
    only,
    outputs,
)
from trueup.judge.verdict import Finding
from trueup.rubric.load import parse_rubric
from trueup.runner.calibration.gather import Labelled
from trueup.runner.calibration.pool import Part, Pool
from trueup.runner.calibration.recent import WEEKS as LONGEST
from trueup.runner.calibration.result import Absent, Agreement
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from tests.runner.calibration.conftest import Calibrate
    from tests.runner.calibration.material import Rows
    from trueup.agreement.designs import Design
    from trueup.runner.calibration.result import Calibration
    from trueup.store.store import Store


def beside(found: Calibration, name: str = "kind") -> Agreement:
    agreement = only(found, name).agreement
    assert isinstance(agreement, Agreement), agreement
    return agreement


def routine(
    run: Calibrate, weeks: int, n: int = 60, each: int = 10, **more: Any
) -> tuple[Calibration, list[Rows]]:
    """Run Monday after Monday, each with the labels of what the one before has drawn."""
    items = [outputs(week, n) for week in WEEKS[:weeks]]
    given: Rows = []
    for week in items:
        found = run(week, labels=given, label_next=(each, 2), **more)
        given = labels(chosen(week, found))
    return found, items


def test_a_monday_without_labels_stands_on_those_of_the_weeks_before(run: Calibrate) -> None:
    found, _ = routine(run, 4, bars={"accuracy": 0.5})

    assert beside(found).sittings == WEEKS[:3]
    assert beside(found).n_pairs == 30
    assert number(beside(found).tpr).n > 10
    assert (found.gate, found.reasons) == ("passed", ())


def test_its_pass_rate_is_corrected_by_them_as_labels_of_another_period(run: Calibrate) -> None:
    found, _ = routine(run, 4, each=30)
    rate = only(found).pass_rate

    assert number(rate.corrected).method.startswith("Rogan-Gladen")
    assert rate.carried == WEEKS[:3]
    assert "another period" in rate.why
    assert isinstance(rate.labels_only, Absent)
    # the ledger keeps what the week's own labels say, and there are none
    assert isinstance(only(found).weeks[-1].corrected, Absent)
    assert [isinstance(one.corrected, Absent) for one in only(found).weeks[:3]] == [False] * 3


def test_a_judge_that_tells_nothing_carries_nothing_over(run: Calibrate) -> None:
    found, _ = routine(run, 4, judge=judge(0.5))
    rate = only(found).pass_rate

    assert isinstance(rate.corrected, Absent)
    assert "tell" in rate.corrected.why
    assert beside(found).n_pairs == 30


def test_labels_of_the_week_itself_correct_it(run: Calibrate) -> None:
    found, items = routine(run, 3)
    again = run(items[2], labels=labels(chosen(items[2], found)))

    assert only(again).pass_rate.carried == ()
    assert number(only(again).pass_rate.labels_only).n == 10
    assert beside(again).sittings == WEEKS[:3]


def test_only_a_quarter_counts(run: Calibrate) -> None:
    found, _ = routine(run, 15, n=20)

    assert beside(found).sittings == WEEKS[15 - LONGEST : 14]
    assert [number(one.tpr).n for one in only(found).weeks[:2]] == sorted(
        number(one.tpr).n for one in only(found).weeks[:2]
    )


def test_the_last_point_of_a_chart_is_the_figure_at_the_top(run: Calibrate) -> None:
    found, _ = routine(run, 4)
    last = only(found).weeks[-1]

    for name in ("tpr", "tnr", "alpha", "people", "ceiling"):
        shown, top = number(getattr(last, name)), number(getattr(beside(found), name))
        assert shown.estimate == pytest.approx(top.estimate, rel=1e-3)
        assert (shown.low, shown.high) == pytest.approx((top.low, top.high), rel=1e-3)
    assert last.n_labels == 0


def test_a_week_that_was_judged_twice_by_different_instruments_keeps_them_apart(
    run: Calibrate,
) -> None:
    items = [outputs(week, 60) for week in WEEKS[:3]]
    first = run(items[0], label_next=(10, 2))
    told = labels(chosen(items[0], first))
    run(items[0], labels=told, judge=judge(0, version="2"))
    second = run(items[1], judge=judge(0, version="2"), label_next=(10, 2))
    run(items[1], labels=labels(chosen(items[1], second)), judge=judge(0.5, seed=3, version="3"))
    found = run(items[2], judge=judge(0, version="2"))

    assert beside(found).sittings == WEEKS[:2]
    assert number(beside(found).accuracy).estimate == 1


def test_another_instrument_is_not_counted_with_the_one_before(run: Calibrate) -> None:
    _, items = routine(run, 3)
    rival = run(items[2], judge=judge(0.3, version="2"))

    assert isinstance(only(rival).agreement, Absent)


def test_another_question_is_not_counted_with_the_one_before(run: Calibrate) -> None:
    routine(run, 3)
    reworded = parse_rubric(
        "name: one\ntask: The assistant replies.\ncriteria:\n  - {id: kind, ask: Kind?}\n"
    )
    found = run(outputs(WEEKS[3], 60), rubric=reworded)

    assert isinstance(only(found).agreement, Absent)
    assert only(found).stale == 40


def test_what_was_measured_before_the_judge_moved_counts_no_more(
    run: Calibrate, store: Store, tmp_path: Any
) -> None:
    import json  # noqa: PLC0415 - for one file

    anchors = tmp_path / "anchors.jsonl"
    held = outputs("2026-W20", 60)
    rows = [{"id": f"a{n}", "input": one["input"], "output": one["output"],
             "metadata": one["metadata"], "labels": one["metadata"]}
            for n, one in enumerate(held)]  # fmt: skip
    anchors.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    given: Rows = []
    errors = [0.05] * 10 + [0.6] * 2
    for week, error in zip(WEEKS, errors, strict=False):
        items = outputs(week, 60)
        found = run(items, labels=given, anchors=anchors, judge=judge(error), label_next=(10, 2))
        given = labels(chosen(items, found))

    assert only(found).drift.cause == "judge"
    since = only(found).drift.since
    assert since is not None
    assert beside(found).sittings == tuple(w for w in WEEKS[:11] if w >= since)
    accepted = run(items, anchors=anchors, judge=judge(0.6), accepted=[WEEKS[11]])
    assert only(accepted).drift.state != "moved"
    assert only(accepted).drift.accepted
    assert beside(accepted).sittings == beside(found).sittings
    assert store.runs()


def test_a_label_that_saw_the_judge_counts_nowhere_and_is_said(run: Calibrate) -> None:
    items = outputs(WEEKS[0], 60)
    blind = labels(items[:30])
    seen = labels(items[30:40], saw_judge=True) + labels(items[40:45], prelabelled=True)
    found = run(items, labels=[*blind, *seen], label_design="random")

    assert beside(found).n_pairs == 30
    assert found.labels.n == 60
    assert any("30 labels were given with the judge's answer in sight" in one
               for one in found.labels.notes)  # fmt: skip


def test_one_person_who_saw_the_judge_takes_nothing_from_another_who_did_not(
    run: Calibrate,
) -> None:
    items = outputs(WEEKS[0], 40)
    given = [*labels(items[:30], "a"), *labels(items[:30], "b", saw_judge=True)]
    found = run(items, labels=given, label_design="random")

    assert (found.labels.n, found.labels.annotators) == (30, ("a",))
    assert isinstance(beside(found).people, Absent)


def test_where_people_differ_the_judge_is_beside_each_of_them(run: Calibrate) -> None:
    items = outputs(WEEKS[0], 40)
    given = [{"item_id": item["id"], "criterion": "kind", "annotator": who, "value": value}
             for n, item in enumerate(items)
             for who, value in (("a", "met"), ("b", "met" if n % 2 else "unmet"))]  # fmt: skip
    found = run(items, judge=ScriptedJudge(lambda *_: "met"), labels=given, label_design="random")

    assert beside(found).confusion == ((0, 0), (20, 60))
    assert number(beside(found).accuracy).estimate == pytest.approx(0.75)
    assert {one.kind for one in only(found).disagreements} == {"people differ"}
    assert len(only(found).disagreements) == 20


def test_disagreements_of_the_weeks_before_are_shown_with_their_week(run: Calibrate) -> None:
    found, _ = routine(run, 4)
    shown = [one.sitting for one in only(found).disagreements]

    assert set(shown) <= set(WEEKS[:3])
    assert shown == sorted(shown, reverse=True)


def test_weeks_drawn_by_a_design_that_nobody_knows_are_left_out_where_others_are_known(
    run: Calibrate,
) -> None:
    _, _ = routine(run, 3)
    items = outputs(WEEKS[4], 60)
    odd = run(items, labels=labels(items[:20]), label_next=(0, 1))

    assert beside(odd).sittings == WEEKS[:2]


# arithmetic


def part(sitting: str, said: str, judged: str, **more: Any) -> Part:
    """Return a part from people's answers and the judge's, a letter an item: y or n."""
    design: Design | None = more.pop("design", "random")
    chances = more.pop("chances", [None] * len(said))
    pairs = [
        Labelled(
            item_id=f"{sitting}-{n}",
            group=None,
            sitting=sitting,
            finding=Finding(outcome="scored", value=float(j == "y")),
            content=n,
            answers={"a": "met" if t == "y" else "unmet"},
            probability=chance,
            design=design,
        )
        for n, (t, j, chance) in enumerate(zip(said, judged, chances, strict=True))
    ]
    return Part(sitting, pairs, len(pairs), design, more.get("share", 0.5), 100)


KIND = ONE.by_id["kind"]


def test_a_sitting_counts_as_much_as_it_has_labels() -> None:
    pool = Pool(KIND, [
        part("a", "yn", "yn", chances=[0.01, 0.02], design="stratified", share=1.0),
        part("b", "yynn", "ynyn", chances=[0.5, 0.5, 0.25, 1.0], design="stratified", share=0.0),
    ])  # fmt: skip

    assert pool.weights is not None
    assert pool.weights[:2].sum() == pytest.approx(2)
    assert pool.weights[2:].sum() == pytest.approx(4)
    assert pool.weights[0] == pytest.approx(2 * pool.weights[1])
    assert pool.share == pytest.approx(2 / 6)
    assert pool.units == pytest.approx(36 / (4 / 100 + 16 / 100))


def test_labels_balanced_by_the_verdict_get_the_traffics_shares() -> None:
    pool = Pool(KIND, [part("a", "yyyn", "ynnn", design="stratified", share=0.8)])

    assert pool.weights is not None
    assert pool.weights[0] / pool.weights.sum() == pytest.approx(0.8)


def test_random_labels_all_count_alike() -> None:
    pool = Pool(KIND, [part("a", "yn", "yn"), part("b", "yyn", "ynn", share=0.9)])

    assert (pool.weights, pool.share, pool.chances) == (None, None, None)
    assert pool.sittings == ("a", "b")


def test_every_kind_of_criterion_can_be_counted_together(run: Calibrate) -> None:
    given: Rows = []
    for week in WEEKS[:3]:
        items = outputs(week, 60, rubric=EVERY)
        found = run(items, rubric=EVERY, labels=given, label_next=(15, 2))
        given = labels(chosen(items, found), rubric=EVERY)

    for name in ("kind", "padded", "safe", "tone", "outcome"):
        assert beside(found, name).n_pairs == 30
        assert sum(map(sum, beside(found, name).confusion)) == 60
