"""The runner of the watch, and `trueup goodhart import`, `plan` and `backfill`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.weekly import write_rows
from trueup.item.read import open_items
from trueup.library import library
from trueup.store.signal_table import signal_table
from trueup.store.signals import held_out
from trueup.store.store import Store

if TYPE_CHECKING:
    from tests.cli.conftest import Command

EXAMPLE = Path(__file__).parents[2] / "examples" / "goodhart" / "history.parquet"
RUNNER = f"""\
kind: goodhart
table: {EXAMPLE}
time: timestamp
judge: judge
judge_repeat: judge_rep
group: user
segment: segment
signals: ["retries:lower,arrived=retries_at", {{name: edit_rate, arrived: edit_rate_at}}]
report: watch.md
"""


@pytest.fixture
def runner(here: Path) -> Path:
    path = here / "runners" / "goodhart-watch.yaml"
    path.write_text(RUNNER, "utf-8")
    return path


def test_the_workspaces_watch_runs_by_name_and_without_a_table(
    here: Path, runner: Path, trueup: Command
) -> None:
    by_name = trueup("run", runner.stem)
    bare = trueup("goodhart", "--json")

    assert (by_name.status, bare.status) == (1, 1)
    assert "goodhart-watch, 2026-06-29: gaming" in by_name.out
    assert (here / "watch.md").exists()
    assert bare.json["store"] == str(here / ".trueup" / "trueup.db")
    assert [alarm["watch"] for alarm in bare.json["watched"][0]["alarms"]] == ["goodhart-watch"]


def test_a_key_is_changed_for_once(runner: Path, trueup: Command) -> None:
    done = trueup(
        "run", runner.stem, "--json", "--set", "by=segment", "--set", "parts=[chat, code]",
        "--set", "alpha=0.1", "--set", "horizon=none",
    )  # fmt: skip

    assert done.json["budget"]["of"] == {"chat": 0.05, "code": 0.05}
    assert "however long it is watched" in done.json["budget"]["rate"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RUNNER.replace("judge: judge\n", ""), "judge is missing"),
        (RUNNER.replace("table:", "tabel:"), "Did you mean 'table'?"),
        (RUNNER + "items: log.jsonl\n", "give either table"),
        (RUNNER.replace("retries:lower", "minutes"), "which direction of 'minutes'"),
        (RUNNER + "reference: many\n", "'reference' is a whole number"),
        ("kind: goodhrt\n", "Did you mean 'goodhart'?"),
    ],
)
def test_a_runner_that_says_something_else_is_refused(
    runner: Path, trueup: Command, text: str, said: str
) -> None:
    runner.write_text(text, "utf-8")

    done = trueup("run", runner.stem)

    assert done.status == 2
    assert said in done.err


def test_without_a_runner_of_ones_own_the_shipped_example_runs_and_says_so(
    trueup: Command,
) -> None:
    done = trueup("goodhart")

    assert done.status == 1
    assert "the example that ships with trueup" in " ".join(done.out.split())
    assert "Simulated records" in done.out
    assert (library() / "runners" / "goodhart-watch.yaml").is_file()


def test_signals_are_taken_in_once_and_held_out(here: Path, trueup: Command) -> None:
    rows = [
        {"id": f"i{n}", "thumbs": n % 2, "thumbs_at": f"2026-01-0{n + 1}T09:00:00Z"}
        for n in range(4)
    ]
    write_rows(here / "signals.jsonl", rows)

    first = trueup("goodhart", "import", "signals.jsonl", "--json")
    again = trueup("goodhart", "import", "signals.jsonl")
    wrong = trueup("goodhart", "import", "signals.jsonl", "--signal", "stars")

    assert (first.status, first.json["n"], first.json["new"]) == (0, 4, 4)
    assert "4 signals, 0 new: thumbs 4" in again.out
    assert (wrong.status, "NAME=COLUMN" in wrong.err) == (2, True)


LOG = [
    {"id": "a", "input": "How do I cancel?", "output": "x", "timestamp": "2026-01-05T09:00:00Z",
     "session_id": "s", "draft": "one two", "sent": "one six", "edit_rate_at": "2026-01-06"},
    {"id": "b", "input": "How do I cancel ?", "output": "y", "timestamp": "2026-01-05T09:03:00Z",
     "session_id": "s", "retry_of": "a", "draft": "as is", "sent": "as is",
     "edit_rate_at": "2026-01-06"},
    {"id": "c", "input": "Thanks", "output": "z", "timestamp": "2026-01-05T12:00:00Z",
     "session_id": "t"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--retry-of", "retry_of"), {("retries", "a"): 1}),
        (("--retry-of", "retry_of", "--within", "30m"), {("retries", "a"): 1, ("retries", "b"): 0}),
        (("--find-retries",), {("retries", "a"): 1, ("retries", "b"): 0}),
        (("--edits", "draft,sent", "--timezone", "UTC"),
         {("edit_rate", "a"): pytest.approx(0.428, abs=0.001), ("edit_rate", "b"): 0}),
    ],
)  # fmt: skip
def test_edits_and_retries_are_read_from_a_log(
    here: Path, trueup: Command, options: tuple[str, ...], expected: dict[tuple[str, str], float]
) -> None:
    write_rows(here / "log.jsonl", LOG)

    done = trueup("goodhart", "import", "log.jsonl", *options, "--store", "s.db", "--json")
    again = trueup("goodhart", "import", "log.jsonl", *options, "--store", "s.db", "--json")

    assert (done.status, done.json["new"], again.json["new"]) == (0, len(expected), 0)
    [name] = {signal for signal, _ in expected}
    with Store.open("s.db") as store:
        items = list(open_items(LOG))
        table = signal_table(store, [name], items=items, by="test", purpose="report").frame
        assert ("retryof" in held_out(store)) == (options[0] == "--retry-of")
    values = table.set_index("item_id")[name].dropna()
    assert {(name, str(id_)): value for id_, value in values.items()} == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--retry-of", "retry_off"), "Did you mean 'retry_of'?"),
        (("--within", "30m"), "none are asked for"),
        (("--retry-of", "retry_of", "--within", "soon"), "--within is 'soon'"),
        (("--retry-of", "retry_of", "--find-retries"), "--find-retries says nothing"),
        (("--find-retries", "--edits", "draft,sent"), "--edits says nothing"),
        (("--edits", "draft"), "BEFORE,AFTER"),
    ],
)
def test_what_a_log_cannot_be_asked_is_refused(
    here: Path, trueup: Command, options: tuple[str, ...], said: str
) -> None:
    write_rows(here / "log.jsonl", LOG)

    done = trueup("goodhart", "import", "log.jsonl", *options)

    assert done.status == 2
    assert said in done.err


def test_words_and_scales_are_declared_and_signals_of_an_export_named(
    here: Path, trueup: Command
) -> None:
    at = "2026-01-05T09:00:00Z"
    rows = [
        {"id": "a", "mood": "fine", "mood_at": at, "stars": 5, "stars_at": at},
        {"id": "b", "mood": "grim", "mood_at": at, "stars": 2, "stars_at": at},
        {"id": "c", "mood": "skipped", "mood_at": at, "stars": 1, "stars_at": at},
    ]
    write_rows(here / "moods.jsonl", rows)
    mood = ("--values", "mood:fine=1,grim=0", "--values", "mood:skipped=")
    done = trueup("goodhart", "import", "moods.jsonl", *mood, "--values", "stars:1..5", "--json",
                  "--store", "s.db")  # fmt: skip

    assert (done.status, done.err) == (0, "")
    assert done.json["by_name"] == {"mood": 2, "stars": 3}
    with Store.open("s.db") as store:
        items = [{"id": row["id"], "output": "x"} for row in rows]
        table = signal_table(
            store, ["mood", "stars"], items=list(open_items(items)), by="test", purpose="report"
        ).frame.set_index("item_id")
    assert table["stars"].to_list() == [1.0, 0.25, 0.0]
    assert table["mood"].to_list()[:2] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "line 1: mood: 'fine' is no number"),
        ((), "as `--values mood:up=1,down=0`"),
        (("--signal", "stars=rating"), "`--known-at 2026-02-01T00:00:00Z`"),
        (("--signal", "stars"), "--signal wants NAME=COLUMN"),
        (("--map", "known_at"), "--map wants FIELD=COLUMN"),
        (("--values", "mood"), "--values wants NAME:WORD=NUMBER"),
        (("--values", "mood:fine"), "'fine' in --values 'mood:fine' is no word with its number"),
        (("--values", "mood:1..x"), "'x' in --values 'mood:1..x' is no number"),
        (("--values", "mood:1..2", "--values", "mood:a=1"), "says twice what 'mood' means"),
        (("--values", "mod:fine=1", "--values", "mood:fine=1"), "Did you mean 'mood'?"),
        (("--signal", "stars=rating", "--known-at", "2026-02-01", "--values", "stars:1..3"),
         "`--timezone Europe/Berlin`"),
        (("--signal", "stars=rating", "--known-at", "2026-02-01", "--values", "stars:1..3",
          "--timezone", "UTC"), "4 is outside the declared scale from 1 to 3"),
        (("--names", "thumbs=helpful"), "`--signal thumbs=COLUMN`"),
        (("--find-retries", "--values", "mood:fine=1"), "--values says nothing of retries"),
    ],
)  # fmt: skip
def test_an_import_is_refused_in_words_of_the_command_line(
    here: Path, trueup: Command, options: tuple[str, ...], said: str
) -> None:
    row = {"id": "a", "mood": "fine", "mood_at": "2026-01-05T09:00:00Z", "rating": 4}
    write_rows(here / "moods.jsonl", [row])

    done = trueup("goodhart", "import", "moods.jsonl", *options)

    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_a_plan_is_refused_in_words_of_the_command_line(trueup: Command) -> None:
    known = ("--known", "retries:rate=1,spread=0.46,worth=0.2")
    for options, said in (
        (("--items", 0.5, "--spread", 1, *known), "--items is 0.5"),
        (("--items", 50, "--spread", 0, *known), "--spread is 0"),
        (("--items", 50, "--spread", 1, *known, *known), "--known states 'retries' twice"),
        (("--items", 50, "--spread", 1, "--reliability", 2, *known), "--reliability is 2"),
        (("--items", 50, "--spread", 1, "--known", "retries:rate=2,spread=1,worth=1"),
         "--known 'retries:rate=2,spread=1,worth=1' cannot be planned with"),
        ((EXAMPLE, "--reference", 2), "State numbers: --items, --spread and --known"),
    ):  # fmt: skip
        done = trueup("goodhart", "plan", "--rise", 0.2, *options)

        assert (done.status, done.out) == (2, "")
        assert said in done.err
        assert "Pilot:" not in done.err


def test_a_plan_is_made_of_a_pilot_or_of_numbers_that_are_stated(trueup: Command) -> None:
    stated = ("--items", 3000, "--spread", 1.1, "--reliability", 0.55, "--design", "concurrent",
              "--known", "retries:rate=1,spread=0.46,worth=0.2", "--rise", 0.2)  # fmt: skip
    done = trueup("goodhart", "plan", *stated, "--json")
    nothing = trueup("goodhart", "plan", "--rise", 0.2)
    no_rise = trueup("goodhart", "plan", EXAMPLE)

    assert done.status == 0
    assert done.json["design"] == "concurrent"
    assert [curve["phi"] for curve in done.json["curves"]] == [0.0, 0.2, 1.0]
    assert (nothing.status, "nothing to plan with" in nothing.err) == (2, True)
    assert (no_rise.status, "--rise 0.2" in no_rise.err) == (2, True)


def test_a_ledger_tells_which_judge_gain_is_worth_believing(here: Path, trueup: Command) -> None:
    rows = [
        {"id": f"t{n}", "rise": 0.1 + 0.03 * n, "errors": {"rise": 0.016, "retries": 0.007},
         "signals": {"retries": {"effect": -0.02 - 0.004 * n, "better": "lower"}}}
        for n in range(6)
    ]  # fmt: skip
    write_rows(here / "ledger.jsonl", rows)
    stated = ("goodhart", "plan", "--items", 3000, "--spread", 1.1, "--reliability", 0.55,
              "--design", "concurrent", "--known", "retries:rate=1,spread=0.46,worth=0.2",
              "--rise", 0.2)  # fmt: skip

    done = trueup(*stated, "--ledger", "ledger.jsonl", "--json")
    printed = trueup(*stated, "--ledger", "ledger.jsonl")
    without = trueup(*stated)

    assert done.json["believed"]["experiments"] == 6
    assert 0 < done.json["believed"]["rise"] < done.json["believed"]["shown"]
    assert 0 < done.json["believed"]["one_more"]["now"] <= 1
    assert "points promises nothing: by 6 past A/Bs" in " ".join(printed.out.split())
    assert "no ledger of them is declared" in " ".join(without.out.split())


def test_a_holdback_is_said_in_sql(trueup: Command) -> None:
    done = trueup("goodhart", "plan", "--holdback", 0.05, "--salt", "spring")

    assert done.status == 0
    assert done.out.startswith(
        "substr(sha256('spring' || ':' || cast(\"user_id\" as varchar)), 1, 13)"
    )
    odd = trueup("goodhart", "plan", "--holdback", 0.05, "--user", 'my "user"', "--json")
    assert 'cast("my ""user""" as varchar)' in odd.json["sql"]
    assert "names no column" in trueup("goodhart", "plan", "--holdback", 0.05, "--user", "").err


def test_a_log_is_backfilled_and_watched_from_the_store(here: Path, trueup: Command) -> None:
    weeks, per_week = 16, 12
    rows = []
    for n in range(weeks * per_week):
        day = 5 + 7 * (n // per_week) + n % 7
        at = f"2026-{1 + (day - 1) // 28:02}-{1 + (day - 1) % 28:02}T10:00:00Z"
        text = "Press Save." if n % 3 else "It is somewhere."
        rows.append({"id": f"i{n}", "input": "Where?", "output": f"{text} {n}", "timestamp": at,
                     "user": f"u{n % 20}"})  # fmt: skip
    write_rows(here / "log.jsonl", rows)
    signals = [{"id": row["id"], "thumbs": n % 2, "thumbs_at": row["timestamp"]}
               for n, row in enumerate(rows)]  # fmt: skip
    write_rows(here / "signals.jsonl", signals)
    trueup("goodhart", "import", "signals.jsonl")

    done = trueup("goodhart", "backfill", "log.jsonl", "-r", "checks", "--per-period", 6, "--json")
    runner = here / "runners" / "stored.yaml"
    runner.write_text(
        f"kind: goodhart\nitems: log.jsonl\nsitting: {json.dumps(done.json['sitting'])}\n"
        "signals: ['thumbs:higher']\n",
        "utf-8",
    )
    watched = trueup("run", "stored", "--json")

    assert (done.status, done.json["status"]) == (0, "done")
    assert watched.status in {0, 3}
    assert watched.json["watched"][0]["report"]["spec"]["judge"] == "judge"
