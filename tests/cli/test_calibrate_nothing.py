"""A calibration that measures nothing: its status, and reports that say so."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from tests.cli.weekly import CALIBRATE, LABELS, RUNNER, WEEK, log, write_rows
from tests.runner.calibration.material import lines
from trueup.runner.calibration import calibrate, surface

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, WriteJudge

NAMES = ("r.html", "r.md", "r.xml", "r.json")
REPORTS = tuple(word for name in NAMES for word in ("--report", name))
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface, "MOST", 10)


@pytest.fixture
def last_week(week: Path, trueup: Command) -> Path:
    """Stand beside the reports of a week in which the gate was passed."""
    assert trueup(*CALIBRATE, *LABELS, *REPORTS, "--ledger", "ledger.jsonl").status == 0
    return week


def told(here: Path, sentence: str, *, sitting: str, judge: str) -> None:
    """Hold that every report says that nothing was measured, and why."""
    found = json.loads((here / "r.json").read_text("utf-8"))
    assert (found["gate"], found["criteria"], found["run"]) == ("inconclusive", [], 0)
    assert (found["sitting"], found["rubric"], found["judge"]) == (sitting, "reply", judge)
    (reason,) = found["reasons"]
    assert reason.startswith("Nothing was measured: ")
    assert sentence in reason
    for name in ("r.html", "r.md"):
        text = (here / name).read_text("utf-8")
        assert "gate inconclusive" in text.casefold()
        assert "gate passed" not in text.casefold()
        assert "Nothing was measured" in text
    suite = ET.parse(here / "r.xml").getroot()[0]  # noqa: S314 - trueup wrote it
    assert suite.get("skipped") == "1"
    (skipped,) = suite.iterfind("testcase[@name='gate']/skipped")
    assert sentence in (skipped.get("message") or "")


def test_an_empty_week(trueup: Command, last_week: Path) -> None:
    done = trueup(*CALIBRATE, *REPORTS, "--week", "2026-W02", "--ledger", "ledger.jsonl")

    assert done.status == 3
    told(last_week, "none of 40 items is of week 2026-W02", sitting="2026-W02", judge="honest")
    assert len(lines(last_week / "ledger.jsonl")) == 2


def test_a_judge_that_cannot_be_reached(
    trueup: Command, last_week: Path, write_judge: WriteJudge
) -> None:
    name = write_judge(NOWHERE).stem
    done = trueup("calibrate", "log.jsonl", "-r", "reply", "-j", name, *REPORTS)

    assert done.status == 3
    told(last_week, "127.0.0.1:9", sitting=WEEK, judge=name)


def test_a_key_that_is_missing(
    trueup: Command, last_week: Path, write_judge: WriteJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    name = write_judge(NOWHERE, api_key_env="NO_SUCH_KEY").stem
    done = trueup("calibrate", "log.jsonl", "-r", "reply", "-j", name, *REPORTS)

    assert done.status == 2
    told(last_week, "NO_SUCH_KEY", sitting=WEEK, judge=name)


def test_labels_that_cannot_be_read(trueup: Command, last_week: Path) -> None:
    done = trueup(*CALIBRATE, *REPORTS, "--labels", "nothing.csv")

    assert done.status == 2
    told(last_week, "nothing.csv", sitting=WEEK, judge="honest")


def test_a_budget_that_is_used_up(trueup: Command, week: Path, judge: str, runner: Path) -> None:
    runner.write_text(RUNNER.replace("judge: honest", f"judge: {judge}\nbudget: {{calls: 3}}"))
    done = trueup("run", runner.stem)
    found = json.loads((week / "out" / "report.json").read_text("utf-8"))

    assert (done.status, found["gate"]) == (3, "inconclusive")
    assert "The run did not end" in found["reasons"][0]


@pytest.fixture
def runner(week: Path) -> Path:
    path = week / "runners" / "weekly.yaml"
    path.write_text(RUNNER, "utf-8")
    return path


def test_a_judge_that_is_not_there_is_told_in_the_reports_of_a_runner(
    trueup: Command, week: Path, runner: Path
) -> None:
    runner.write_text(RUNNER.replace("judge: honest", "judge: honset"), "utf-8")
    done = trueup("run", runner.stem, "--set", f"week={WEEK}")
    found = json.loads((week / "out" / "report.json").read_text("utf-8"))

    assert done.status == 2
    assert (found["gate"], found["sitting"], found["rubric"]) == ("inconclusive", WEEK, "reply")
    assert "honset" in found["reasons"][0]


def test_a_crash_is_told_without_its_text(
    trueup: Command, last_week: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("sk-secret")

    monkeypatch.setattr(calibrate, "in_one_sitting", broken)
    done = trueup(*CALIBRATE, *REPORTS)

    assert done.status == 70
    told(last_week, "trueup itself failed (KeyError)", sitting=WEEK, judge="honest")
    assert "sk-secret" not in "".join((last_week / name).read_text("utf-8") for name in NAMES)


def test_a_misspelt_option_leaves_the_reports_alone(trueup: Command, last_week: Path) -> None:
    before = [(last_week / name).read_bytes() for name in NAMES]

    assert trueup(*CALIBRATE, *REPORTS, "--bar", "tpr").status == 2
    assert trueup(*CALIBRATE, *REPORTS, "--report", "r.pdf").status == 2
    assert [(last_week / name).read_bytes() for name in NAMES] == before


def test_json_is_the_error_as_ever(trueup: Command, last_week: Path) -> None:
    done = trueup(*CALIBRATE, *REPORTS, "--week", "2026-W02", "--json")

    assert done.json["error"]["kind"] == "TooFewLabels"
    told(last_week, "2026-W02", sitting="2026-W02", judge="honest")


@pytest.mark.usefixtures("week")
def test_a_judge_is_tried_out_without_ledger_and_draw(trueup: Command, here: Path) -> None:
    given = (*CALIBRATE, *LABELS, "--ledger", "ledger.jsonl", "--no-record")
    done = trueup(*given)

    assert done.status == 0
    assert "Nothing was recorded" in " ".join(done.out.split())
    assert lines(here / "ledger.jsonl") == []
    assert trueup(*given, "--json").json["next"] == []
    assert trueup("show", "1").out.count("Run again") == 0


@pytest.mark.usefixtures("week")
def test_a_week_that_goes_on_is_passed_over_and_that_is_said(trueup: Command, here: Path) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - beside its only use

    new = {**log(1)[0], "id": "new", "timestamp": datetime.now(UTC).isoformat()}
    write_rows(here / "log.jsonl", [new, *log(40)])
    done = trueup(*CALIBRATE, *LABELS)

    assert f"{WEEK}: gate passed" in done.out
    assert f"{WEEK} is the last week with items that has ended" in " ".join(done.out.split())
