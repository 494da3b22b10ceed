"""Several weeks: labels that come late, draws, and what several weeks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.runner.calibration.material import (
    ONE,
    WEEKS,
    chosen,
    judge,
    labels,
    number,
    only,
    outputs,
)
from trueup.rubric.load import parse_rubric
from trueup.runner.calibration.next import draw_name
from trueup.store import ledger
from trueup.store.draws import draws

if TYPE_CHECKING:
    from tests.runner.calibration.conftest import Calibrate
    from trueup.runner.calibration.result import Calibration, Point
    from trueup.store.store import Store

FIRST, SECOND, THIRD = WEEKS[:3]


def point(found: Calibration, week: str) -> Point:
    return next(one for one in only(found).weeks if one.week == week)


def test_labels_of_what_was_drawn_mend_the_entry_of_their_week(
    run: Calibrate, store: Store
) -> None:
    items = outputs(FIRST, 80)
    first = run(items)
    assert point(first, FIRST).n_labels == 0
    second = run(outputs(SECOND, 80), labels=labels(chosen(items, first)))

    assert (point(second, FIRST).n_labels, point(second, SECOND).n_labels) == (40, 0)
    assert number(point(second, FIRST).corrected).n == 20
    assert [one["week"] for one in ledger.read(store)] == [FIRST, FIRST, SECOND]


def test_the_late_entry_is_the_one_that_labels_in_time_would_have_made(
    run: Calibrate, store: Store
) -> None:
    items = outputs(FIRST, 80)
    late = labels(chosen(items, run(items)))
    run(outputs(SECOND, 80), labels=late)
    before = ledger.read(store)
    run(items)

    assert ledger.read(store) == before
    assert before[1]["figures"]["tpr"][3] > 0


def test_catching_up_is_done_once(run: Calibrate, store: Store) -> None:
    items = outputs(FIRST, 80)
    late = labels(chosen(items, run(items)))
    late[0] = {**late[0], "value": "cannot_tell"}
    run(outputs(SECOND, 80), labels=late)
    before = ledger.read(store)
    run(outputs(SECOND, 80), labels=late)

    assert ledger.read(store) == before


def test_a_corrected_label_corrects_its_week(run: Calibrate, store: Store) -> None:
    items = outputs(FIRST, 80)
    late = labels(chosen(items, run(items)), "a", labelled_at="2026-08-01T10:00:00Z")
    run(outputs(SECOND, 80), labels=late)
    flipped = {"met": "unmet", "unmet": "met"}[late[0]["value"]]
    again = {**late[0], "value": flipped, "labelled_at": "2026-08-02T10:00:00Z"}
    found = run(outputs(THIRD, 80), labels=[again])

    assert point(found, FIRST).n_labels == 20
    mine = [one for one in ledger.read(store) if one["week"] == FIRST]
    assert [one["n_labels"] for one in mine] == [0, 20, 20]
    assert mine[1]["labelled"] != mine[2]["labelled"]


def test_late_labels_of_a_declared_design_mend_their_week_too(run: Calibrate, store: Store) -> None:
    items = outputs(FIRST, 80)
    run(items, label_next=(0, 1))
    found = run(outputs(SECOND, 80), labels=labels(items[:30]), label_design="random",
                label_next=(0, 1))  # fmt: skip

    assert point(found, FIRST).n_labels == 60
    assert number(point(found, FIRST).corrected).n == 30
    assert len(ledger.read(store)) == 3


def test_a_later_week_without_a_design_leaves_figures_of_earlier_ones_alone(
    run: Calibrate, store: Store
) -> None:
    items = outputs(FIRST, 80)
    first = run(items, labels=labels(items[:30]), label_design="random")
    found = run(outputs(SECOND, 80))

    assert point(found, FIRST) == point(first, FIRST)
    assert len(ledger.read(store)) == 2


def test_weeks_without_labels_are_uncalibrated_and_no_alarm(run: Calibrate) -> None:
    for week in WEEKS[:10]:
        found = run(outputs(week, 20))

    assert found.gate == "inconclusive"
    assert only(found).drift.state != "moved"
    assert [one.week for one in only(found).weeks] == list(WEEKS[:10])


def test_weeks_may_come_in_any_order(run: Calibrate, store: Store) -> None:
    run(outputs(THIRD, 20))
    run(outputs(FIRST, 20))
    found = run(outputs(SECOND, 20))

    assert [one.week for one in only(found).weeks] == [FIRST, SECOND, THIRD]
    assert len(ledger.read(store)) == 3


def test_draws_are_kept_with_their_chances_and_stay(run: Calibrate, store: Store) -> None:
    items = outputs(FIRST, 60, segment=lambda n: "ab"[n % 2])
    first = run(items, label_next=(12, 3))
    held = draws(store, draw_name(FIRST, ONE))
    second = run(items, label_next=(30, 1))

    assert len(held) == len(first.next) == 12
    assert all(0 < one.probability < 1 and one.people == 3 for one in held)
    assert first.next == second.next
    assert [(one.item_id, one.probability) for one in held] == [
        (one.item_id, one.probability) for one in first.next
    ]


def test_an_item_is_to_be_labelled_until_enough_people_have_done_so(run: Calibrate) -> None:
    items = outputs(FIRST, 60)
    first = run(items)
    wanted = chosen(items, first)
    half = run(items, labels=[*labels(wanted[:8], "a"), *labels(wanted[:3], "b")])

    assert len(first.next) == 20
    assert {one.item_id for one in half.next} == {item["id"] for item in wanted[3:]}
    assert half.labels.design == "stratified"


def test_what_has_a_label_already_is_not_drawn(run: Calibrate) -> None:
    items = outputs(FIRST, 30)
    found = run(items, labels=labels(items[:20]), label_design="random", label_next=(10, 2))

    assert {one.item_id for one in found.next} == {item["id"] for item in items[20:]}


def test_drawn_labels_replace_declared_ones_when_there_are_as_many(run: Calibrate) -> None:
    items = outputs(FIRST, 60)
    declared = {"labels": labels(items[:10]), "label_design": "random"}
    wanted = chosen(items, run(items, **declared))
    few = run(items, **{**declared, "labels": labels(wanted[:9])})
    many = run(items, **{**declared, "labels": labels(wanted[:10])})

    assert (few.labels.design, few.labels.n_items) == ("random", 10)
    assert (many.labels.design, many.labels.n_items) == ("stratified", 10)
    assert len(many.next) == 10


def test_nothing_is_drawn_where_nothing_is_wanted_or_left(run: Calibrate) -> None:
    items = outputs(FIRST, 20)
    assert run(items, label_next=(0, 2), store=None).next == ()
    assert run(items, labels=labels(items), label_design="random").next == ()


def test_rubrics_that_share_a_store_draw_each_for_themselves(run: Calibrate) -> None:
    other = parse_rubric("name: other\ntask: t\ncriteria:\n  - {id: brief, ask: Is it brief?}\n")
    items = outputs(FIRST, 60)
    mine = run(items)
    theirs = run(outputs(FIRST, 60, rubric=other), rubric=other)
    again = run(outputs(SECOND, 60), labels=labels(chosen(items, mine)))

    assert len(theirs.next) == 20
    assert point(again, FIRST).n_labels == 40


def test_judges_that_share_a_store_share_draws_and_labels(run: Calibrate, store: Store) -> None:
    items = outputs(FIRST, 60)
    first = run(items)
    second = run(items, judge=judge(0.3, seed=5, name="rival"))
    both = labels(chosen(items, first))

    assert first.next == second.next
    assert number(only(run(items, labels=both)).pass_rate.corrected).n == 20
    rival = run(items, judge=judge(0.3, seed=5, name="rival"))
    assert number(only(rival).pass_rate.corrected).n == 20
    assert {one["judge"] for one in ledger.read(store)} == {"scripted", "rival"}


def test_a_reworded_question_asks_for_labels_of_what_was_drawn(run: Calibrate) -> None:
    text = "name: two\ntask: t\ncriteria:\n  - {id: kind, ask: %s}\n  - {id: brief, ask: Brief?}\n"
    before, after = parse_rubric(text % "Kind?"), parse_rubric(text % "Truly kind?")
    items = outputs(FIRST, 60, rubric=before)
    first = run(items, rubric=before)
    said = labels(chosen(items, first), rubric=before)
    assert run(items, rubric=before, labels=said).next == ()

    again = run(items, rubric=after)
    assert {one.item_id for one in again.next} == {one.item_id for one in first.next}


def test_who_cannot_tell_has_answered(run: Calibrate) -> None:
    items = outputs(FIRST, 60)
    wanted = chosen(items, run(items))
    said = [{**row, "value": "cannot_tell"} for row in labels(wanted[:1])] + labels(wanted[1:])

    assert run(items, labels=said).next == ()


def test_items_that_were_drawn_and_not_labelled_are_told(run: Calibrate) -> None:
    items = outputs(FIRST, 60)
    found = run(items, labels=labels(chosen(items, run(items))[:5]))

    assert any("15 of the 20 items drawn have no label yet" in one for one in found.labels.notes)
