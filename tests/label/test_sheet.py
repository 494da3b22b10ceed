"""A sheet goes out without answers and comes back with them, whatever a spreadsheet does to it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.errors import ConfigError, DataError
from trueup.item.model import Item
from trueup.label.read import read_label_file
from trueup.label.sheet import LONGEST, write_sheet
from trueup.rubric.load import parse_rubric

if TYPE_CHECKING:
    from collections.abc import Callable

RUBRIC = parse_rubric("""
name: r
task: The assistant replies.
criteria:
  - {id: sound, ask: "Is it sound, and short?", met: It is., unmet: It is not.}
  - {id: tone, ask: How fitting is it?, scale: {1: curt, 2: right}}
""")
SOUND, TONE = RUBRIC.criteria
TEXT = st.text("aZ0 '=-+@,;\"\n\t\r[{é刪", min_size=1, max_size=8)


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def fill(path: Path, answer: Callable[[list[str]], list[str]], *, mark: str = ",") -> None:
    """Do what a person does in a spreadsheet: answer every line but the heads, and save."""
    head, questions, *lines = table(path)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=mark).writerows([head, questions, *map(answer, lines)])


def item(id_: str = "a", output: str = "Reply.", **more: str) -> Item:
    return Item(id=id_, input="Question?", output=output, **more)  # type: ignore[arg-type]


def test_a_line_is_an_item_and_a_column_an_empty_criterion(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    cut = write_sheet([item("a"), item("b", context="Clause.")], path, criteria=RUBRIC.criteria)
    head, questions, first, second = table(path)

    assert cut == 0
    assert head == ["item_id", "input", "context", "output", f"sound [{SOUND.question}]",
                    f"tone [{TONE.question}]", "note", "annotator"]  # fmt: skip
    assert questions[4] == (
        "Is it sound, and short?\nunmet: It is not.\nmet: It is.\nor: not_applicable, cannot_tell"
    )
    assert first == ["a", "Question?", "", "Reply.", "", "", "", ""]
    assert second[2] == "Clause."
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


@settings(max_examples=60)
@given(ids=st.lists(TEXT.filter(str.strip), min_size=1, max_size=3, unique=True), text=TEXT)
def test_no_cell_begins_a_formula_and_ids_come_back(ids: list[str], text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tasks.csv"
        write_sheet([item(id_, text) for id_ in ids], path, criteria=RUBRIC.criteria)
        begins = {cell[0] for line in table(path) for cell in line if cell}
        fill(path, lambda line: [*line[:-4], "met", "", *line[-2:]])
        found = read_label_file(path, criteria=RUBRIC.by_id).labels

    assert not begins & set("=@\t\r\n")
    assert [label.item_id for label in found] == ids


@pytest.mark.parametrize("mark", [",", ";"])
def test_answers_come_back_as_what_was_asked_by_whoever_gave_them(
    tmp_path: Path, mark: str
) -> None:
    path = tmp_path / "tasks.csv"
    write_sheet([item("a"), item("b")], path, criteria=RUBRIC.criteria, annotator="ana")
    fill(path, lambda line: [*line[:3], "Met", "2" if line[0] == "a" else "", "why", line[-1]],
         mark=mark)  # fmt: skip
    found = read_label_file(path, criteria=RUBRIC.by_id)

    assert [(lb.item_id, lb.criterion, lb.value, lb.annotator, lb.note) for lb in found.labels] == [
        ("a", "sound", "Met", "ana", "why"),
        ("a", "tone", 2.0, "ana", "why"),
        ("b", "sound", "Met", "ana", "why"),
    ]
    assert {lb.question for lb in found.labels} == {SOUND.question, TONE.question}
    assert sorted(found.passed_over.values()) == [1, 1]


def test_a_sheet_of_an_earlier_wording_answers_that_wording(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    before = replace(SOUND, ask="Was it sound?")
    write_sheet([item()], path, criteria=[before])
    fill(path, lambda line: [*line[:3], "met", *line[4:]])
    (label,) = read_label_file(path, criteria=RUBRIC.by_id).labels

    assert (label.criterion, label.question) == ("sound", before.question)
    assert before.question != SOUND.question


def test_one_criterion_of_a_sheet_is_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    write_sheet([item()], path, criteria=RUBRIC.criteria)
    fill(path, lambda line: [*line[:3], "met", "2", *line[5:]])
    found = read_label_file(path, criteria=RUBRIC.by_id, criterion="tone")

    assert [(label.criterion, label.value) for label in found.labels] == [("tone", 2.0)]


def test_a_sheet_that_nobody_has_filled_in_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    write_sheet([item()], path, criteria=RUBRIC.criteria)

    with pytest.raises(DataError, match="there are no labels in it"):
        read_label_file(path, criteria=RUBRIC.by_id)


def test_texts_that_no_cell_holds_are_cut_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    cut = write_sheet([item(output="x" * (LONGEST + 9)), item("b")], path, criteria=[SOUND])

    assert cut == 1
    assert len(table(path)[2][2]) == LONGEST


def test_a_sheet_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write_sheet([item()], tmp_path / "no" / "tasks.csv", criteria=[SOUND])
