"""Text from outside can do nothing to a terminal or a spreadsheet, wherever it stands."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, Result

CLEAR = "\x1b[2J\x1b]0;owned\x07"
HIDE = "\rall is fine\u202e\u2066\u200b"
MARKUP = "[red]red[/red] [link=http://x.invalid]x[/link]"
EVIL = f"{CLEAR}{HIDE}{MARKUP}"
OBEYED = ("\x1b", "\x07", "\r", "\u202e", "\u2066", "\u200b")
CODE = f"""
{EVIL!r}
from trueup import Rules

judge = Rules({EVIL!r}, version="1")


@judge.rule("step")
def step(item):
    return True, {EVIL!r}


@judge.rule("padded")
def padded(item):
    raise ValueError({EVIL!r})
"""


@pytest.fixture
def hostile(here: Path) -> str:
    """Put hostile text wherever a stranger's text may come from; return the items' file."""
    item = {"id": EVIL, "input": EVIL, "output": f"{EVIL} Save", "context": EVIL, EVIL: EVIL}
    line = json.dumps({**item, "metadata": {EVIL: EVIL}})
    name = "i\x1b[31m\u202e.jsonl"
    (here / name).write_text(line + "\n", "utf-8")
    (here / "judges" / "evil.py").write_text(CODE, "utf-8")
    (here / "judges" / "\x1b[31mjudge.yaml").write_text("kind: [\n", "utf-8")
    broken = f"name: {json.dumps(EVIL)}\ntask: t\ncriteria: {json.dumps(EVIL)}\n"
    (here / "rubrics" / "\x1b[31mrubric.yaml").write_text(broken, "utf-8")
    (here / "runners" / "\x1b[31mrun.yaml").write_text("kind: score\n\u2003: 1\n", "utf-8")
    return name


def harmless(done: Result) -> bool:
    return not any(mark in text for mark in OBEYED for text in (done.out, done.err))


def test_nothing_that_a_command_prints_is_obeyed_by_the_terminal(
    trueup: Command, hostile: str
) -> None:
    scored = trueup("score", hostile, "-r", "reply", "-j", "evil")
    shown = trueup("show", "--item", EVIL)

    assert scored.status == 3  # the judge raised on the only item
    assert shown.status == 0
    assert MARKUP in shown.out
    assert "\\u001b[2J" in shown.out
    for done in (
        scored,
        shown,
        trueup("show"),
        trueup("list"),
        trueup("check"),
        trueup("doctor", hostile),
        trueup("score", hostile, "-r", "checks", "--out", "\x1b[31m.csv"),
        trueup("diff", "reply", "\x1b[31mrubric"),
        trueup("init", "\x1b[31mfolder"),
    ):
        assert harmless(done)
        assert done.out or done.err


@pytest.mark.parametrize(
    "arguments",
    [("score", EVIL, "-r", "reply"), ("score", "items.jsonl", "-r", EVIL),
     ("score", "items.jsonl", "-r", "checks", "--map", EVIL), ("show", "--item", EVIL),
     ("run", EVIL), (EVIL,), ("score", EVIL, EVIL), ("check", EVIL), ("forget", EVIL, "--yes"),
     ("score", "items.jsonl", "-r", "checks", "--store", EVIL)],
    ids=lambda arguments: arguments[0][:6].strip("\x1b"),
)  # fmt: skip
def test_messages_about_hostile_arguments_are_harmless(
    trueup: Command, arguments: tuple[str, ...]
) -> None:
    trueup("score", "items.jsonl", "-r", "checks")
    done = trueup(*arguments)

    assert harmless(done)


def test_json_escapes_what_a_terminal_would_obey(trueup: Command, hostile: str) -> None:
    trueup("score", hostile, "-r", "reply", "-j", "evil")
    told = trueup("show", "--item", EVIL, "--json")

    assert harmless(told)
    assert told.json["item_id"] == EVIL
    assert told.json["text"]["input"] == EVIL


def test_csv_cells_that_a_spreadsheet_would_run_are_defused(trueup: Command, here: Path) -> None:
    ids = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "-5", "+3.5", "plain"]
    lines = [json.dumps({"id": i, "output": f"Press Save. {n}"}) for n, i in enumerate(ids)]
    (here / "cells.jsonl").write_text("\n".join(lines), "utf-8")
    trueup("score", "cells.jsonl", "-r", "checks", "--out-items", "found.csv")

    with (here / "found.csv").open(encoding="utf-8", newline="") as file:
        found = [row["item_id"] for row in csv.DictReader(file)]
    # a number is no formula, and an id that is one must still be found
    assert [f"'{i}" for i in ids[:6]] + ids[6:] == found
