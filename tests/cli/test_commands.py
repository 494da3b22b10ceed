"""Every command once, as a new user runs it, and as a program that reads its JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import SOURCE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

RUN = {
    "run", "status", "rubric", "judge", "occasion", "source", "started_at", "finished_at", "store",
    "items", "score", "criteria", "calibration", "cost",
}  # fmt: skip
ITEM = {"item_id", "run", "score", "outcome", "text", "known", "findings"}
LISTED = {"run", "started_at", "status", "rubric", "judge", "source", "items", "occasion"}
FIT = {"judge", "version", "criteria", "left_out"}
"""Programs read these keys; whoever changes one breaks them."""


def keys(value: Any) -> set[str]:
    return set(value[0] if isinstance(value, list) else value)


def test_init_makes_a_workspace_that_passes_check_and_touches_nothing_again(
    trueup: Command, here: Path
) -> None:
    made = trueup("init", here / "new")
    (here / "new" / "judges" / "local.yaml").write_text("mine", "utf-8")
    again = trueup("init", here / "new", "--json")

    assert made.status == 0
    assert "trueup check" in made.out
    assert {"path", "written"} == keys(again.json)
    assert not any(file["written"] for file in again.json)
    assert (here / "new" / "judges" / "local.yaml").read_text("utf-8") == "mine"


def pasted(lines: str, folder: Path) -> int:
    """Return the exit status of lines that were pasted into a shell."""
    known = f'set -e\ntrueup() {{ "{sys.executable}" -m trueup "$@"; }}\n'
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        ["sh", "-c", known + lines], cwd=folder, env=environment, capture_output=True, check=False
    )
    return done.returncode


@pytest.mark.parametrize("name", ["new", "a b's $HOME", "-x", "."])
def test_what_init_tells_to_type_works_when_it_is_pasted(
    trueup: Command, here: Path, name: str
) -> None:
    made = trueup("init", "--", name)
    commands = [line for line in made.out.split("\n") if line.startswith("    ")]
    *first, score = commands
    (here / name / "outputs.jsonl").write_text('{"id": "a", "output": "Press Save."}\n', "utf-8")

    assert pasted("\n".join(first), here) == 0
    assert pasted("\n".join([*first[:-1], score]), here) == 0
    assert len(first) == (1 if name == "." else 2)


def test_a_fresh_workspace_passes_check(trueup: Command, here: Path) -> None:
    trueup("init", here / "new")

    assert trueup("check", here / "new").status == 0


def test_list_says_where_each_thing_is_from(trueup: Command) -> None:
    shown, told = trueup("list"), trueup("list", "--json")

    assert 0 == shown.status == told.status
    assert "workspace" in shown.out
    assert {"kind", "name", "source", "path", "about", "shadows", "shadowed_by", "problem"} == keys(
        told.json
    )
    assert ("rubric", "reply", "workspace") in {
        (e["kind"], e["name"], e["source"]) for e in told.json
    }


def test_check_tells_each_file_and_rule(trueup: Command) -> None:
    told, rules = trueup("check", "--json"), trueup("check", "--rules", "--json")

    assert {"path", "kind", "problem", "remarks"} == keys(told.json)
    assert {"rule", "severity", "detects"} == keys(rules.json)
    assert rules.json[0]["rule"] in trueup("check", "--rules").out


def test_diff_says_what_ends(trueup: Command, here: Path) -> None:
    text = (here / "rubrics" / "reply.yaml").read_text("utf-8")
    (here / "rubrics" / "newer.yaml").write_text(text.replace("weight: 2", "weight: 5"), "utf-8")
    shown, told = trueup("diff", "reply", "newer"), trueup("diff", "reply", "newer", "--json")

    assert "step: scoring (weight)" in shown.out
    assert {"old", "new", "changes", "unchanged", "parts", "notes", "labels_end", "verdicts_end",
            "asked_again", "asked_again_in_one_call",
            "scores_change"} == keys(told.json)  # fmt: skip
    assert [change["kind"] for change in told.json["changes"]] == ["scoring"]
    assert "Nothing changed" in trueup("diff", "reply", "reply").out


def test_schema_is_the_same_on_stdout_and_in_a_file(trueup: Command, here: Path) -> None:
    shown = trueup("schema")

    assert trueup("schema", "--out", here / "s.json").status == 0
    assert shown.json == json.loads((here / "s.json").read_text("utf-8"))
    assert "properties" in shown.json
    assert trueup("schema", "--json").out == shown.out


def test_doctor_tells_what_a_file_allows(trueup: Command) -> None:
    shown, told = trueup("doctor", "items.jsonl"), trueup("doctor", "items.jsonl", "--json")

    assert "10 rows" in shown.out
    assert "yes  scoring" in shown.out
    assert {"name", "format", "rows", "fields", "problems", "notes", "abilities"} <= keys(told.json)
    assert told.json["rows"] == 10


def test_score_and_show_tell_the_same(trueup: Command, judge: str) -> None:
    scored = trueup("score", "items.jsonl", "-r", "reply", "-j", judge, "--json")

    assert scored.status == 0
    assert keys(scored.json) == RUN
    assert scored.json == trueup("show", "1", "--json").json
    assert keys(trueup("show", "--json").json) == LISTED
    assert "items.jsonl" in trueup("show").out
    item = trueup("show", "--item", "i3", "--json").json
    assert keys(item) == ITEM
    assert {"criterion", "replicate", "outcome", "reason", "decided_by", "value", "level",
            "explanation", "evidence", "detail"} == keys(item["findings"])  # fmt: skip
    assert "It stands there." in trueup("show", "--item", "i3").out


def test_forget_takes_an_items_text_out_of_the_store(
    trueup: Command, here: Path, judge: str
) -> None:
    trueup("score", "items.jsonl", "-r", "reply", "-j", judge)
    told = trueup("forget", "i3", "--yes", "--json")

    assert keys(told.json) == {
        "observations", "texts", "verdicts", "replies", "shared", "labels", "signals",
    }  # fmt: skip
    assert (told.json["texts"], told.json["verdicts"], told.json["replies"]) == (1, 3, 2)
    assert b"Reply 3:" not in (here / ".trueup" / "trueup.db").read_bytes()
    assert trueup("show", "--item", "i3").status == 2


def test_forget_asks_first_and_a_no_deletes_nothing(
    trueup: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    trueup("score", "items.jsonl", "-r", "checks")
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    refused = trueup("forget", "i3")

    assert (refused.status, refused.out.strip()) == (130, "")
    assert "Nothing was deleted" in refused.err
    assert trueup("show", "--item", "i3").status == 0


def test_forget_for_a_program_asks_nothing_and_wants_to_be_told_yes(
    trueup: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    trueup("score", "items.jsonl", "-r", "checks")
    monkeypatch.setattr("sys.stdin", StringIO("y\n"))
    refused = trueup("forget", "i3", "--json")

    assert (refused.status, keys(refused.json)) == (2, {"error"})
    assert "Add `-y` to delete it; nothing was deleted" in refused.err
    assert "Delete the text" not in refused.err
    assert trueup("show", "--item", "i3").status == 0
