"""A report fits a terminal: the verdict first, and nothing in it moves the cursor."""

from __future__ import annotations

import io
import unicodedata
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.console import Console

from tests.report.goodhart import material
from trueup.report.goodhart.terminal import terminal

if TYPE_CHECKING:
    from trueup.goodhart.look import Verdict
    from trueup.report.goodhart.model import GoodhartReport

HOSTILE = "\x1b[2J[red]\u202e\n\rx"


def text_of(report: GoodhartReport, *, width: int = 80) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, markup=False, soft_wrap=True, highlight=False)
    terminal(report, console, reports=("goodhart.html",))
    return file.getvalue()


@pytest.mark.parametrize("verdict", material.KINDS)
def test_the_first_lines_are_the_verdict_and_what_it_means(verdict: Verdict) -> None:
    first, second, *_ = text_of(material.report(verdict)).splitlines()

    assert first == f"Support assistant, 2026-06-29: {verdict.replace('_', ' ')}"
    assert second.strip().startswith(("Judge scores", "No rise", "These data"))


@pytest.mark.parametrize("verdict", material.KINDS)
def test_a_report_is_a_screenful_of_eighty_columns(verdict: Verdict) -> None:
    lines = text_of(material.report(verdict)).splitlines()

    assert len(lines) <= 36
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", ["a watch of " * 30, "\u65e5\u672c" * 40, "W" * 500])
def test_a_long_name_keeps_the_first_line_within_eighty_columns(name: str) -> None:
    look = material.look("gaming", label="x" * 90, backfire=True)
    first = text_of(material.report(product=name, looks=(look,))).splitlines()[0]

    assert cell_len(first) <= 80
    assert first.endswith(": gaming, backfire")


def test_nothing_is_coloured_where_it_is_piped() -> None:
    assert "\x1b" not in text_of(material.report())


def test_a_signal_stands_with_what_was_due_and_what_came() -> None:
    lines = text_of(material.report()).splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("retries "))

    assert lines[at].split() == ["retries", "\u22124.3", "\u22120.5"]
    assert "\u22124.7 to \u22123.9" in lines[at + 1]


def test_the_looks_are_a_strip_of_signs_with_a_legend() -> None:
    shown = text_of(material.report())

    assert "2026-03-30   ????????!!!!!! 2026-06-29" in shown
    assert "! gaming  ? inconclusive" in shown
    assert "= judge flat" not in shown


def test_a_long_history_is_a_strip_of_several_rows() -> None:
    many = tuple(material.look("judge_flat", at) for at in range(120))
    lines = text_of(material.report("judge_flat", looks=many)).splitlines()
    strip = [line for line in lines if "====" in line]

    assert sum(line.count("=") for line in strip) == 120
    assert len(strip) == 3


def test_an_open_alarm_comes_with_the_command_that_accepts_it() -> None:
    shown = text_of(material.report())

    assert 'trueup goodhart --ack a-7f3c --reason "..."' in shown
    assert "--ack a-11d0" not in shown


def test_what_is_missing_or_set_aside_is_said() -> None:
    shown = text_of(material.report("inconclusive"))

    assert "Missing: More weeks of retries." in shown
    assert "12 records are dated in the future" in shown


def test_hostile_names_neither_move_the_cursor_nor_break_the_screen() -> None:
    shown = text_of(material.poisoned(material.report(), HOSTILE))

    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cf"} and c != "\n"]
    assert "\\u001b[2J[red]" in shown
