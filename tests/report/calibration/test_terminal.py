"""A calibration fits a terminal, and says why what is missing is missing."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from tests.report.calibration import material
from trueup.report.calibration.terminal import render
from trueup.report.console import PlainConsole
from trueup.runner.calibration.result import Absent, Drift

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.runner.calibration.result import Calibration

HOSTILE = "\x1b[2J[red]\u202e\n\rx"


def text_of(calibration: Calibration, *, width: int = 80, reports: tuple[str, ...] = ()) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, markup=False, soft_wrap=True)
    for part in render(calibration, reports=reports):
        console.print(part)
    return file.getvalue()


def test_a_calibration_of_five_criteria_is_a_screenful_of_eighty_columns() -> None:
    lines = text_of(material.calibration()).splitlines()

    assert len(lines) <= 36
    assert max(map(len, lines)) <= 80


def test_the_first_lines_say_whether_the_gate_is_passed_and_why() -> None:
    first, *rest = text_of(material.calibration()).splitlines()

    assert first == "billing-reply (version 3), judge sim-judge, 2026-W47: gate failed"
    assert rest[0].strip() == "next-step: the judge drifted in 2026-W45."


@pytest.mark.parametrize("gate", ["passed", "inconclusive"])
def test_every_state_of_the_gate_has_its_words(gate: str) -> None:
    shown = text_of(material.calibration(gate=gate, reasons=()))

    assert shown.splitlines()[0].endswith(f": gate {gate}")


def test_a_row_has_the_corrected_rate_with_its_interval_beside_the_judge_and_the_ceiling() -> None:
    lines = text_of(material.calibration()).splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("next-step  "))

    assert lines[at].split() == ["next-step", "74%", "87%", "93%", "62%", "0.52", "0.79", "312",
                                 "judge", "drifted"]  # fmt: skip
    assert lines[at + 1].split() == ["69\u201379", "90\u201396", "52\u201372", "0.46\u20130.58",
                                     "W40\u2013W47", "since", "W45"]  # fmt: skip


def test_absent_figures_say_why() -> None:
    shown = text_of(material.calibration())

    assert "apology: no TPR, TNR, alpha or corrected rate: 6 labels, and 30 are the least" in shown
    assert "tone: no TPR or TNR: nobody called an item unmet" in shown
    assert "nan" not in shown.lower()


def test_alarms_stale_labels_openings_and_what_is_next_are_told() -> None:
    shown = " ".join(text_of(material.calibration(), reports=("out/report.html",)).split())

    assert "next-step: The judge has passed more replies that people fail since" in shown
    assert "padding: 158 labels of an earlier question no longer count; 4 items got an" in shown
    assert "The test split was opened 1 time, last by anna on 2026-11-13." in shown
    assert "Label next: 20 items with `trueup label`." in shown
    assert "report out/report.html; ledger ledger.jsonl; run 12 in .trueup/store.db" in shown


def test_what_several_criteria_have_in_common_is_said_once() -> None:
    made = material.many(3).criteria
    steady = Drift(state="steady", cause=None, since=None, found=None, sentence="Steady.")
    bars = "nothing is known about bars."
    shown = text_of(
        material.calibration(
            criteria=tuple(
                replace(one, agreement=Absent(why="no item has a label"), drift=steady)
                for one in made
            ),
            gate="inconclusive",
            reasons=(*(f"{one.id}: no item has a label, so {bars}" for one in made), "Run again."),
        )
    )
    told = " ".join(shown.split())

    assert f"{', '.join(one.id for one in made)}: no item has a label, so {bars} Run again." in told
    assert told.count("no item has a label") == 1


def test_an_alarm_that_fails_the_gate_is_said_once_and_any_other_below() -> None:
    found = material.calibration()
    (one,) = [one for one in found.criteria if one.id == "next-step"]
    failed = text_of(replace(found, reasons=(f"{one.id}: {one.drift.sentence}",)), width=400)
    passed = text_of(replace(found, gate="passed", reasons=()), width=400)

    assert failed.count(one.drift.sentence) == passed.count(one.drift.sentence) == 1


def test_places_are_told_as_one_would_type_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = material.calibration(ledger=str(tmp_path / "l.jsonl"), store="postgresql://h/db")
    shown = text_of(made, reports=(str(tmp_path / "out" / "r.html"), "/r.md"))

    assert shown.splitlines()[-1].rstrip() == (
        "reports out/r.html, /r.md; ledger l.jsonl; run 12 in postgresql://h/db"
    )


def test_a_calibration_of_nothing_is_still_a_report() -> None:
    shown = text_of(
        material.calibration(criteria=(), next=(), plan="", ledger=None, openings=(),
                             gate="inconclusive", reasons=("No item was scored.",))
    )  # fmt: skip

    assert "No item was scored." in shown
    assert "Nothing is to be labelled." in shown
    assert "ledger" not in shown


def test_no_control_character_reaches_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console = PlainConsole()
    for part in render(material.poisoned(material.calibration(), HOSTILE), reports=(HOSTILE,)):
        console.print(part)
    shown = capsys.readouterr().out

    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cf"} and c != "\n"]
    assert "[red]" in shown


def test_what_a_split_rests_on_is_the_split_and_no_week() -> None:
    of = replace(material.calibration().labels, split="dev")
    shown = text_of(material.calibration(labels=of))

    assert "dev split" in shown
    assert "W40\u2013W47" not in shown


def test_items_that_the_judge_gave_no_value_were_judged_all_the_same() -> None:
    shown = text_of(material.calibration())

    assert "1,984 of 2,000 items judged" in shown
    assert "items scored" not in shown
