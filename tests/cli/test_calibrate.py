"""`trueup calibrate`, by itself and as a runner: what it prints, writes and exits with."""

from __future__ import annotations

import json
import signal
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from tests.cli.weekly import CALIBRATE, LABELS, RUNNER, WEEK, answers, log, write_rows
from tests.runner.calibration.material import lines
from trueup.runner.calibration import surface

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Command, Start, WriteJudge
    from trueup.testing.faultserver import FaultServer


@pytest.fixture(autouse=True)
def _no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface, "MOST", 10)


@pytest.fixture
def runner(week: Path) -> Path:
    path = week / "runners" / "weekly.yaml"
    path.write_text(RUNNER, "utf-8")
    return path


@pytest.mark.parametrize(
    ("wrong", "bar", "status", "gate"),
    [(0, "tpr=0.5", 0, "passed"), (30, "tpr=0.5", 1, "failed"), (0, "tpr=0.99", 0, "passed"),
     (3, "accuracy=0.95", 3, "inconclusive")],
)  # fmt: skip
@pytest.mark.usefixtures("week")
def test_the_exit_status_is_the_gate_s(
    *, trueup: Command, here: Path, wrong: int, bar: str, status: int, gate: str
) -> None:
    write_rows(here / "labels.jsonl", list(answers(log(30), wrong=wrong)))
    done = trueup(*CALIBRATE, *LABELS, "--bar", bar, "--json")

    assert (done.status, done.json["gate"]) == (status, gate)


@pytest.mark.usefixtures("week")
def test_few_or_no_labels_are_3(trueup: Command) -> None:
    done = trueup(*CALIBRATE)

    assert done.status == 3
    assert "uncalibrated" in " ".join(done.out.split()).casefold()


@pytest.mark.usefixtures("week")
def test_json_is_the_json_report_and_nothing_else(trueup: Command, here: Path) -> None:
    done = trueup(*CALIBRATE, *LABELS, "--json", "-o", "report.json")

    assert done.json == json.loads((here / "report.json").read_text("utf-8"))
    assert "a judge that talks" not in done.out
    assert done.json["labels"]["n"] == 120
    assert done.json["store"].endswith(".trueup/trueup.db")


@pytest.mark.usefixtures("week")
def test_reports_are_written_in_every_form(trueup: Command, here: Path) -> None:
    names = ("r.html", "r.md", "r.xml", "r.json")
    done = trueup(*CALIBRATE, *LABELS, *(word for name in names for word in ("--report", name)))

    assert done.status == 0
    assert "gate passed" in done.out.lower()
    assert all(name in done.out for name in names)
    assert "<svg" in (here / "r.html").read_text("utf-8")
    assert (here / "r.md").read_text("utf-8").strip()
    assert ET.parse(here / "r.xml").getroot().tag == "testsuites"  # noqa: S314 - trueup wrote it


@pytest.mark.usefixtures("week")
def test_a_second_run_prints_the_same_and_adds_no_line(trueup: Command, here: Path) -> None:
    given = (*CALIBRATE, *LABELS, "--ledger", "ledger.jsonl", "--anchors", "anchors.jsonl")
    first, second = trueup(*given), trueup(*given)

    assert len(lines(here / "ledger.jsonl")) == 2
    assert shorn(first.out) == shorn(second.out)


def shorn(text: str) -> list[str]:
    """Return printed lines but for those with times and the labels that were new."""
    return [line for line in text.splitlines() if " new" not in line and " s;" not in line
            and "run 1" not in line and "run 2" not in line]  # fmt: skip


@pytest.mark.usefixtures("week")
def test_options_mean_what_they_say(trueup: Command) -> None:
    more = ("--sample", "20", "--label-next", "3", "--people", "4", "-c", "padded", "--week", WEEK,
            "--anchors", "anchors.jsonl")  # fmt: skip
    found = trueup(*CALIBRATE, *LABELS, "--json", *more).json

    assert found["sitting"] == WEEK
    assert (found["sampled"]["n"], found["sampled"]["n_scored"]) == (40, 20)
    assert found["sampled"]["n_anchors"] == 5
    assert [one["id"] for one in found["criteria"]] == ["padded"]
    assert all(one["people"] == 4 for one in found["next"])
    assert len(found["next"]) <= 3


@pytest.mark.usefixtures("week")
def test_columns_of_items_and_labels_can_be_named(trueup: Command, here: Path) -> None:
    rows = [{"key": r["id"], "answer_text": r["output"], "when": r["timestamp"]} for r in log(20)]
    write_rows(here / "odd.jsonl", rows)
    said = [{"which": one["item_id"], "asked": one["criterion"], "verdict": one["value"],
             "annotator": one["annotator"]} for one in answers(log(20))]  # fmt: skip
    write_rows(here / "odd-labels.jsonl", said)
    maps = ("id=key", "output=answer_text", "timestamp=when", "item_id=which", "criterion=asked",
            "value=verdict")  # fmt: skip
    done = trueup("calibrate", "odd.jsonl", "-r", "reply", "-j", "honest", "--labels",
                  "odd-labels.jsonl", "--label-design", "random", "--json",
                  *(word for pair in maps for word in ("--map", pair)))  # fmt: skip

    assert (done.status, done.json["labels"]["n_items"]) == (0, 20)


@pytest.mark.usefixtures("week")
def test_a_split_is_measured_and_its_opening_shown(trueup: Command) -> None:
    trueup(*CALIBRATE, "--labels", "labels.jsonl")
    done = trueup(*CALIBRATE, "--split", "test", "--json")

    assert done.json["labels"]["split"] == "test"
    assert [one["by"] for one in done.json["openings"]] == ["trueup calibrate"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--bar", "tpr"), "--bar wants FIGURE=VALUE"),
        (("--bar", "tpr=high"), "--bar wants FIGURE=VALUE"),
        (("--bar", "recall=0.5"), "there is no bar 'recall'"),
        (("--bar", "tpr=nan"), "the bar of tpr is nan"),
        (("--report", "r.pdf"), "reports are written as"),
        (("--report", "nowhere/r.html"), "the folder does not exist"),
        (("--label-design", "ranom"), "Did you mean 'random'?"),
        (("--split", "train"), "no split to measure on"),
        (("--week", "2026-99"), "no ISO week"),
        (("--accept", "W40"), "no ISO week"),
        (("--criterion", "stp"), "Did you mean 'step'?"),
        (("--labels", "nothing.csv"), "nothing.csv"),
        (("--anchors", "nothing.jsonl"), "anchors cannot be read"),
        (("--map", "colour=x"), "colour"),
        (("--judge", "honset"), "honest"),
        (("--sample", "0"), "--sample"),
    ],
)
@pytest.mark.usefixtures("week")
def test_what_cannot_be_meant_is_2_before_anything_is_judged(
    trueup: Command, here: Path, more: tuple[str, str], said: str
) -> None:
    done = trueup(*CALIBRATE, *more)

    assert done.status == 2
    assert said in " ".join(done.err.split())
    assert not lines(here / "ledger.jsonl")


@pytest.mark.usefixtures("week")
def test_mistakes_are_json_too_where_json_is_asked_for(trueup: Command) -> None:
    done = trueup(*CALIBRATE, "--bar", "recall=0.5", "--json")

    assert done.status == 2
    assert done.json["error"]["what"] == "there is no bar 'recall'"


@pytest.mark.usefixtures("week")
def test_an_empty_week_is_3(trueup: Command) -> None:
    done = trueup(*CALIBRATE, "--week", "2026-W02")

    assert done.status == 3
    assert "none of 40 items is of week 2026-W02" in " ".join(done.err.split())


def closed_port(write_judge: WriteJudge) -> str:
    return write_judge("http://127.0.0.1:9", "there").stem


@pytest.mark.usefixtures("week")
def test_an_unreachable_judge_is_3_and_no_entry_and_labels_are_kept(
    trueup: Command, here: Path, write_judge: WriteJudge
) -> None:
    name = closed_port(write_judge)
    given = ("calibrate", "log.jsonl", "-r", "reply", *LABELS, "--ledger", "ledger.jsonl")
    done = trueup(*given, "-j", name)

    assert done.status == 3
    assert lines(here / "ledger.jsonl") == []
    again = trueup(*given, "-j", "honest", "--json")
    assert (again.json["labels"]["n_new"], again.json["labels"]["n"]) == (0, 120)
    assert [one["weeks"][-1]["week"] for one in again.json["criteria"]] == [WEEK, WEEK]


@pytest.mark.usefixtures("week")
def test_a_judge_that_is_unreachable_in_its_ninth_week_raises_no_alarm(
    trueup: Command, here: Path, write_judge: WriteJudge
) -> None:
    for number in range(31, 40):
        rows = [{**row, "timestamp": None} for row in log(12)]
        write_rows(here / "log.jsonl", rows)
        trueup(*CALIBRATE, "--week", f"2026-W{number}", "--ledger", "ledger.jsonl")
    before = lines(here / "ledger.jsonl")
    done = trueup("calibrate", "log.jsonl", "-r", "reply", "-j", closed_port(write_judge),
                  "--week", WEEK, "--ledger", "ledger.jsonl")  # fmt: skip

    assert (done.status, len(before)) == (3, 18)
    assert lines(here / "ledger.jsonl") == before


@pytest.mark.usefixtures("week")
def test_ctrl_c_is_130_and_the_run_can_be_gone_on_with(
    trueup: Command, start: Start, here: Path, server: FaultServer, write_judge: WriteJudge
) -> None:
    server.configure(latency=0.3)
    judge = write_judge(server, concurrency=4).stem
    given = ("calibrate", "log.jsonl", "-r", "reply", "-j", judge, "--ledger", "ledger.jsonl")
    process = start(*given)
    wait_for(lambda: server.requests > 8)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"What was answered is kept" in err
    assert lines(here / "ledger.jsonl") == []
    server.configure(latency=0)
    asked = server.requests
    done = trueup(*given, "--json")
    assert done.json["sampled"]["outcomes"] == {"scored": 120}
    assert server.requests - asked < 80
    assert len(lines(here / "ledger.jsonl")) == 2


def wait_for(condition: Callable[[], bool]) -> None:
    import time  # noqa: PLC0415 - beside its only use

    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def test_a_runner_calibrates_as_it_says(trueup: Command, week: Path, runner: Path) -> None:
    done = trueup("run", runner.stem, "--json")

    assert done.status == 0
    assert (done.json["sampled"]["n_scored"], len(done.json["next"])) == (30, 4)
    assert len(lines(week / "kept" / "ledger.jsonl")) == 2
    assert json.loads((week / "out" / "report.json").read_text("utf-8")) == done.json
    assert (week / "out" / "report.html").is_file()
    assert "Compares the judge with people." in trueup("list").out


@pytest.mark.parametrize("place", ["runners", "elsewhere/deep"])
def test_a_runner_s_paths_are_its_own_from_anywhere(
    trueup: Command, week: Path, runner: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (week / place).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(week / place)
    done = trueup("run", runner, "--json")

    assert done.status == 0
    assert len(lines(week / "kept" / "ledger.jsonl")) == 2
    assert (week / ".trueup" / "trueup.db").is_file()
    assert not (week / place / ".trueup").exists()


def test_keys_of_a_runner_can_be_set_for_once(trueup: Command, week: Path, runner: Path) -> None:
    changes = ("sample=20", "label_next.items=2", "bars.tpr=1.0", "bars.accuracy=0.2", "labels=",
               "report=out/once.json", "ledger=")  # fmt: skip
    done = trueup("run", runner.stem, "--json", *(f for c in changes for f in ("--set", c)))

    assert done.status == 3
    assert (done.json["sampled"]["n_scored"], len(done.json["next"])) == (20, 2)
    assert done.json["labels"]["n"] == 0
    assert (week / "out" / "once.json").is_file()
    assert lines(week / "kept" / "ledger.jsonl") == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("bars: {tpr: 0.5}", "bars: {recall: 0.5}"),
        ("bars: {tpr: 0.5}", "bars: {tpr: 1.5}"),
        ("sample: 30", "sample: none"),
        ("sample: 30", "smaple: 30"),
        ("label_design: random", "label_design: uniform"),
        ("label_next: {items: 4, people: 1}", "label_next: {items: 4, persons: 1}"),
        ("label_next: {items: 4, people: 1}", "limit: 3"),
    ],
)
def test_a_slip_in_a_runner_is_named_with_its_line(
    trueup: Command, runner: Path, changed: str, said: str
) -> None:
    text = RUNNER.replace(changed, said)
    runner.write_text(text, "utf-8")
    done = trueup("run", runner.stem)

    number = text.splitlines().index(said) + 1
    assert done.status == 2
    assert f"weekly.yaml:{number}" in "".join(done.err.split())


def test_a_slip_in_set_is_named_as_such(trueup: Command, runner: Path) -> None:
    done = trueup("run", runner.stem, "--set", "bars.tpr=high")

    assert done.status == 2
    assert "--set bars.tpr" in " ".join(done.err.split())


def test_check_reads_runners_that_calibrate(trueup: Command, runner: Path) -> None:
    assert trueup("check").status == 0
    runner.write_text(RUNNER + "nonsense: 1\n", "utf-8")
    done = trueup("check")

    assert done.status == 2
    assert "nonsense" in done.out + done.err
