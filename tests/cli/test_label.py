"""`trueup label`, as people use it: under a terminal, from files, into files."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from trueup.rubric.load import load_rubric
from trueup.runner.labelling.own import own_labels
from trueup.store.draws import Drawn, add_draw
from trueup.store.store import Store

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

from tests.cli.terminal import Window

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command
    from trueup.label.model import Label

STORE = ".trueup/trueup.db"
LABELS = "item_id,criterion,value,annotator\ni0,step,met,ana\ni1,step,unmet,ana\ni0,padded,no,ana\n"


class Open(Protocol):
    """Open a window in which `trueup label` runs with these arguments."""

    def __call__(
        self, *arguments: object, columns: int = 80, lines: int = 24, **environment: str
    ) -> Window: ...


@pytest.fixture
def window(here: Path) -> Open:
    def start(*arguments: object, columns: int = 80, lines: int = 24, **environment: str) -> Window:
        said = ("label", "-r", "reply", "--annotator", "ana", *arguments)
        return Window(*said, folder=here, columns=columns, lines=lines, **environment)

    return start


@pytest.fixture
def drawn(here: Path, trueup: Command, judge: str) -> Path:
    """Score ten items and draw three of them to be labelled."""
    assert trueup("score", "items.jsonl", "-r", "reply", "-j", judge).status == 0
    with Store.open(here / STORE) as store:
        add_draw(
            store,
            [
                Drawn(sitting="2026-W47", item_id=f"i{n}", place=n, run=1, design="stratified",
                      probability=0.25, people=1, why="at random")
                for n in range(3)
            ],
        )  # fmt: skip
    return here


def labels(here: Path, annotator: str = "ana") -> list[Label]:
    """Return what a person has answered, in the order of recording."""
    criteria = load_rubric(here / "rubrics" / "reply.yaml").judged
    with Store.open(here / STORE) as store:
        return list(own_labels(store, criteria, annotator=annotator).now)


def values(here: Path) -> list[Any]:
    return [label.value for label in labels(here)]


# --- under a terminal ------------------------------------------------------------------------


def test_what_was_drawn_is_asked_one_item_a_screen_and_kept_at_once(
    drawn: Path, window: Open
) -> None:
    with window() as shown:
        first = shown.sees("1 of 3  ana", "Does the reply name the button to press?", "0 of 6")
        assert "2026-W47" in first
        assert "question 1 of 2" in first
        assert "1 met  2 unmet  a not applicable" in first
        assert "judge" not in first
        before = shown.screen.received
        shown.press("7")
        shown.sees("This key answers nothing here")
        assert shown.screen.received - before < 400  # rows that stay are not drawn again
        shown.press("1")
        shown.sees("Does the reply repeat itself?", "1 of 6 answered")
        assert values(drawn) == ["met"]
        shown.press("2")
        shown.sees("2 of 3  ana", "2 of 6 answered")
        shown.press("q")
        assert "2 new answers kept; 4 questions left" in shown.tells("goes on")
        assert shown.status() == 0
        assert shown.given_back()

    label = labels(drawn)[0]
    assert (label.design, label.probability, label.split) == ("stratified", 0.25, None)
    assert (label.saw_judge, label.prelabelled) == (False, False)


def test_every_key_does_what_the_screen_says(drawn: Path, window: Open) -> None:
    with window() as shown:
        shown.sees("0 of 6 answered")
        shown.press("nodd one\r")
        shown.sees(" note: odd one")
        shown.press("d")
        shown.sees("0 of 6 answered, 1 deferred", "question 2 of 2")
        shown.press("a")
        shown.sees("2 of 3  ana", "1 of 6 answered")
        shown.press("\x1b[D\x1b[D")
        shown.sees("1 of 3  ana", "● deferred", "note: odd one")
        shown.press("c")
        shown.sees("2 of 6 answered", "2 of 3")
        shown.press("u")
        shown.sees("─ Undone: step of i", "1 of 6 answered, 1 deferred", "● deferred")
        shown.press("?")
        shown.sees("everything is kept", "any other key back")
        shown.press("x")
        shown.sees("● deferred")
        shown.press("\x1b[C\x1b[C1212")
        shown.sees("1 of 3  ana", "● deferred", "5 of 6 answered, 1 deferred")
        shown.press("1")
        shown.sees("All 6 questions about 3 items are answered")
        shown.press("\r")
        shown.tells("nothing is left for ana")
        assert shown.status() == 0
    assert values(drawn)[-1] == "met"


def test_long_text_scrolls_at_any_size_of_window(here: Path, window: Open) -> None:
    long = {"id": "long", "input": "Why?", "output": "\n".join(f"row {n}" for n in range(90))}
    (here / "long.jsonl").write_text(json.dumps(long) + "\n", "utf-8")
    with window("long.jsonl", columns=60, lines=20) as shown:
        shown.sees("lines 1", "of 94", "row 0")
        shown.press("G")
        shown.sees("row 89")
        shown.press("k")
        assert "row 89" not in shown.sees("\u201393 of 94", "row 88")
        shown.resize(100, 40)
        shown.sees("row 89", "row 70", "q quit")
        shown.press("g")
        shown.sees(" input", "row 20")


def test_wide_and_hostile_text_is_shown_and_obeyed_by_nobody(here: Path, window: Open) -> None:
    text = "\x1b[2J\x1b]0;owned\x07漢字 \u202eevil\r\x9b31m" + "漢" * 60
    item = {"id": "i\x1b[1m", "input": text, "output": text}
    (here / "odd.jsonl").write_text(json.dumps(item) + "\n", "utf-8")
    with window("odd.jsonl") as shown:
        seen = shown.sees("\\u001b[2J\\u001b]0;owned\\u000", "漢字", "\\u202eevil", "q quit")

    assert "i\\u001b[1m" in seen


def test_ctrl_c_gives_the_terminal_back_and_keeps_everything(drawn: Path, window: Open) -> None:
    with window() as shown:
        shown.sees("0 of 6 answered")
        shown.press("1nhalf")
        shown.sees("note: half")
        shown.press("\x03")
        assert "Interrupted. 1 new answer kept; 5 questions left" in shown.tells("goes on")
        assert shown.status() == 130
        assert shown.given_back()
    assert values(drawn) == ["met"]


def test_an_end_from_outside_gives_the_terminal_back(drawn: Path, window: Open) -> None:
    with window() as shown:
        shown.sees("0 of 6 answered")
        shown.press("1")
        shown.sees("1 of 6 answered")
        shown.process.send_signal(signal.SIGTERM)
        assert shown.status() == -signal.SIGTERM
        assert shown.given_back()
    assert values(drawn) == ["met"]


def test_a_killed_labeller_goes_on_after_the_last_answer(drawn: Path, window: Open) -> None:
    with window() as shown:
        shown.sees("0 of 6 answered")
        shown.press("1d1")
        shown.sees("2 of 6 answered, 1 deferred")
        shown.process.kill()
        shown.status()
    assert values(drawn) == ["met", "defer", "met"]
    with window() as again:
        again.sees("2 of 3  ana", "question 2 of 2", "2 of 6 answered, 1 deferred")
        again.press("u")
        again.sees("question 1 of 2", "1 of 6 answered, 1 deferred")


def test_a_stopped_labeller_comes_back(drawn: Path, window: Open) -> None:
    assert drawn
    with window() as shown:
        shown.sees("0 of 6 answered")
        shown.press("\x1a")
        os.waitpid(shown.process.pid, os.WUNTRACED)
        assert shown.given_back()
        shown.process.send_signal(signal.SIGCONT)
        shown.sees("0 of 6 answered", "q quit")
        shown.press("1")
        shown.sees("1 of 6 answered", "q quit")


def test_two_people_get_what_the_other_has_left(drawn: Path, window: Open) -> None:
    with window("--annotator", "ben", "-c", "step") as other:
        other.sees("1 of 3  ben")
        other.press("1")
        other.sees("1 of 3 answered")
        with window("-c", "step") as mine:
            mine.sees("1 of 2  ana", "0 of 2 answered")
            mine.press("11q")
            assert mine.status() == 0
        other.press("1")
        other.sees("All 2 questions about 2 items are answered")
        other.press("q")
        other.tells("nothing is left for ben")
        assert other.status() == 0
    assert len(labels(drawn, "ben")) == 2


def test_a_changed_question_is_asked_again_blind_and_flips_are_told(
    drawn: Path, window: Open
) -> None:
    with window("-c", "step") as shown:
        shown.sees("0 of 3 answered")
        shown.press("111\r")
        assert shown.status() == 0
    path = drawn / "rubrics" / "reply.yaml"
    path.write_text(path.read_text("utf-8").replace("name the button", "call the button"), "utf-8")
    with window("-c", "step") as again:
        first = again.sees("asked again: the question changed", "0 of 3 answered")
        assert "before the question changed" not in first
        again.press("211")
        again.sees("1 of 3 labels of step flipped with the new wording")
        again.press("\x1b[D\x1b[D\x1b[D")
        again.sees("before the question changed: met")
        again.press("q")
        assert "1 of 3 labels of step flipped" in again.tells("now unmet)")


def test_the_judge_is_shown_where_that_is_wanted_and_labels_say_so(
    drawn: Path, window: Open
) -> None:
    with window("--show-judge", "-c", "step") as shown:
        shown.sees("the judge: ", "It stands there.")
        shown.press("1q")
        assert shown.status() == 0
    assert [label.saw_judge for label in labels(drawn)] == [True]


def test_who_has_seen_the_judge_is_not_blind_in_a_later_session_either(
    drawn: Path, window: Open
) -> None:
    with window("--show-judge", "-c", "step") as shown:
        shown.sees("the judge: ", "It stands there.")
        shown.press("1q")
        assert shown.status() == 0
    with window("-c", "step") as blind:
        blind.sees("1 of 3 answered")
        blind.press("u2")
        blind.sees("1 of 3 answered")
        blind.press("1q")
        assert blind.status() == 0
    assert [label.saw_judge for label in labels(drawn)] == [True, True, True, False]


def test_blanks_are_no_part_of_a_name_and_no_name(here: Path, window: Open) -> None:
    with window("items.jsonl", "--annotator", " ana ") as shown:
        shown.sees("of 10  ana")
        shown.press("1q")
        assert shown.status() == 0
    with window("items.jsonl", "--annotator", "  ", TRUEUP_ANNOTATOR="ana") as again:
        again.sees("1 of 20 answered")
    assert values(here) == ["met"]


def test_a_sample_of_a_file_says_with_what_chance_it_was_drawn(here: Path, window: Open) -> None:
    with window("items.jsonl", "--sample", 4) as shown:
        shown.sees("of 4  ana")
        shown.press("1q")
        assert shown.status() == 0
    [label] = labels(here)

    assert (label.design, label.probability, label.split) == ("random", 0.4, None)


def test_a_whole_file_is_labelled_into_the_split(here: Path, window: Open) -> None:
    with window("items.jsonl", "--json") as shown:
        shown.sees("of 10  ana")
        shown.press("1q")
        told = shown.tells('"reworded": []')
        assert shown.status() == 0

    assert json.loads(told[told.index("{") :])["open"] == 19
    assert labels(here)[0].split in {"train", "dev", "test"}


# --- refused ---------------------------------------------------------------------------------


def test_without_a_terminal_one_imports(trueup: Command) -> None:
    done = trueup("label", "-r", "reply")

    assert done.status == 2
    assert "needs a terminal" in done.err
    assert "trueup label --import FILE" in done.err


def test_a_terminal_that_cannot_place_a_cursor_is_refused(
    trueup: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    done = trueup("label", "-r", "reply")

    assert done.status == 2
    assert "TERM=dumb" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sample", 5], "none is named"),
        (["--as", "csv"], "without --export"),
        (["--import", "a", "--export", "b"], "do not go together"),
        (["--import", "a", "--sample", 5], "do not go together"),
        (["--export", "a.csv", "--split", "auto"], "--split auto has no meaning here"),
        (["--split", "none"], "--split none has no meaning here"),
        (["items.jsonl", "--split", "train"], "--split train has no meaning here"),
        (["--import", "a", "-c", "sonud"], "there is no criterion 'sonud'"),
    ],
)
def test_what_does_not_go_together_is_said(
    trueup: Command, arguments: list[object], words: str
) -> None:
    done = trueup("label", "-r", "reply", *arguments)

    assert done.status == 2
    assert words in done.err


# --- files -----------------------------------------------------------------------------------


def test_labels_come_in_once_and_go_out(here: Path, trueup: Command) -> None:
    (here / "labels.csv").write_text(LABELS, "utf-8")
    first = trueup("label", "-r", "reply", "--import", "labels.csv")
    again = trueup("label", "-r", "reply", "--import", "labels.csv", "--json").json
    out = trueup("label", "-r", "reply", "--export", "out.jsonl", "--split", "all", "--json").json

    assert first.status == 0
    assert "labels.csv (CSV): 3 labels" in first.out
    assert "3 new, 0 known already; by ana" in first.out
    assert (again["new"], again["known"], again["by_criterion"]) == (0, 3, {"step": 2, "padded": 1})
    assert (out["n"], out["form"], out["path"]) == (3, "jsonl", "out.jsonl")
    assert len((here / "out.jsonl").read_text("utf-8").splitlines()) == 3


def test_a_bad_file_is_refused_whole_with_every_problem(here: Path, trueup: Command) -> None:
    (here / "labels.csv").write_text(LABELS + "i2,sonud,met,ana\ni2,step,maybe,ana\n", "utf-8")
    done = trueup("label", "-r", "reply", "--import", "labels.csv")

    assert done.status == 2
    assert "labels.csv, line 5" in done.err
    assert "labels.csv, line 6" in done.err
    assert trueup("label", "-r", "reply", "--export", "out.csv").status == 2


def test_columns_and_criteria_of_other_names_are_declared(here: Path, trueup: Command) -> None:
    (here / "wide.csv").write_text("reply_no,Names it?,who\ni0,yes,ana\ni1,no,ana\n", "utf-8")
    maps = [
        "--map",
        "item_id=reply_no",
        "--map",
        "annotator=who",
        "--map",
        "criterion.step=Names it?",
    ]
    done = trueup("label", "-r", "reply", "--import", "wide.csv", *maps, "--json")

    assert done.json["by_criterion"] == {"step": 2}
    assert values(here) == ["met", "unmet"]


def test_items_of_a_file_give_imported_labels_their_groups(here: Path, trueup: Command) -> None:
    (here / "labels.csv").write_text(LABELS, "utf-8")
    lines = [{"id": f"i{n}", "user": "u", "output": "x"} for n in range(2)]
    (here / "users.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    done = trueup("label", "users.jsonl", "-r", "reply", "--import", "labels.csv",
                  "--map", "group=user", "--json")  # fmt: skip

    assert done.status == 0
    assert {label.group for label in labels(here)} == {"u"}


def test_what_was_drawn_goes_to_a_tool_without_answers(drawn: Path, trueup: Command) -> None:
    command = ("label", "-r", "reply", "--export", "tasks.json", "--as", "label-studio", "--blind")
    done = trueup(*command)

    assert done.status == 0
    assert "0 labels and 3 items in tasks.json (label-studio)" in done.out
    assert len(json.loads((drawn / "tasks.json").read_text("utf-8"))) == 3
