"""What a message says of options and arguments is what the command and the function take."""

from __future__ import annotations

import re

import pytest

from trueup.errors import DataError
from trueup.item.read import open_rows
from trueup.signal import declare
from trueup.signal.read import open_signals
from trueup.signal.shape import check_shape
from trueup.signal.words import parse_values


def test_values_as_they_are_written_mean_what_the_argument_means() -> None:
    for said in (declare.words_as(), declare.scale_as()):
        option, argument = re.findall(r"`--values (.*?)` \(values=(.*) from Python\)", said)[0]

        assert parse_values([option]) == eval(argument)  # noqa: S307 - written by us


def test_a_name_may_stand_for_nothing_and_a_scale_may_go_down() -> None:
    assert parse_values(["mood:asked=,:fine:=1", "stars:5..1"]) == {
        "mood": {"asked": None, ":fine:": 1.0},
        "stars": (5.0, 1.0),
    }


def test_what_lies_in_the_future_is_not_taken_for_an_export_that_names_no_signal() -> None:
    source = open_signals([{"id": "a", "thumbs": 1, "thumbs_at": "2099-01-05T09:00:00Z"}])

    with pytest.raises(DataError, match=r"1 dated in the future\)\. Check the times"):
        source.check()


def test_the_zone_that_is_declared_is_that_of_the_time_of_the_export() -> None:
    rows = [{"id": "a", "stars": 4}]

    [record] = open_signals(
        rows, signals={"stars": "stars"}, known_at="2026-02-01", timezone="Europe/Berlin"
    )

    assert record.known_at.isoformat() == "2026-01-31T23:00:00+00:00"


def test_only_text_files_are_looked_at_for_their_separator(tmp_path: object) -> None:
    check_shape(open_rows([{"a\tb": 1}]))
    path = f"{tmp_path}/t.csv"
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - one line
        file.write("id;mean, of two;c\n")

    with pytest.raises(DataError, match="looks separated by semicolons, and is read as separated"):
        check_shape(open_rows(path))
