"""`trueup goodhart`: a look at a table, what it prints and writes, its status, and its refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from trueup.runner.goodhart import run as runs
from trueup.testing.histories import simulate_experiment

if TYPE_CHECKING:
    from tests.cli.conftest import Command

EXAMPLE = Path(__file__).parents[2] / "examples" / "goodhart" / "history.parquet"


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_parquet(EXAMPLE)


def test_a_table_is_looked_at_by_its_columns_names_and_gaming_is_status_1(trueup: Command) -> None:
    done = trueup("goodhart", EXAMPLE)

    assert (done.status, done.err) == (1, "")
    assert "history, 2026-06-29: gaming" in done.out
    assert "--signal retries:lower,arrived=retries_at,within=14d" in " ".join(done.out.split())
    assert "Retries should have fallen by 5.1 per 100 outputs" in " ".join(done.out.split())
    assert "no store keeps it" in " ".join(done.out.split())
    assert "--ack" not in done.out  # what is kept nowhere cannot be accepted


def test_a_backtest_shows_every_look_and_reports_are_written(here: Path, trueup: Command) -> None:
    done = trueup(
        "goodhart", EXAMPLE, "--backtest", "--html", "a.html", "--markdown", "a.md",
        "--junit", "a.xml", "-o", "a.json",
    )  # fmt: skip

    assert "2026-03-30   ???=====??!!!! 2026-06-29" in done.out
    assert "no better off" in (here / "a.html").read_text("utf-8")
    assert "gaming" in (here / "a.md").read_text("utf-8")
    assert ET.parse(here / "a.xml").getroot().find("testsuite/testcase/failure") is not None  # noqa: S314 - written by us
    assert len(json.loads((here / "a.json").read_text("utf-8"))["looks"]) == 14


def test_json_holds_the_report_what_was_guessed_and_the_budget(trueup: Command) -> None:
    done = trueup("goodhart", EXAMPLE, "--json")

    found = done.json
    assert (done.status, found["gate"], found["name"], found["store"]) == (
        1, "failed", "history", None,
    )  # fmt: skip
    assert found["guessed"]["time"] == "timestamp"
    assert found["budget"]["of"] == {"": 0.05}
    [one] = found["watched"]
    assert one["report"]["verdict"] == "gaming"
    assert [alarm["state"] for alarm in one["alarms"]] == ["open"]


def test_an_ab_that_is_over_begins_a_ledger_and_says_so(here: Path, trueup: Command) -> None:
    simulate_experiment("gaming", seed=1).to_parquet(here / "ab.parquet")
    ab = ("goodhart", "ab.parquet", "--ledger", "past.jsonl")
    replayed = trueup(*ab, "--backtest")
    assert not (here / "past.jsonl").exists()
    first, again = trueup(*ab), trueup(*ab, "--json")

    told = "Ledger. A/B treatment against control, 2026-01-05 is over; "
    replayed_words, words = " ".join(replayed.out.split()), " ".join(first.out.split())
    assert f"{told}a backtest writes nothing" in replayed_words
    assert f"{told}its row was added to past.jsonl, which now holds 1 past test." in words
    [kept] = again.json["watched"][0]["ledger"]
    assert (kept["status"], kept["file"]) == ("there", "past.jsonl")
    assert kept["row"] == json.loads((here / "past.jsonl").read_text("utf-8"))


def test_every_report_names_what_measured_the_scores(
    here: Path, frame: pd.DataFrame, trueup: Command
) -> None:
    frame.assign(instrument="local, rubric replies v2").to_parquet(here / "named.parquet")
    done = trueup("goodhart", "named.parquet", "-o", "r.md", "-o", "r.html", "-o", "r.json")
    bare = trueup("goodhart", EXAMPLE, "-o", "b.md", "-o", "b.html")

    assert "judge local, rubric replies v2" in " ".join(done.out.split())
    assert "local, rubric replies v2" in (here / "r.md").read_text("utf-8")
    assert "<bdi>local, rubric replies v2</bdi>" in (here / "r.html").read_text("utf-8")
    report = json.loads((here / "r.json").read_text("utf-8"))
    assert report["instrument"] == "local, rubric replies v2"
    assert "judge not named by the records (column 'judge')" in " ".join(bare.out.split())
    for name in ("b.md", "b.html"):
        assert "not named by the records" in (here / name).read_text("utf-8")


def test_an_alarm_is_listed_accepted_once_and_then_lets_the_gate_pass(
    here: Path, trueup: Command
) -> None:
    place = ("--store", here / "s.db")
    first = trueup("goodhart", EXAMPLE, "--name", "assistant", *place)
    listed = trueup("goodhart", "alarms", "--json", *place)
    [alarm] = listed.json
    done = trueup("goodhart", "--ack", alarm["id"], "--reason", "v2 is out", "--by", "anna", *place)
    twice = trueup("goodhart", "--ack", alarm["id"], "--reason", "v2 is out", *place)
    after = trueup("goodhart", EXAMPLE, "--name", "assistant", *place)

    assert (first.status, listed.status, done.status, after.status) == (1, 1, 0, 0)
    command = f'trueup goodhart --ack {alarm["id"]} --reason "..." --store '
    assert command in " ".join(first.out.split())  # else it would look in another store
    assert (alarm["watch"], alarm["state"], alarm["since"]) == (
        "assistant", "open", "2026-04-27T00:00:00+00:00",
    )  # fmt: skip
    assert done.out == f"Alarm {alarm['id']} of 2026-06-08 is accepted by anna: v2 is out\n"
    assert (twice.status, "was accepted by anna" in twice.err) == (2, True)
    assert "accepted by anna" in " ".join(after.out.split())
    assert trueup("goodhart", "alarms", "--open", *place).out == "No alarm.\n"


def test_an_alarm_says_how_to_accept_it_in_the_store_that_was_named(
    here: Path, trueup: Command
) -> None:
    trueup("goodhart", EXAMPLE, "--store", here / "s.db")
    listed = trueup("goodhart", "alarms", "--store", "s.db")
    wrong = trueup("goodhart", "alarms", "histry", "--store", "s.db")
    none = trueup("goodhart", "alarms", "tone", "--store", "s.db")

    assert "--reason TEXT --store s.db" in " ".join(listed.out.split())
    assert (wrong.status, "Did you mean 'history'?" in wrong.err) == (2, True)
    assert (none.status, none.out) == (0, "No alarm.\n")


def test_tables_of_one_name_in_two_folders_do_not_share_alarms(
    here: Path, frame: pd.DataFrame, trueup: Command
) -> None:
    for folder in ("a", "b"):
        (here / folder).mkdir()
    frame.to_parquet(here / "a" / "week.parquet")
    frame.assign(judge=3.0, judge_rep=3.0).to_parquet(here / "b" / "week.parquet")
    place = ("--store", "s.db")

    assert trueup("goodhart", "a/week.parquet", *place).status == 1
    other = trueup("goodhart", "b/week.parquet", *place)
    named = trueup("goodhart", "b/week.parquet", "--name", "week", *place)

    assert (other.status, "b/week, 2026" in other.out) == (3, True)
    assert "'week' is the watch of a/week in this store" in " ".join(other.out.split())
    assert named.status == 1  # the name goes on as before
    assert trueup("goodhart", here / "b" / "week.parquet", *place).status == 3


def test_json_tells_a_horizon_without_an_end_from_the_usual_one(trueup: Command) -> None:
    usual, endless = (
        trueup("goodhart", EXAMPLE, "--json", *said).json["watched"][0]["horizon"]
        for said in ((), ("--horizon", "none"))
    )

    assert (usual, endless) == (26, "none")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timestamp\tjudge\tretries\n2026-01-05\t1\t0\n", "looks separated by tabs"),
        ("timestamp\tjudge\tretries\n2026-01-05\t1\t0\n", "End its name with .tsv"),
        ("timestamp|judge|retries\n2026-01-05|1|0\n", "looks separated by vertical bars"),
        ("timestamp,judge,retries\n", "names the columns, and no rows"),
        ("timestamp,judge,retries\n1767571455,1,0\n", "look like seconds since 1970 (2026-01-05)"),
        ("timestamp,judge,retries\n1767571455000,1,0\n", "frame['timestamp'], unit='ms', utc=True"),
        ("timestamp,judge,retries\n26,1,0\n", "holds numbers, as 26, and no instants. Write them"),
    ],
)
def test_a_table_that_is_written_otherwise_is_refused_with_how_to_mend_it(
    here: Path, trueup: Command, text: str, said: str
) -> None:
    (here / "t.csv").write_text(text, "utf-8")

    done = trueup("goodhart", "t.csv")

    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_a_store_that_the_workspace_has_is_used_without_being_named(
    here: Path, trueup: Command
) -> None:
    trueup("score", here / "items.jsonl", "-r", "checks")
    trueup("goodhart", EXAMPLE)

    assert trueup("goodhart", "alarms").status == 1


def test_products_get_a_report_each_and_a_table_of_verdicts(here: Path, trueup: Command) -> None:
    done = trueup("goodhart", EXAMPLE, "--by", "segment", "-o", "r.md")

    assert "over all 3 watches together" in " ".join(done.out.split())
    assert sorted(path.name for path in here.glob("r*.md")) == [
        "r-1-writing.md", "r-2-code.md", "r-3-chat.md",
    ]  # fmt: skip
    assert "false alarms at most" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope.parquet",), "there is no such file"),
        ((EXAMPLE, "--judge", "jugde"), "Did you mean 'judge'?"),
        ((EXAMPLE, "--signal", "retires:lower"), "Did you mean 'retries'?"),
        ((EXAMPLE, "--signal", "retires:lower"), "history.parquet: there is no column 'retires'"),
        ((EXAMPLE, "--horizon", "300"), "Say --horizon otherwise"),
        ((EXAMPLE, "--signal", "retries:sideways"), "better is 'sideways'"),
        ((EXAMPLE, "--by", "prodct"), "no column 'prodct'"),
        ((EXAMPLE, "--design", "weakly"), "design is 'weakly'"),
        ((EXAMPLE, "--starts", "spring"), "starts names 'spring'"),
        ((EXAMPLE, "--ledger", "no.jsonl"), "no.jsonl"),
        ((EXAMPLE, "--html", "a.md"), "does not end with .html"),
        ((EXAMPLE, "-o", "a.pdf"), "reports are written as"),
        ((EXAMPLE, "-o", "no/a.md"), "the folder does not exist"),
        ((EXAMPLE, "--control", "old"), "--control names 'old', and no column holds arms"),
        ((EXAMPLE, "--time", ""), "Name one: --time COLUMN"),
        (("--judge", "judge"), "columns are named, and no table"),
        (("--reason", "known"), "--ack ID --reason TEXT"),
        ((EXAMPLE, "--ack", "abcd", "--reason", "known"), "--ack looks at no table"),
        (("--ack", "abcd", "--reason", "known"), "there is no store"),
        (("alarms", "--store", "no such.db"), "no such.db: there is no store here"),
        (("alarms", "--store", "no such.db"), "trueup goodhart TABLE --store 'no such.db' makes"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_with_status_2(
    trueup: Command, arguments: tuple[object, ...], said: str
) -> None:
    done = trueup("goodhart", *arguments)

    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_data_that_cannot_tell_are_unidentified_with_what_is_missing(
    here: Path, frame: pd.DataFrame, trueup: Command
) -> None:
    signals = ["thumbs", "retries", "edit_rate"]
    frame.assign(judge=3.0, judge_rep=3.0).to_parquet(here / "constant.parquet")
    frame.assign(**dict.fromkeys(signals, np.nan)).to_parquet(here / "silent.parquet")
    frame[frame.columns[:7]].to_parquet(here / "bare.parquet")
    frame.head(500).to_csv(here / "short.csv", index=False)

    for name, said in (
        ("constant.parquet", "the judge gave every output of the reference the same score"),
        ("silent.parquet", "arrived in the reference"),
        ("bare.parquet", "no signal is named"),
        ("short.csv", "more periods are needed"),
    ):
        done = trueup("goodhart", here / name)
        assert (done.status, done.err) == (3, ""), name
        assert said in " ".join(done.out.split())


def test_names_from_a_table_are_shown_and_not_obeyed(
    here: Path, frame: pd.DataFrame, trueup: Command
) -> None:
    evil = "retries\x1b]0;owned\x07"
    renamed = frame.rename(columns={"retries": evil, "retries_at": f"{evil}_at"})
    renamed["segment"] = renamed["segment"].astype(str) + "\x1b[2J"
    renamed.to_parquet(here / "evil.parquet")

    done = trueup("goodhart", here / "evil.parquet", "--by", "segment", "-o", "e.html")
    wrong = trueup("goodhart", here / "evil.parquet", "--judge", "retries\x1b[2J")

    assert "\x1b" not in done.out + done.err + wrong.out + wrong.err
    assert all("\x1b" not in path.read_text("utf-8") for path in here.glob("e-*.html"))
    assert len(list(here.glob("e-*.html"))) == 3


def test_ctrl_c_ends_quietly_with_130(trueup: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "read_cells", interrupted)

    done = trueup("goodhart", EXAMPLE)

    assert (done.status, done.out) == (130, "")
    assert done.err == "Interrupted. Alarms that were raised before are kept.\n"


def test_words_behind_the_command_have_help_of_their_own(trueup: Command) -> None:
    for word in ("backfill", "plan", "import", "alarms"):
        done = trueup("goodhart", word, "--help")

        assert done.status == 0
        assert f"Usage: trueup goodhart {word} [OPTIONS]" in done.out
    assert "backfill, plan, import and alarms" in " ".join(trueup("goodhart", "-h").out.split())
