"""`trueup run --set`: lists, keys that a runner takes, and what is said of those it does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.weekly import RUNNER, WEEK, answers, log, write_rows
from tests.runner.calibration.material import lines
from trueup.runner.calibration import surface
from trueup.runner.goodhart.kind import GoodhartSpec
from trueup.runner.kinds import LISTS, CalibrateSpec

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def _no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface, "MOST", 10)


@pytest.fixture
def runner(week: Path) -> Path:
    """Stand beside a runner whose labels are in two files, one of them with a comma."""
    said = list(answers(log(30)))
    write_rows(week / "a.jsonl", said[:60])
    write_rows(week / "b,c.jsonl", said[60:])
    path = week / "runners" / "weekly.yaml"
    path.write_text(RUNNER, "utf-8")
    return path


def test_every_key_that_may_hold_several_values_can_be_set_to_several() -> None:
    several = {name for spec in (CalibrateSpec, GoodhartSpec)
               for name, field in spec.model_fields.items()
               if "list" in str(field.annotation)}  # fmt: skip

    assert sorted(several) == sorted(LISTS)


@pytest.mark.parametrize(
    "changes",
    [
        ("labels=a.jsonl", 'labels=["b,c.jsonl"]'),
        ('labels=[a.jsonl, "b,c.jsonl"]',),
        ("labels=", "labels=[a.jsonl]", "labels= ['b,c.jsonl' ]"),
    ],
)
def test_a_list_is_set_by_repeating_its_key_or_in_brackets(
    trueup: Command, runner: Path, changes: tuple[str, ...]
) -> None:
    done = trueup("run", runner.stem, "--json", *(f for c in changes for f in ("--set", c)))

    assert (done.status, done.json["labels"]["n_new"]) == (0, 120)


def test_one_value_of_a_list_is_a_list(trueup: Command, runner: Path) -> None:
    changes = ("accepted=2026-W35", "criteria=padded", "report=out/once.json", "bars=")
    done = trueup("run", runner.stem, "--json", *(f for c in changes for f in ("--set", c)))

    assert done.status == 0
    assert [one["id"] for one in done.json["criteria"]] == ["padded"]
    assert (runner.parents[1] / "out" / "once.json").is_file()
    assert not (runner.parents[1] / "out" / "report.json").exists()


def test_what_is_set_takes_the_place_of_the_file_s_list(trueup: Command, runner: Path) -> None:
    runner.write_text(f"{RUNNER}accepted: [2026-W01]\n", "utf-8")
    done = trueup("run", runner.stem, "--set", "accepted=2026-W98")

    assert "'2026-W98' is no ISO week" in done.err
    assert trueup("run", runner.stem, "--set", "accepted=[]").status == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["labels=a.jsonl,b.jsonl"], "'a.jsonl,b.jsonl' is one text with a comma."),
        (["labels=a,b"], "Write --set 'labels=[a, b]', or give --set labels=... once for each"),
        (["accepted=2026-W34,2026-W35"], "'accepted=[a, b]'"),
        (["labels=[a.jsonl"], "--set labels"),
        (["labels=[a.jsonl, [b]]"], "is no list of texts"),
        (["labels=[a.jsonl, {b: c}]"], "is no list of texts"),
        (["labels=[a.jsonl,,]"], "--set labels"),
        (["sample=20", "sample=30"], "sample is given 2 times, and takes one value. Leave one;"),
        (["week=2026-W01", "week="], "lists are labels, report, criteria, accepted"),
        (["bars.tpr=0.5", "bars.tpr=0.6"], "bars.tpr is given 2 times"),
        (["split=train"], "--set split"),
        (["record=perhaps"], "--set record"),
        (["sample"], "--set wants KEY=VALUE, not 'sample'"),
        (["lables=[a, b]"], "Did you mean 'labels'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_2_with_how_to_say_it(
    trueup: Command, runner: Path, changes: list[str], said: str
) -> None:
    done = trueup("run", runner.stem, *(f for c in changes for f in ("--set", c)))

    assert done.status == 2
    assert said in " ".join(done.err.split())


def test_a_runner_measures_a_split(trueup: Command, runner: Path) -> None:
    runner.write_text(RUNNER.replace("label_design: random\n", "split: dev\n"), "utf-8")
    done = trueup("run", runner.stem, "--json")

    assert (done.json["sitting"], done.json["labels"]["split"]) == (f"{WEEK} dev", "dev")
    again = trueup("run", runner.stem, "--json", "--set", "split=test")
    assert again.json["labels"]["split"] == "test"
    assert lines(runner.parents[1] / "kept" / "ledger.jsonl") == []


@pytest.mark.parametrize("place", ["the file", "--set"])
def test_a_runner_tries_a_judge_out(trueup: Command, runner: Path, place: str) -> None:
    if place == "the file":
        runner.write_text(f"{RUNNER}record: false\n", "utf-8")
    done = trueup("run", runner.stem, *(["--set", "record=false"] if place == "--set" else []))
    found = json.loads((runner.parents[1] / "out" / "report.json").read_text("utf-8"))

    assert done.status == 0
    assert lines(runner.parents[1] / "kept" / "ledger.jsonl") == []
    assert (found["next"], found["labels"]["notes"][0][:20]) == ([], "Nothing was recorded")
