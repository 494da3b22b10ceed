"""The labeller's screen: what stands on it, at any size, whatever the texts are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runner.labelling.material import RUBRIC, SOUND, Desk, item, levels, task
from trueup.judge.verdict import scored, unscored
from trueup.label.model import Label
from trueup.report.label_pages import flip_lines
from trueup.report.labelling import Page, Sheet
from trueup.rubric.model import Criterion, Example
from trueup.runner.labelling.flips import Flip, Reworded

TEXTS = st.text(st.sampled_from("ab \n\t漢é\x1b[]2J\u202e\U0001f600"), max_size=300)
OLD = Label(item_id="i1", criterion="sound", value="unmet", annotator="ana")


def drawn(desk: Desk, width: int = 80, height: int = 24) -> Page:
    return Sheet("2026-W47")(desk.session, width=width, height=height)


def screen(desk: Desk, width: int = 80, height: int = 24) -> str:
    return "\n".join(row.plain.rstrip() for row in drawn(desk, width, height).rows)


def desk_of(criterion: Criterion, **others: Any) -> Desk:
    return Desk((task("i1", criterion.id, **others),), replace(RUBRIC, criteria=(criterion,)))


def test_a_screen_has_item_question_progress_and_keys() -> None:
    assert (
        screen(Desk(), height=20)
        == """\
 reply  2026-W47                                                    1 of 3  ana
 ────────────────────────────────────────────────────────────── 0 of 6 answered
─────────────────────────────────────────────────────────────────────────── i1 ─
 input
   Question i1?

 output
   Reply to i1.





────────────────────────────────────────────────────────────────────────────────
 sound  question 1 of 3
 Is it sound?
   1  met    It is met.
   2  unmet  It is unmet.
 1 met  2 unmet  a not applicable  c cannot tell  d defer
 u undo  n note  ← → move  j k scroll  o output  ? help  q quit"""
    )


def test_levels_that_are_digits_have_no_second_name() -> None:
    desk = Desk()
    desk.press("right")

    assert "   0  It is 0.\n   1  It is 1.\n   2  It is 2." in screen(desk)
    assert "0\u20132 level" in screen(desk)


def test_many_levels_are_one_key_hint() -> None:
    long = Criterion("kind", "Which?", levels(*(f"a long name {n}" for n in range(6))),
                     kind="choices")  # fmt: skip

    assert "1\u20136 level" in screen(desk_of(long))


def test_ones_own_answer_is_marked_where_one_goes_back() -> None:
    desk = Desk()
    desk.press("2", "left")

    assert " ● 2  unmet  It is unmet." in screen(desk)


@pytest.mark.parametrize(
    ("key", "words"), [("a", "● not applicable"), ("c", "● cannot tell"), ("d", "● deferred")]
)
def test_an_answer_beside_the_levels_is_shown_in_words(key: str, words: str) -> None:
    desk = Desk()
    desk.press(key, "left")

    assert words in screen(desk)


def test_nothing_of_the_judge_is_shown_unless_a_task_carries_it() -> None:
    verdicts = {"sound": scored(1.0, "met", "It quotes the policy.")}

    assert "judge" not in screen(Desk())
    shown = screen(Desk((task("i1", "sound", "end", verdicts=verdicts),)))
    assert "the judge: met. It quotes the policy." in shown
    asked = Desk((task("i1", "end", verdicts={"end": unscored("abstained", "missing_input")}),))
    assert "the judge: abstained." in screen(asked)
    assert "the judge has not answered this" in screen(Desk((task("i1", verdicts={}),)))


def test_what_one_answered_before_the_question_changed_is_hidden_until_one_answers() -> None:
    desk = Desk((task("i1", "sound", "end", before={"sound": OLD}),))
    assert "asked again: the question changed" in screen(desk)
    assert "before the question changed" not in screen(desk)
    desk.press("1", "left")

    assert "before the question changed: unmet" in screen(desk)


def test_the_end_says_what_is_kept_and_what_flipped() -> None:
    desk = Desk((task("i1", "sound", before={"sound": OLD}),))
    desk.press("1")

    assert "All 1 question about 1 item are answered" in screen(desk)
    assert "1 of 1 label of sound flipped with the new wording: i1 (unmet, now met)" in (
        screen(desk)
    )


def test_metadata_is_shown_where_the_rubric_shows_it_to_a_judge() -> None:
    needy = replace(SOUND, needs=("metadata.plan",))
    told = item("i1", metadata={"plan": "gold", "judge_score": 1})
    desk = Desk((replace(task("i1", "sound"), item=told),), replace(RUBRIC, criteria=(needy,)))

    assert "plan: gold" in screen(desk)
    assert "judge_score" not in screen(desk)


def test_messages_are_shown_by_who_said_them() -> None:
    talk = (
        {"role": "user", "content": "Where is it?"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "find", "arguments": "{}"}}]},
        {"role": "tool", "content": "Lyon"},
    )
    desk = Desk((replace(task("i1", "sound"), item=item("i1", group=None)),))
    desk = Desk((replace(desk.tasks[0], item=replace(desk.tasks[0].item, input=talk)),))

    for line in ("   user\n     Where is it?", "   calls\n     find({})", "   tool\n     Lyon"):
        assert line in screen(desk)


def test_a_condition_is_shown_with_the_question() -> None:
    asked = replace(SOUND, when="The customer asked.")

    assert "Asked where: The customer asked." in screen(desk_of(asked))


def test_long_text_scrolls_and_says_where_one_is() -> None:
    long = replace(item("i1"), output="\n".join(f"line {n}" for n in range(100)))
    desk = Desk((replace(task("i1", "sound"), item=long),))
    first = drawn(desk)
    assert "lines 1\u201314 of 104" in screen(desk)
    desk.press("G")
    last = drawn(desk)
    assert "line 99" in screen(desk)
    desk.press("o")

    assert (first.top, first.lines, last.top) == (0, 14, 90)
    assert " output\n   line 0" in screen(desk)


def test_long_answers_give_way_to_the_item_and_the_help_has_them_whole() -> None:
    words = " ".join(f"word{n}" for n in range(120))
    wordy = replace(
        SOUND,
        levels=tuple(replace(level, text=words) for level in SOUND.levels),
        examples=(Example("It is.", "met", why="It says so."),),
    )
    desk = desk_of(wordy)
    page = drawn(desk)

    assert page.lines >= 6
    assert "…" in screen(desk)
    desk.press("?")
    told = screen(desk, height=60)
    assert "word119" in told
    assert "example 1: met" in told
    assert "An answer is kept the moment it is given" in told


def test_a_note_is_edited_where_the_keys_were() -> None:
    desk = Desk()
    desk.press("n", *"odd 時計", "left")
    rows = drawn(desk).rows

    assert rows[-2].plain == " note: odd 時計"
    assert [span.style for span in rows[-2].spans if rows[-2].plain[span.start] == "計"] == [
        "not bold reverse"
    ]
    desk.press("enter")
    assert " note: odd 時計" in screen(desk)


def test_a_long_note_keeps_its_cursor_in_sight() -> None:
    desk = Desk()
    desk.press("n", *"x" * 200, "y")

    assert "y" in drawn(desk, width=40).rows[-2].plain


def test_what_a_key_did_is_said_above_the_question() -> None:
    desk = Desk()
    desk.press("1", "u")

    assert "─ Undone: sound of i1 ─" in screen(desk)


@given(
    texts=st.lists(TEXTS, min_size=6, max_size=6),
    keys=st.lists(st.sampled_from([*"12ndu?jGo", "left", "right", "enter"]), max_size=8),
    width=st.integers(10, 120),
    height=st.integers(4, 50),
)
def test_any_text_fits_any_screen_and_obeys_nothing(
    texts: list[str], keys: list[str], width: int, height: int
) -> None:
    told = replace(item("i1"), id=texts[0] or "i", output=texts[1], context=texts[2])
    asked = replace(SOUND, ask=texts[3], when=texts[4])
    desk = Desk(
        (replace(task("i1", "sound"), item=told),),
        replace(RUBRIC, name=texts[5], criteria=(asked,)),
    )
    desk.press(*keys)
    page = drawn(desk, width, height)

    assert len(page.rows) == height
    assert all(row.cell_len <= width for row in page.rows)
    assert all(char.isprintable() for row in page.rows for char in row.plain)


def test_flips_are_listed_up_to_a_handful() -> None:
    many = tuple(
        Flip(item_id=f"i{n}", annotator="ana", before="met", now="unmet") for n in range(12)
    )
    [line] = flip_lines([Reworded(criterion="sound", n=30, flips=many)])
    [none] = flip_lines([Reworded(criterion="end", n=1, flips=())])

    assert line.startswith("12 of 30 labels of sound flipped with the new wording: i0 (met, now")
    assert line.endswith(", and 4 more")
    assert none == "0 of 1 label of end flipped with the new wording"
