"""Labelling in a spreadsheet: what a calibration drew goes out, and measures when it is back."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from tests.cli.weekly import CALIBRATE
from trueup.runner.calibration import surface

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def _no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface, "MOST", 10)


def export(trueup: Command, who: str) -> str:
    name = f"{who}.csv"
    done = trueup("label", "-r", "reply", "--export", name, "--blind", "--annotator", who)
    assert done.status == 0
    assert f"0 labels and 20 items in {name} (csv)" in done.out
    return name


def fill(path: Path) -> None:
    """Answer every line as the output has it, and save without the mark of the encoding."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, questions, *lines = csv.reader(file)
    at = {name.partition(" ")[0]: place for place, name in enumerate(head)}
    for line in lines:
        line[at["step"]] = "met" if "Save" in line[at["output"]] else "unmet"
        line[at["padded"]] = "Yes" if "again" in line[at["output"]] else "No"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([head, questions, *lines])


def test_two_sheets_of_a_draw_calibrate_the_judge(trueup: Command, week: Path) -> None:
    assert trueup(*CALIBRATE).status == 3
    for who in ("ana", "ben"):
        name = export(trueup, who)
        assert "honest" not in (week / name).read_text("utf-8-sig")
        fill(week / name)
        done = trueup("label", "-r", "reply", "--import", name)
        assert done.status == 0
        assert f"40 new, 0 known already; by {who}" in done.out
        assert "passed over 1: a line of the sheet that names no item" in done.out
    found = trueup(*CALIBRATE, "--json").json

    assert (found["labels"]["n"], found["labels"]["annotators"]) == (80, ["ana", "ben"])
    assert found["labels"]["design"] == "stratified"
    assert all(one["agreement"]["accuracy"]["estimate"] == 1 for one in found["criteria"])


def test_a_sheet_of_nothing_says_what_draws(trueup: Command, week: Path) -> None:
    assert trueup(*CALIBRATE, "--label-next", "0").status == 3
    done = trueup("label", "-r", "reply", "--export", "a.csv", "--blind")

    assert done.status == 2
    assert "Run trueup calibrate" in done.err
    assert not (week / "a.csv").exists()
