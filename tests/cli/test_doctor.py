"""`trueup doctor` ends with 2 exactly where a run over the same file would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

STOPS = {
    "two-ids.jsonl": '{"id": "a", "output": "x"}\n{"id": "a", "output": "y"}\n',
    "no-output.jsonl": '{"id": "a", "words": "x"}\n',
    "no-zone.jsonl": '{"id": "a", "output": "x", "timestamp": "2026-01-05 09:30"}\n',
    "which.csv": "id,answer,response\n1,x,y\n",
    "header.csv": "id,output\n",
}
LACKS = {
    "bare.jsonl": '{"output": "x"}\n',
    "no-reply.jsonl": '{"id": "a", "output": null}\n{"id": "b", "output": "x"}\n',
    "empty.jsonl": '{"id": "a", "output": ""}\n{"id": "b", "output": "nan"}\n',
    "twice.jsonl": '{"id": "a", "output": "x"}\n{"id": "b", "output": "x"}\n',
}


@pytest.mark.parametrize("name", STOPS)
def test_what_makes_a_run_impossible_ends_with_two_and_is_shown_all_the_same(
    trueup: Command, here: Path, name: str
) -> None:
    (here / name).write_text(STOPS[name], "utf-8")
    shown, told = trueup("doctor", name), trueup("doctor", name, "--json")

    assert (shown.status, told.status) == (2, 2)
    assert told.json["problems"]
    assert not told.json["abilities"][0]["possible"]
    assert "  no  scoring: every run over it stops: " in shown.out
    assert name in shown.out
    assert trueup("score", name, "-r", "checks").status == 2


@pytest.mark.parametrize("name", LACKS)
def test_what_is_merely_missing_or_odd_stops_nothing(
    trueup: Command, here: Path, name: str
) -> None:
    (here / name).write_text(LACKS[name], "utf-8")
    told = trueup("doctor", name, "--json")

    assert (told.status, told.json["problems"]) == (0, [])
    assert trueup("score", name, "-r", "checks").status == 0


def test_a_declared_column_mends_what_stopped_the_run(trueup: Command, here: Path) -> None:
    (here / "which.csv").write_text(STOPS["which.csv"], "utf-8")

    assert trueup("doctor", "which.csv", "--map", "output=answer").status == 0
