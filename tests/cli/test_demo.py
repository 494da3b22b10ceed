"""The demonstration, as a new user runs it, and what it says to do next."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import Result
from trueup.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

CALIBRATION = {
    "sitting", "run", "made_at", "rubric", "rubric_version", "judge", "store", "ledger", "recorded",
    "sampled", "labels", "criteria", "yearly_rate", "next", "plan", "openings", "gate", "reasons",
}  # fmt: skip
FIT = {"judge", "version", "criteria", "left_out"}
RUN = {
    "run", "status", "rubric", "judge", "occasion", "source", "started_at", "finished_at", "store",
    "items", "score", "criteria", "calibration", "cost",
}  # fmt: skip
"""Programs read these keys; whoever changes one breaks them."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Return the folder that a whole demonstration made, and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "shown"
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "100")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(["demo", str(folder)])
    return folder, Result(status, out.getvalue(), err.getvalue())


@pytest.fixture
def demo(shown: tuple[Path, Result], tmp_path: Path) -> Path:
    """Return a copy of that folder, to be changed."""
    return shutil.copytree(shown[0], tmp_path / "shown")


def test_demo_shows_a_fit_a_table_and_where_things_lie_without_a_network(
    shown: tuple[Path, Result],
) -> None:
    folder, done = shown

    assert (done.status, done.err) == (0, "")
    for words in ("agreement on unseen items", "95 % interval", "score", "uncalibrated",
                  "outputs.jsonl", "trueup show --item"):  # fmt: skip
        assert words in done.out
    assert (folder / ".trueup" / "trueup.db").is_file()


def test_demo_ends_with_eight_weeks_a_report_and_a_ledger(shown: tuple[Path, Result]) -> None:
    folder, done = shown
    lines = (folder / "weekly" / "ledger.jsonl").read_text("utf-8").splitlines()
    latest = {(one["criterion"], one["week"]): one for one in map(json.loads, lines)}

    assert len({week for _, week in latest}) == 8
    assert {one["n_labels"] for one in latest.values()} == {40}
    assert {len(one["anchors"]) for one in latest.values()} == {40}
    assert "2026-W34: gate passed" in done.out
    page = (folder / "weekly" / "calibration.html").read_text("utf-8")
    assert page.count("<html") == 1
    assert "simulated-model" in page


def test_demo_finds_the_half_year_that_was_gamed_by_length(shown: tuple[Path, Result]) -> None:
    folder, done = shown
    page = (folder / "goodhart" / "goodhart.html").read_text("utf-8")

    assert "gaming" in done.out
    assert "users are no better off" in done.out
    assert "log length" in done.out
    assert (folder / "goodhart" / "history.parquet").is_file()
    assert page.count("<html") == 1
    assert "Simulated records" in page


def test_what_demo_says_to_do_next_works(
    trueup: Command, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo)

    assert trueup("check", "--strict").status == 0
    assert "steers-judge" in trueup("show", "--item", "sup-122").out
    assert trueup("doctor", "outputs.jsonl").status == 0
    again = trueup("run", "score", "--json")
    assert again.status == 0
    outcomes = again.json["criteria"][0]["outcomes"]
    assert again.json["cost"]["reused"] == 7 * outcomes["scored"]


def test_in_the_ninth_week_the_judge_has_moved_and_no_other_is_blamed(
    trueup: Command, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo / "weekly")

    assert trueup("check", "--strict").status == 0
    ninth = trueup("run", "weekly-calibration", "--json")
    assert ninth.status == 1
    moved = {one["id"]: one["drift"]["cause"] for one in ninth.json["criteria"]
             if one["drift"]["state"] == "moved"}  # fmt: skip
    assert moved == {"grounded": "judge"}
    assert ninth.json["sitting"] == "2026-W35"
    assert len(ninth.json["next"]) == 20


def test_demo_json_is_one_object(
    trueup: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trueup.runner.demo.WEEKS", ("2026-W27",))
    done = trueup("demo", here / "shown", "--json")

    assert {"folder", "fit", "summary", "calibration", "goodhart"} == done.json.keys()
    assert done.json["fit"].keys() == FIT
    assert done.json["summary"].keys() == RUN
    assert done.json["calibration"].keys() == CALIBRATION
