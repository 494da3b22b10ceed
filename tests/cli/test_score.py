"""`trueup score`: each option does what its help says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import trueup as facade
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Command, WriteJudge
    from trueup.testing.faultserver import FaultServer

READ: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype=False, precise_float=True),
    ".csv": lambda path: pd.read_csv(path, keep_default_na=False, dtype=str),
    ".parquet": pd.read_parquet,
}


def plain(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Return rows as text, as no format keeps every type."""
    missing = frame.astype(object).where(frame.notna(), "")
    return [
        {str(key): str(value) for key, value in row.items()} for row in missing.to_dict("records")
    ]


@pytest.mark.parametrize("ending", READ)
def test_files_of_results_hold_what_the_frames_hold(
    trueup: Command, here: Path, judge: str, ending: str
) -> None:
    found, items = here / f"found{ending}", here / f"items-out{ending}"
    done = trueup(
        "score", "items.jsonl", "-r", "reply", "-j", judge, "--out", found, "--out-items", items
    )

    with Store.open(here / ".trueup" / "trueup.db") as store:
        scores = facade.Scores(store, 1)
        frame, of_items = scores.frame(), scores.items()
    assert done.status == 0
    assert "30 rows in" in done.out
    assert plain(frame) == plain(READ[ending](found))
    assert plain(of_items) == plain(READ[ending](items))
    assert not list(here.glob(".*part"))


def test_plan_asks_nothing_and_makes_no_store(
    trueup: Command, here: Path, server: FaultServer, judge: str
) -> None:
    command = ("score", "items.jsonl", "-r", "reply", "-j", judge, "--plan")
    shown, told = trueup(*command), trueup(*command, "--json")

    assert 0 == shown.status == told.status
    assert "Nothing was asked." in shown.out
    assert {
        "items", "criteria", "known", "by_code", "to_judge", "calls", "known_calls",
        "input_tokens", "cacheable_tokens", "cacheable_share", "output_tokens", "dollars",
        "dollars_uncached", "priced",
    } == set(told.json)  # fmt: skip
    assert (told.json["calls"], told.json["by_code"]) == (20, 10)
    assert server.requests == 0
    assert not (here / ".trueup").exists()


def test_a_plan_foretells_the_calls_of_the_run(
    trueup: Command, here: Path, server: FaultServer, judge: str, write_judge: WriteJudge
) -> None:
    write_judge(server, "other", model="openai/other")
    panel = f"kind: panel\nmembers: [{judge}, other]\nquorum: 1\n"
    (here / "judges" / "both.yaml").write_text(panel, "utf-8")
    command = ("score", "items.jsonl", "-r", "reply", "-j", "both", "--replicates", 2, "--limit", 4)
    planned = trueup(*command, "--plan", "--json").json

    trueup(*command)
    assert 4 * 2 * 2 * 2 == planned["calls"] == server.requests
    after = trueup(*command, "--plan", "--json").json
    assert (after["calls"], after["known"]) == (0, 24)


def test_limit_scores_the_first_items_only(trueup: Command, judge: str) -> None:
    done = trueup("score", "items.jsonl", "-r", "reply", "-j", judge, "--limit", 3, "--json")

    assert done.json["items"]["n"] == 3


def test_what_is_known_is_not_asked_again_but_in_a_new_sitting(
    trueup: Command, server: FaultServer, judge: str
) -> None:
    command = ("score", "items.jsonl", "-r", "reply", "-j", judge, "--json")
    first, second = trueup(*command), trueup(*command)

    assert 20 == server.requests == first.json["cost"]["calls"]
    assert (second.json["cost"]["calls"], second.json["cost"]["reused"]) == (0, 30)
    third = trueup(*command, "--occasion", "2026-W47")
    assert server.requests == 40
    assert third.json["occasion"] == "2026-W47"
    assert "occasion 2026-W47" in trueup("show", "3").out


def test_replicates_ask_each_question_several_times(
    trueup: Command, server: FaultServer, judge: str
) -> None:
    options = ("--replicates", 3, "--limit", 2, "--out", "found.jsonl")
    trueup("score", "items.jsonl", "-r", "reply", "-j", judge, *options)

    assert server.requests == 2 * 2 * 3
    with open("found.jsonl", encoding="utf-8") as file:  # noqa: PTH123 - in the folder we stand in
        assert {0, 1, 2} == {json.loads(line)["replicate"] for line in file}
    assert "replicate" in trueup("show", "--item", "i0").out


def test_retry_failed_leaves_new_items_alone(
    trueup: Command, server: FaultServer, judge: str
) -> None:
    server.configure(faults={"prose": 1.0})
    command = ("score", "items.jsonl", "-r", "reply", "-j", judge, "--json")
    broken = trueup(*command, "--limit", 3)
    server.configure(faults=None)
    server.reset()
    mended = trueup(*command, "--retry-failed")

    assert broken.json["items"]["outcomes"] == {"unparsable": 3}
    assert server.requests == 6
    assert mended.json["items"]["outcomes"] == {"scored": 3, "not_attempted": 7}


def test_a_budget_of_calls_stops_and_more_goes_on(
    trueup: Command, server: FaultServer, judge: str
) -> None:
    command = ("score", "items.jsonl", "-r", "reply", "-j", judge, "--budget-calls", 12)
    stopped = trueup(*command)

    assert stopped.status == 3
    assert "10 items, means of what came first, uncalibrated" in stopped.out.splitlines()[0]
    assert "the budget is used up" in stopped.out
    assert "no sample of all" in " ".join(stopped.out.split())
    assert server.requests == 12
    assert trueup(*command).status == 0
    assert server.requests == 20


def test_columns_and_zones_are_declared(trueup: Command, here: Path) -> None:
    csv = "nr,text,when\n1,Press Save.,2026-11-20 10:00\n2,No.,2026-11-21 10:00\n"
    (here / "odd.csv").write_text(csv, "utf-8")
    command = ("score", "odd.csv", "-r", "checks", "--map", "output=text", "--map", "id=nr")
    lacking = trueup(*command, "--map", "timestamp=when")
    done = trueup(*command, "--map", "timestamp=when", "--timezone", "Europe/Berlin")

    assert lacking.status == 2
    assert "--timezone" in lacking.err
    assert done.status == 0
    assert "2026-11-20T09:00" in trueup("show", "--item", "1", "--json").json["known"]["timestamp"]


def test_code_alone_needs_no_judge(trueup: Command) -> None:
    done = trueup("score", "items.jsonl", "-r", "checks", "--json")

    assert done.status == 0
    assert done.json["score"]["estimate"] == 0.75
