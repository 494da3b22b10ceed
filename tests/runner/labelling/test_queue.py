"""Queues: who is asked what, in which order, and what is asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.runner.labelling.material import END, LONG, RUBRIC, SOUND, START, TONE, item, levels
from trueup.errors import ConfigError
from trueup.item.read import open_items
from trueup.label.model import Label
from trueup.rubric.model import Criterion
from trueup.runner.labelling.asking import asked_criteria, named_criteria, refuse_many_levels
from trueup.runner.labelling.queue import drawn_queue, file_queue
from trueup.runner.labelling.task import Step
from trueup.store.draws import Drawn, add_draw
from trueup.store.labels import add_labels
from trueup.store.splits import add_splits, splits

if TYPE_CHECKING:
    from tests.runner.labelling.conftest import Ask, Draw
    from trueup.runner.labelling.queue import Queue
    from trueup.store.store import Store

REWORDED = replace(SOUND, ask="Is every word of it sound?")
CHANGED = replace(RUBRIC, criteria=(REWORDED, TONE, END))


def answer(
    item_id: str, value: str | float | None = "met", criterion: Criterion = SOUND, **others: object
) -> Label:
    fields = {"annotator": "ana", "labelled_at": START, "question": criterion.question, **others}
    return Label(item_id=item_id, criterion=criterion.id, value=value, **fields)  # type: ignore[arg-type]  # what a test says


def asked(queue: Queue) -> set[Step]:
    return {Step(task.item.id, name) for task in queue.tasks for name in task.criteria}


def order(queue: Queue) -> list[str]:
    return [task.item.id for task in queue.tasks]


# --- what a calibration drew -----------------------------------------------------------------


def test_what_was_drawn_is_asked_with_text_design_and_group(ask: Ask, draw: Draw) -> None:
    draw("i1", "i3")
    queue = drawn_queue(ask())
    task = next(task for task in queue.tasks if task.item.id == "i1")

    assert queue.source == "2026-W47"
    assert asked(queue) == {Step(id_, c.id) for id_ in ("i1", "i3") for c in RUBRIC.criteria}
    assert task.item == item("i1", group="g")
    assert (task.design, task.probability, task.split) == ("stratified", 0.25, None)
    assert task.verdicts is None


def test_the_last_sitting_of_this_rubric_counts(ask: Ask, draw: Draw, store: Store) -> None:
    draw("i1", sitting="2026-W46")
    draw("i2", sitting="2026-W47")
    other = Drawn(sitting="2026-W48", item_id="x", place=0, run=7, design="random",
                  probability=1.0, people=1, why="")  # fmt: skip
    add_draw(store, [other])

    assert order(drawn_queue(ask())) == ["i2"]


def test_only_the_criteria_that_are_named_are_asked(ask: Ask, draw: Draw) -> None:
    draw("i1")

    assert asked(drawn_queue(ask(only="end"))) == {Step("i1", "end")}


def test_each_person_has_an_order_of_their_own_that_stays(ask: Ask, draw: Draw) -> None:
    draw("i1", "i2", "i3", "i4")
    orders = {tuple(order(drawn_queue(ask(name)))) for name in ("ana", "ben", "cem", "dua")}

    assert len(orders) > 1
    assert order(drawn_queue(ask("ana"))) == order(drawn_queue(ask("ana")))


def test_as_many_people_answer_as_were_wanted(ask: Ask, draw: Draw, store: Store) -> None:
    draw("i1", people=2)
    for name, value in (("ana", "met"), ("ben", "unmet")):
        assert Step("i1", "sound") in asked(drawn_queue(ask(name)))
        add_labels(store, [answer("i1", value, annotator=name)], source="test")

    assert asked(drawn_queue(ask("cem"))) == {Step("i1", "tone"), Step("i1", "end")}
    assert Step("i1", "sound") in asked(drawn_queue(ask("ana")))


@pytest.mark.parametrize("value", [None, "defer"])
def test_withdrawn_and_deferred_answers_leave_the_question_to_others(
    ask: Ask, draw: Draw, store: Store, value: str | None
) -> None:
    draw("i1")
    later = answer("i1", value, labelled_at=START + timedelta(seconds=1))
    add_labels(store, [answer("i1"), later], source="test")

    assert Step("i1", "sound") in asked(drawn_queue(ask("ben")))


def test_what_others_answer_meanwhile_is_seen(ask: Ask, draw: Draw, store: Store) -> None:
    draw("i1")
    queue = drawn_queue(ask("ben"))
    assert queue.taken("i1") == set()
    add_labels(store, [answer("i1")], source="test")

    assert queue.taken("i1") == {Step("i1", "sound")}
    assert queue.taken("i3") == set()


def test_the_history_is_this_persons_alone(ask: Ask, draw: Draw, store: Store) -> None:
    draw("i1", people=3)
    mine, test = answer("i1"), answer("i2", split="test")
    add_labels(store, [mine, test, answer("i1", "unmet", annotator="ben")], source="test")

    assert drawn_queue(ask()).history == (mine, test)


def test_an_answer_under_the_criterions_former_id_counts(
    ask: Ask, draw: Draw, store: Store
) -> None:
    draw("i1")
    add_labels(store, [replace(answer("i1"), criterion="was-sound")], source="test")

    assert drawn_queue(ask()).history == (answer("i1"),)


def test_items_without_a_text_are_left_out_with_a_note(ask: Ask, draw: Draw) -> None:
    draw("gone", "i3")
    queue = drawn_queue(ask())

    assert order(queue) == ["i3"]
    assert queue.notes[0].endswith("is not in the store: 1")


def test_the_judge_is_shown_where_that_is_wanted(ask: Ask, draw: Draw) -> None:
    draw("i1")
    [task] = drawn_queue(ask(show_judge=True)).tasks

    assert task.verdicts is not None
    assert task.verdicts["sound"].level == "met"


def test_the_judges_answer_to_another_wording_is_not_shown(ask: Ask, draw: Draw) -> None:
    draw("i1")
    [task] = drawn_queue(ask(rubric=CHANGED, show_judge=True)).tasks

    assert task.verdicts is not None
    assert "sound" not in task.verdicts
    assert "tone" in task.verdicts


def test_nothing_drawn_is_said_with_what_to_do(ask: Ask) -> None:
    with pytest.raises(ConfigError, match="nothing was drawn to be labelled with rubric reply"):
        drawn_queue(ask())


# --- wording that changed --------------------------------------------------------------------


def test_what_has_changed_is_asked_again_first(ask: Ask, draw: Draw, store: Store) -> None:
    draw("i1", "i2", "i3", "i4")
    last = order(drawn_queue(ask()))[-1]
    old = answer(last, probability=0.5, design="random")
    add_labels(store, [old], source="test")
    queue = drawn_queue(ask(rubric=CHANGED))

    assert order(queue)[0] == last
    assert queue.tasks[0].before == {"sound": old}
    assert [task.before for task in queue.tasks[1:]] == [{}, {}, {}]


def test_items_beyond_the_draw_are_asked_again_for_what_changed_alone(
    ask: Ask, draw: Draw, store: Store
) -> None:
    draw("i1")
    add_labels(store, [answer("i4"), answer("i4", 1.0, TONE)], source="test")
    queue = drawn_queue(ask(rubric=CHANGED))

    assert order(queue) == ["i4", "i1"]
    assert queue.tasks[0].criteria == ("sound",)
    add_labels(store, [answer("i4", "unmet", REWORDED)], source="test")
    assert order(drawn_queue(ask(rubric=CHANGED))) == ["i1"]


def test_only_who_has_answered_before_is_asked_again(ask: Ask, store: Store) -> None:
    add_labels(store, [answer("i4")], source="test")

    assert order(drawn_queue(ask(rubric=CHANGED))) == ["i4"]
    with pytest.raises(ConfigError, match="nothing was drawn"):
        drawn_queue(ask("ben", rubric=CHANGED))
    with pytest.raises(ConfigError, match="nothing was drawn"):
        drawn_queue(ask(rubric=CHANGED, again=False))


@pytest.mark.parametrize("value", [None, "defer"])
def test_what_did_not_stand_is_not_asked_again(ask: Ask, store: Store, value: str | None) -> None:
    later = answer("i4", value, labelled_at=START + timedelta(seconds=1))
    add_labels(store, [answer("i4"), later], source="test")

    with pytest.raises(ConfigError, match="nothing was drawn"):
        drawn_queue(ask(rubric=CHANGED))


def test_of_several_former_wordings_the_last_answer_is_compared(ask: Ask, store: Store) -> None:
    first = answer("i4", "met", replace(SOUND, ask="Sound?"))
    second = answer("i4", "unmet", labelled_at=START + timedelta(days=1))
    add_labels(store, [second, first], source="test")

    assert drawn_queue(ask(rubric=CHANGED)).tasks[0].before["sound"] == second


def test_items_whose_text_is_not_in_the_store_are_left_out_with_a_note(
    ask: Ask, draw: Draw, store: Store
) -> None:
    draw("i1")
    add_labels(store, [answer("elsewhere")], source="test")
    queue = drawn_queue(ask(rubric=CHANGED))

    assert order(queue) == ["i1"]
    assert queue.notes[0].endswith("is not in the store: 1")


# --- files -----------------------------------------------------------------------------------


def outputs(count: int = 40, **others: str) -> list[dict[str, str]]:
    return [{"id": f"f{n}", "input": "Where?", "output": f"There {n}.", **others}
            for n in range(count)]  # fmt: skip


def test_a_file_is_asked_whole_in_parts_of_the_split(ask: Ask, store: Store) -> None:
    queue = file_queue(ask(), open_items(outputs()))
    kept = splits(store)

    assert sorted(order(queue)) == sorted(f"f{n}" for n in range(40))
    assert {task.item.id: task.split for task in queue.tasks} == kept
    assert sorted(kept.values()).count("train") == 8
    assert {task.design for task in queue.tasks} == {None}


def test_parts_stay_and_go_by_group(ask: Ask, store: Store) -> None:
    add_splits(store, {"u": "test"})
    queue = file_queue(ask(), open_items(outputs(5, group="u")))

    assert {task.split for task in queue.tasks} == {"test"}


def test_a_sample_of_a_file_has_its_chance_and_no_part(ask: Ask, store: Store) -> None:
    queue = file_queue(ask(), open_items(outputs()), sample=10)

    assert len(queue.tasks) == 10
    assert {(t.design, t.probability, t.split) for t in queue.tasks} == {("random", 0.25, None)}
    assert splits(store) == {}


def test_a_sample_is_the_same_every_time_and_grows(ask: Ask) -> None:
    first, shuffled = outputs(), list(reversed(outputs()))
    ten = set(order(file_queue(ask(), open_items(first), sample=10)))

    assert set(order(file_queue(ask("ben"), open_items(shuffled), sample=10))) == ten
    assert set(order(file_queue(ask(), open_items(first), sample=12))) > ten


def test_a_sample_larger_than_the_file_is_all_of_it(ask: Ask) -> None:
    queue = file_queue(ask(), open_items(outputs(5)), sample=50)

    assert {task.probability for task in queue.tasks} == {1.0}
    assert len(queue.tasks) == 5


@pytest.mark.parametrize(("parts", "sample", "given"), [(True, 10, True), (False, None, False)])
def test_whether_labels_get_a_part_can_be_said(
    ask: Ask, *, parts: bool, sample: int | None, given: bool
) -> None:
    queue = file_queue(ask(), open_items(outputs()), sample=sample, parts=parts)

    assert all((task.split is not None) == given for task in queue.tasks)


def test_what_code_settles_is_not_asked(ask: Ask) -> None:
    needy = replace(RUBRIC, criteria=(replace(SOUND, needs=("context",)), TONE))
    lines = [
        {"id": "bare", "output": "There."},
        {"id": "full", "output": "There.", "context": "The policy."},
        {"id": "empty", "output": " "},
        {"id": "none", "output": None},
    ]
    queue = file_queue(ask(rubric=needy), open_items(lines))

    assert asked(queue) == {Step("bare", "tone"), Step("full", "sound"), Step("full", "tone")}


def test_changed_questions_about_items_of_the_file_come_first_sampled_or_not(
    ask: Ask, store: Store
) -> None:
    add_labels(store, [answer(f"f{n}") for n in range(40)], source="test")
    queue = file_queue(ask(rubric=CHANGED), open_items(outputs()), sample=10)

    assert len(queue.tasks) == 40
    assert {len(task.criteria) for task in queue.tasks} == {1, 3}


def test_the_judges_answer_to_a_file_is_shown_where_the_text_is_the_same(ask: Ask) -> None:
    same, other = {"id": "i1", "input": "Question i1?", "output": "Reply to i1."}, outputs(1)[0]
    changed = {"id": "i2", "input": "Question i2?", "output": "Another reply."}
    queue = file_queue(ask(show_judge=True), open_items([same, other, changed]))
    shown = {task.item.id: bool(task.verdicts) for task in queue.tasks}

    assert shown == {"i1": True, "f0": False, "i2": False}


# --- which criteria --------------------------------------------------------------------------


def test_unknown_criteria_are_refused_with_a_hint() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'sound'"):
        named_criteria(RUBRIC, ["sonud"])


def test_what_code_decides_has_labels_but_nobody_is_asked_for_them() -> None:
    with_code = replace(RUBRIC, criteria=(SOUND, LONG))

    assert asked_criteria(with_code) == (SOUND,)
    assert named_criteria(with_code) == (SOUND, LONG)
    with pytest.raises(ConfigError, match="code decides long"):
        asked_criteria(with_code, ["long"])
    with pytest.raises(ConfigError, match="code decides every criterion"):
        asked_criteria(replace(RUBRIC, criteria=(LONG,)))


def test_a_scale_longer_than_the_keyboard_is_refused() -> None:
    long = Criterion("grade", "Which?", levels(*(f"l{n}" for n in range(11))), kind="scale")

    refuse_many_levels(RUBRIC.criteria)
    with pytest.raises(ConfigError, match="'grade' has 11 levels"):
        refuse_many_levels([long])
