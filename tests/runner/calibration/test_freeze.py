"""Freezing anchors: what people agree on, of both kinds, once and for all."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import trueup
from trueup.errors import DataError, TooFewLabels
from trueup.label.model import Label
from trueup.rubric.load import parse_rubric
from trueup.runner.calibration.anchors import read_anchors
from trueup.runner.calibration.freeze import freeze_anchors
from trueup.store.labels import add_labels
from trueup.store.store import Store
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUBRIC = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: kind, ask: Is it kind?}\n")
QUESTION = RUBRIC.by_id["kind"].question


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open() as opened:
        items = [{"id": f"i{n}", "input": "x", "output": f"reply {n}"} for n in range(12)]
        trueup.score(items, rubric=RUBRIC, judge=ScriptedJudge(), store=opened)
        yield opened


def say(store: Store, number: int, value: str, who: str = "ana", **more: object) -> None:
    label = Label(item_id=f"i{number}", criterion="kind", value=value, annotator=who,
                  question=QUESTION)  # fmt: skip
    add_labels(store, [replace(label, **more)], source="a test")  # type: ignore[arg-type]


def frozen(path: Path) -> dict[str, str]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {row["id"]: row["labels"]["kind"] for row in rows}


def test_both_kinds_are_frozen_though_one_is_rare(store: Store, tmp_path: Path) -> None:
    for number in range(10):
        say(store, number, "unmet" if number >= 8 else "met")

    assert freeze_anchors(store, RUBRIC, tmp_path / "a.jsonl", n=4) == 4

    assert sorted(frozen(tmp_path / "a.jsonl").values()) == ["met", "met", "unmet", "unmet"]
    anchors = read_anchors(tmp_path / "a.jsonl", RUBRIC)
    assert {item.purpose for item in anchors.items} == {"probe"}
    assert anchors.trusted["kind"] == frozen(tmp_path / "a.jsonl")


def test_items_that_several_people_agree_on_come_first(store: Store, tmp_path: Path) -> None:
    for number in range(6):
        say(store, number, "met")
    say(store, 4, "met", "ben")
    say(store, 5, "unmet", "ben")

    freeze_anchors(store, RUBRIC, tmp_path / "a.jsonl", n=1)

    assert frozen(tmp_path / "a.jsonl") == {"i4": "met"}
    freeze_anchors(store, RUBRIC, tmp_path / "all.jsonl", n=60)
    assert "i5" not in frozen(tmp_path / "all.jsonl")


def test_what_is_closed_or_was_led_is_no_anchor(store: Store, tmp_path: Path) -> None:
    say(store, 0, "met", split="test")
    say(store, 1, "met", saw_judge=True)
    say(store, 2, "cannot_tell")

    with pytest.raises(TooFewLabels, match="no labelled item could be an anchor"):
        freeze_anchors(store, RUBRIC, tmp_path / "a.jsonl", n=4)

    assert not (tmp_path / "a.jsonl").exists()


def test_anchors_that_are_there_are_not_written_over(store: Store, tmp_path: Path) -> None:
    say(store, 0, "met")
    freeze_anchors(store, RUBRIC, tmp_path / "a.jsonl", n=4)
    before = (tmp_path / "a.jsonl").read_bytes()

    with pytest.raises(DataError, match="there are anchors in this file"):
        freeze_anchors(store, RUBRIC, tmp_path / "a.jsonl", n=4)

    assert (tmp_path / "a.jsonl").read_bytes() == before
