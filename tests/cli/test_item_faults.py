"""What is wrong with one item is that item's outcome; the run goes on, and no value is made up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command
    from trueup.testing.faultserver import FaultServer

GOOD = b'{"id": "good", "input": "q", "output": "Press Save."}\n'
FAULTY = {
    "huge": (
        json.dumps({"id": "x", "input": "q", "output": "word " * 1_000_000}).encode(),
        ("truncated", "item_too_long"),
    ),
    "invalid-utf8": (
        b'{"id": "x", "input": "q", "output": "Press \xff\xfe Save."}',
        ("abstained", "invalid_utf8"),
    ),
    "lone-surrogate": (
        b'{"id": "x", "input": "q", "output": "Press \\ud800 Save."}',
        ("abstained", "invalid_utf8"),
    ),
    "nan": (b'{"id": "x", "input": "q", "output": NaN}', ("abstained", "missing_output")),
    "null": (b'{"id": "x", "input": "q", "output": null}', ("abstained", "missing_output")),
    "no-key": (b'{"id": "x", "input": "q"}', ("abstained", "missing_output")),
    "empty": (b'{"id": "x", "input": "q", "output": ""}', ("abstained", "empty_output")),
    "blank": (b'{"id": "x", "input": "q", "output": " \\n\\u200b"}', ("abstained", "empty_output")),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_item_has_a_named_outcome_and_no_value(
    trueup: Command, here: Path, server: FaultServer, judge: str, fault: str
) -> None:
    line, expected = FAULTY[fault]
    (here / "faulty.jsonl").write_bytes(line + b"\n" + GOOD)
    done = trueup("score", "faulty.jsonl", "-r", "reply", "-j", judge, "--json")

    assert done.status == 0
    findings = {f["criterion"]: f for f in trueup("show", "--item", "x", "--json").json["findings"]}
    for criterion in ("step", "padded"):
        found = findings[criterion]
        assert expected == (found["outcome"], found["reason"])
        assert None is found["value"]
    assert server.requests == 2
    scored = trueup("show", "--item", "good", "--json").json
    assert scored["outcome"] == "scored"


def test_all_faults_together_are_counted_and_shown(trueup: Command, here: Path, judge: str) -> None:
    lines = [
        line.replace(b'"id": "x"', f'"id": "{name}"'.encode()) for name, (line, _) in FAULTY.items()
    ]
    (here / "faulty.jsonl").write_bytes(b"\n".join([*lines, GOOD]))
    done = trueup("score", "faulty.jsonl", "-r", "reply", "-j", judge)

    assert done.status == 0
    assert "missing_output 3" in done.out
    assert "invalid_utf8 2" in done.out
    assert "item_too_long 1" in done.out
    assert "0 not attempted" not in done.out


def test_a_judge_that_raises_on_one_item_is_that_items_failure(trueup: Command, here: Path) -> None:
    code = """
from trueup import Rules

judge = Rules("picky", version="1")


@judge.rule("step")
def step(item):
    if item.id == "i3":
        raise ValueError("not this one")
    return True


@judge.rule("padded")
def padded(item):
    return False
"""
    (here / "judges" / "picky.py").write_text(code, "utf-8")
    done = trueup("score", "items.jsonl", "-r", "reply", "-j", "picky", "--json")

    assert done.status == 0
    assert done.json["items"]["outcomes"] == {"scored": 9, "failed": 1}
    shown = trueup("show", "--item", "i3").out
    assert "judge_raised" in shown
    assert "not this one" in shown


BROKEN = """
from trueup import Rules

judge = Rules("broken", version="1")


@judge.rule("step", "padded")
def step(item):
    return item.outptu == ""
"""


def test_a_judge_that_raises_on_every_item_is_no_fine_run(trueup: Command, here: Path) -> None:
    file = here / "judges" / "broken.py"
    file.write_text(BROKEN, "utf-8")
    few = trueup("score", "items.jsonl", "-r", "reply", "-j", "broken", "--bar", 0.0)
    assert few.status == 3
    assert "judge_raised 10" in few.out

    rows = [f'{{"id": "{n}", "output": "Reply {n}: Press Save."}}\n' for n in range(300)]
    (here / "many.jsonl").write_text("".join(rows), "utf-8")
    many = trueup("score", "many.jsonl", "-r", "reply", "-j", "broken", "--json")

    assert (many.status, many.json["error"]["kind"]) == (2, "JudgeError")
    assert many.json["error"]["where"] == "broken"
    assert f"{file}:9" in many.err
    assert "outptu" in many.err
    assert trueup("show", "--json").json[0]["status"] == "failed"


def test_what_a_judge_prints_does_not_spoil_the_json(trueup: Command, here: Path) -> None:
    code = """
from trueup import Rules

print("on loading")
judge = Rules("chatty", version="1")


@judge.rule("step")
def step(item):
    print("on", item.id)
    return True
"""
    (here / "judges" / "chatty.py").write_text(code, "utf-8")
    command = ("score", "items.jsonl", "-r", "reply", "-j", "chatty", "--json")

    assert trueup(*command, "--plan").json["to_judge"] == 20
    done = trueup(*command)
    assert done.json["items"]["n"] == 10
    assert "on i3" in done.err
