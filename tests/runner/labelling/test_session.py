"""A session: what every key does, and that labels alone say where it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runner.labelling.material import (
    RUBRIC,
    SOUND,
    START,
    STEPS,
    TASKS,
    Desk,
    levels,
    task,
)
from trueup.judge.verdict import scored
from trueup.label.model import Label, standing
from trueup.rubric.model import Criterion
from trueup.runner.labelling.session import AT_OUTPUT, PASTED, Session
from trueup.runner.labelling.task import Answer, Step

KEYS = [*"0123acdunNUDjkGo?", "left", "right", "enter", "esc", "x", "pgdn", f"{PASTED}1\n2", "tab"]
PRESSED = st.lists(st.sampled_from(KEYS), max_size=40)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_answer_is_a_label_of_todays_question_and_goes_on(desk: Desk) -> None:
    label = desk.press("1")

    assert label == Label(
        item_id="i1",
        criterion="sound",
        value="met",
        annotator="ana",
        labelled_at=START + timedelta(seconds=1),
        question=SOUND.question,
        saw_judge=False,
        prelabelled=False,
    )
    assert desk.session.step == Step("i1", "tone")


@pytest.mark.parametrize(
    ("step", "key", "value"),
    [
        (STEPS[0], "2", "unmet"),
        (STEPS[0], "a", "not_applicable"),
        (STEPS[0], "C", "cannot_tell"),
        (STEPS[1], "0", 0.0),
        (STEPS[1], "2", 2.0),
        (STEPS[2], "1", "refused"),
        (STEPS[2], "3", "done"),
    ],
)
def test_levels_have_keys_and_digits_are_their_own(
    desk: Desk, step: Step, key: str, value: str | float
) -> None:
    desk.press(*["right"] * STEPS.index(step))
    label = desk.press(key)

    assert label is not None
    assert (label.item_id, label.criterion, label.value) == (*step, value)


def test_a_key_without_a_meaning_changes_nothing_and_says_so(desk: Desk) -> None:
    assert desk.press("7") is None
    assert desk.session.step == STEPS[0]
    assert "?" in desk.session.message


def test_what_is_deferred_comes_back_when_all_else_is_answered(desk: Desk) -> None:
    label = desk.press("d")
    desk.press("1", "1", "1", "1", "1")

    assert label is not None
    assert label.value == "defer"
    assert desk.session.step == STEPS[0]
    assert desk.session.progress.deferred == 1
    desk.press("1")
    assert desk.session.done
    assert desk.session.progress.deferred == 0


def test_deferring_again_goes_round_and_records_nothing(desk: Desk) -> None:
    desk.press("d", "1", "1", "d", "1", "1")

    assert desk.session.step == STEPS[0]
    assert desk.press("d") is None
    assert desk.session.step == STEPS[3]
    desk.press("1")
    assert desk.press("d") is None
    assert desk.session.step == STEPS[0]
    assert "Nothing else is left" in desk.session.message


def test_a_level_called_defer_is_an_answer() -> None:
    route = Criterion("route", "Where to?", levels("defer", "solve"), kind="choices")
    desk = Desk((task("i1", "route"),), replace(RUBRIC, criteria=(route,)))

    assert desk.press("d") is None
    desk.press("1")
    assert desk.session.done
    assert desk.session.progress.answered == 1


def test_undo_withdraws_by_a_later_label_and_goes_back_there(desk: Desk) -> None:
    desk.press("1", "1")
    label = desk.press("u")

    assert label is not None
    assert (label.item_id, label.criterion, label.value) == ("i1", "tone", None)
    assert desk.session.step == STEPS[1]
    assert "tone of i1" in desk.session.message
    desk.press("u")
    assert desk.session.step == STEPS[0]
    assert desk.press("u") is None
    assert desk.session.message == "There is nothing to undo"


def test_undoing_a_changed_answer_brings_the_former_one_back(desk: Desk) -> None:
    desk.press("1", "left", "2")
    label = desk.press("u")

    assert label is not None
    assert label.value == "met"


def test_the_same_answer_again_records_nothing_and_goes_on(desk: Desk) -> None:
    desk.press("1", "left")

    assert desk.press("1") is None
    assert desk.session.step == STEPS[1]


def test_going_on_leads_to_the_next_open_question_and_round(desk: Desk) -> None:
    desk.press("right", "right", "1")
    assert desk.session.step == STEPS[3]
    desk.press("1", "1", "1")

    assert desk.session.step == STEPS[0]


def test_one_cannot_walk_out_of_the_list_while_something_is_open(desk: Desk) -> None:
    desk.press("left")
    assert desk.session.step == STEPS[0]
    desk.press(*["right"] * 20)

    assert desk.session.step == STEPS[-1]
    assert "some before it are open" in desk.session.message


def test_past_the_end_one_can_leave_or_go_back(desk: Desk) -> None:
    desk.press(*"111111")
    assert desk.session.done
    desk.press("1", "left")
    assert desk.session.step == STEPS[-1]
    desk.press("right", "enter")

    assert desk.session.over


def test_a_note_stands_with_the_answer_and_is_kept_without_one(desk: Desk) -> None:
    alone = desk.press("n", *"odd one", "enter")
    answered = desk.press("1")

    assert alone is not None
    assert answered is not None
    assert (alone.value, alone.note) == (None, "odd one")
    assert (answered.value, answered.note) == ("met", "odd one")


def test_a_note_is_edited_where_it_was_and_escape_leaves_it(desk: Desk) -> None:
    desk.press("n", *"one", "enter", "n", *" two", "esc")
    assert desk.session.answer.note == "one"
    desk.press("n", *" two", "enter")

    assert desk.session.answer.note == "one two"


def test_keys_that_answer_are_text_in_a_note(desk: Desk) -> None:
    desk.press("n", *"12ucdq", "left", "backspace", f"{PASTED} x\ny ", "enter")

    assert desk.session.answer == Answer(None, "12ucx yq")
    assert not desk.session.over


def test_pasted_text_answers_nothing(desk: Desk) -> None:
    assert desk.press(f"{PASTED}1111") is None
    assert "note alone" in desk.session.message
    assert not desk.labels


def test_help_takes_scrolling_and_gives_the_item_back_where_it_was(desk: Desk) -> None:
    desk.press("j", "j", "?", "j", "j", "j")
    assert (desk.session.mode, desk.session.top) == ("help", 3)
    assert desk.press("1") is None

    assert (desk.session.mode, desk.session.top) == ("asking", 2)


def test_scrolling_belongs_to_the_item(desk: Desk) -> None:
    desk.press("pgdn", "1")
    assert desk.session.top == 10
    desk.press("o")
    assert desk.session.top == AT_OUTPUT
    desk.press("1", "1")

    assert (desk.session.step.item_id, desk.session.top) == ("i2", 0)


@pytest.mark.parametrize("keys", [["eof"], ["?", "eof"], ["n", "x", "eof"], ["q"], ["Q"]])
def test_leaving(desk: Desk, keys: list[str]) -> None:
    desk.press(*keys)

    assert desk.session.over


def test_labels_say_how_the_item_was_chosen_and_whether_the_judge_was_seen() -> None:
    seen = task("i1", "sound", "end", design="stratified", probability=0.25, split="dev",
                verdicts={"sound": scored(1.0, "met")})  # fmt: skip
    desk = Desk((replace(seen, item=replace(seen.item, group="g")),))
    first, second = desk.press("1"), desk.press("1")

    assert first is not None
    assert second is not None
    assert (first.design, first.probability, first.split) == ("stratified", 0.25, "dev")
    assert (first.group, first.saw_judge, second.saw_judge) == ("g", True, False)


def test_nobody_unsees_what_the_judge_said_or_what_was_filled_in(desk: Desk) -> None:
    answered = desk.press("1")
    assert answered is not None
    seen = replace(answered, saw_judge=True, prelabelled=True)
    again = Desk(history=[seen])
    again.press("left", "n", "!", "enter", "u", "u")
    again.press("right", "0")

    assert [(one.saw_judge, one.prelabelled) for one in again.labels] == [
        (True, True), (True, True), (True, True), (False, False),
    ]  # fmt: skip


def test_what_is_asked_again_keeps_how_it_was_chosen_once() -> None:
    old = Label(item_id="i1", criterion="sound", value="met", design="random", probability=0.5)
    desk = Desk((task("i1", "sound", before={"sound": old}),))
    label = desk.press("2")

    assert label is not None
    assert (label.design, label.probability) == ("random", 0.5)


def test_a_clock_that_was_set_back_does_not_hide_an_answer() -> None:
    late = Label(
        item_id="i1", criterion="sound", value="met", annotator="ana",
        labelled_at=START + timedelta(days=2), question=SOUND.question,
    )  # fmt: skip
    desk = Desk(history=[late])
    label = desk.press("left", "u")

    assert label is not None
    assert standing([late, label]) == []


def test_an_older_label_that_came_in_later_changes_nothing() -> None:
    new = Label(item_id="i1", criterion="sound", value="met", annotator="ana", labelled_at=START)
    old = replace(new, value="unmet", labelled_at=START - timedelta(days=1))

    assert Desk(history=[new, old]).session.answers[STEPS[0]].value == "met"


def test_what_others_have_answered_by_now_is_taken_out(desk: Desk) -> None:
    desk.press("1")
    desk.session.drop(STEPS[:3])

    assert [step.item_id for step in desk.session.steps] == ["i1", "i2", "i3", "i3"]
    assert desk.session.step == STEPS[3]
    assert desk.session.progress.items == 3


def test_a_session_is_over_where_others_have_answered_everything(desk: Desk) -> None:
    desk.session.drop(STEPS)

    assert desk.session.over


def test_a_session_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="nothing to label"):
        Session([], RUBRIC, annotator="ana")


# --- whatever is pressed ---------------------------------------------------------------------


@given(PRESSED)
def test_labels_and_visible_answers_are_the_same(keys: list[str]) -> None:
    desk = Desk()
    desk.press(*keys)
    held = {Step(lb.item_id, lb.criterion): lb for lb in standing(desk.labels)}
    shown = {step: answer for step, answer in desk.answers().items() if answer.value is not None}

    assert {step: Answer(lb.value, lb.note) for step, lb in held.items()} == shown
    at = desk.session.progress
    assert at.deferred == sum(answer.value == "defer" for answer in shown.values())
    assert at.answered == len(shown) - at.deferred


@given(PRESSED, st.sampled_from(KEYS))
def test_undo_returns_exactly(keys: list[str], key: str) -> None:
    desk = Desk()
    desk.press(*keys, "esc", "right", "left")
    before, depth, step = desk.answers(), desk.session.answers.depth, desk.session.step
    if desk.press(key) is not None and desk.session.answers.depth > depth:
        desk.press("u")

        assert (desk.answers(), desk.session.answers.depth) == (before, depth)
        assert desk.session.step == step


@given(PRESSED, PRESSED)
def test_starting_again_goes_on_as_if_nothing_had_happened(
    keys: list[str], later: list[str]
) -> None:
    first = Desk()
    first.press(*keys)
    again = Desk(history=list(first.labels), at=first.at)

    assert again.answers() == first.answers()
    assert again.session.answers.last == first.session.answers.last
    assert again.session.answers.depth == first.session.answers.depth
    assert again.session.done == all(not first.session.is_open(step) for step in STEPS)

    first.session.mode, first.session.place, first.session.top = "asking", again.session.place, 0
    told = len(first.labels)
    first.press(*later)
    again.press(*later)
    assert again.labels == first.labels[told:]
    assert again.session.step == first.session.step


@given(PRESSED, st.sets(st.sampled_from(STEPS)))
def test_nothing_that_was_begun_is_ever_taken_out(keys: list[str], taken: set[Step]) -> None:
    desk = Desk()
    desk.press(*keys)
    begun = {Step(label.item_id, label.criterion) for label in desk.labels}
    desk.session.drop(taken)

    assert begun <= set(desk.session.steps)
    assert desk.session.over or desk.session.place <= len(desk.session.steps)
    assert len(TASKS) >= desk.session.progress.items
