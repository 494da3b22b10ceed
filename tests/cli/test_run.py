"""`trueup run`: the same run by name, from wherever it is started."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command
    from trueup.testing.faultserver import FaultServer

RUNNER = """\
# scores what is there
kind: score
about: Scores the replies of today.
items: items.jsonl
rubric: reply
judge: there
out: found.jsonl
out_items: scores.csv
occasion: 2026-11-23
budget: {calls: 100}
bar: 0.4
"""


@pytest.fixture
def runner(here: Path, judge: str) -> Path:
    assert judge == "there"
    path = here / "runners" / "daily.yaml"
    path.write_text(RUNNER, "utf-8")
    return path


def test_a_runner_scores_as_it_says(trueup: Command, here: Path, runner: Path) -> None:
    done = trueup("run", runner.stem, "--json")

    assert done.status == 0
    assert done.json["occasion"] == "2026-11-23"  # as written, and no date
    assert len((here / "found.jsonl").read_text("utf-8").splitlines()) == 30
    assert (here / "scores.csv").is_file()
    assert "Scores the replies of today." in trueup("list").out


def test_a_key_may_have_another_value_for_once(
    trueup: Command, runner: Path, server: FaultServer
) -> None:
    changes = ("limit=5", "occasion=", "budget.calls=7", "bar=0.99", "out=once.jsonl")
    done = trueup("run", runner.stem, "--json", *(f for c in changes for f in ("--set", c)))

    assert done.status == 3
    assert (done.json["status"], done.json["occasion"]) == ("budget", "")
    assert server.requests == 7
    assert trueup("run", runner.stem, "--set", "bar=0.99").status == 1


@pytest.mark.parametrize("place", ["runners", "elsewhere/deep"])
def test_names_paths_and_store_are_the_runners_own_from_anywhere(
    trueup: Command, here: Path, runner: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (here / place).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(here / place)
    name = "daily.yaml" if place == "runners" else runner
    done = trueup("run", name, "--json")

    assert done.status == 0
    assert done.json["store"].endswith(".trueup/trueup.db")
    assert (here / ".trueup" / "trueup.db").is_file()
    assert (here / "found.jsonl").is_file()
    assert not (here / place / ".trueup").exists()


def test_a_runner_that_stands_alone_speaks_of_its_own_folder(
    trueup: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = here / "alone"
    alone.mkdir()
    (alone / "r.yaml").write_text("kind: score\nitems: i.jsonl\nrubric: ../rubrics/checks.yaml\n")
    (alone / "i.jsonl").write_text(json.dumps({"id": "a", "output": "Save"}), "utf-8")
    (here / "far").mkdir()
    monkeypatch.chdir(here / "far")
    done = trueup("run", alone / "r.yaml", "--json")

    assert done.status == 0
    assert done.json["items"]["n"] == 1


def test_everything_known_is_not_asked_again(
    trueup: Command, runner: Path, server: FaultServer
) -> None:
    trueup("run", runner.stem)
    again = trueup("run", runner.stem, "--json")

    assert server.requests == 20
    assert (again.json["cost"]["calls"], again.json["cost"]["reused"]) == (0, 30)


def test_no_file_is_as_good_as_an_unknown_name(trueup: Command, runner: Path) -> None:
    done = trueup("run", "dayly")

    assert done.status == 2
    assert f"'{runner.stem}'" in done.err
