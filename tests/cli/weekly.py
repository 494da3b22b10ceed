"""A week of replies, what two people say of them, a judge that is right, and a runner."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

WEEK = "2026-W40"
JUDGE = """\
from trueup import Rules

judge = Rules("honest", version="1")


@judge.rule("step")
def step(item):
    print("a judge that talks")
    return "Save" in item.output


@judge.rule("padded")
def padded(item):
    return "again and again" in item.output
"""
RUNNER = """\
kind: calibrate
about: Compares the judge with people.
items: log.jsonl
rubric: reply
judge: honest
labels: labels.jsonl
label_design: random
anchors: anchors.jsonl
ledger: kept/ledger.jsonl
report: [out/report.html, out/report.json]
sample: 30
label_next: {items: 4, people: 1}
bars: {tpr: 0.5}
"""
CALIBRATE = ("calibrate", "log.jsonl", "-r", "reply", "-j", "honest")
LABELS = ("--labels", "labels.jsonl", "--label-design", "random")


def write_rows(path: Path, lines: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def log(count: int) -> list[dict[str, Any]]:
    words = ("Press Save.", "It is somewhere.", "Press Save, again and again.")
    return [
        {"id": f"w40-{n}", "input": f"Question {n}?", "output": f"Reply {n}: {words[n % 3]}",
         "timestamp": f"2026-09-30T{n // 60:02}:{n % 60:02}:00Z"}
        for n in range(count)
    ]  # fmt: skip


def answers(rows: list[dict[str, Any]], *, wrong: int = 0) -> Iterator[dict[str, Any]]:
    """Yield what two people say of each: the truth, but of the first so many."""
    for n, row in enumerate(rows):
        truth = {"step": "Save" in row["output"], "padded": "again" in row["output"]}
        for criterion, met in truth.items():
            for who in "ab":
                value = "met" if met != (n < wrong) else "unmet"
                yield {"item_id": row["id"], "criterion": criterion, "annotator": who,
                       "value": value}  # fmt: skip


def write_week(here: Path) -> None:
    """Write a log of forty items, labels of thirty, anchors, and a judge that is right."""
    (here / "judges" / "honest.py").write_text(JUDGE, "utf-8")
    rows = log(40)
    write_rows(here / "log.jsonl", rows)
    write_rows(here / "labels.jsonl", list(answers(rows[:30])))
    frozen = [{"id": f"a{n}", "output": f"Frozen {n}: Press Save.", "labels": {"step": "met"}}
              for n in range(5)]  # fmt: skip
    write_rows(here / "anchors.jsonl", frozen)
    for folder in ("out", "kept"):
        (here / folder).mkdir()
