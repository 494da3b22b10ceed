"""Part: a weekly calibration of 100,000 items and 2,000 labels, from the log to the report.

python -m benchmarks.calibration [--items 100000]

One process does what `trueup calibrate` does in a week: reads a log, judges all of it by rules
that cost next to nothing, imports labels, compares, watches 21 weeks of a ledger and writes the
report as HTML, Markdown, JSON and JUnit. A second process is the week after, whose run catches up
with the labels that people have given to what the first one drew.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.clients.work import peak_mb
from benchmarks.meter import Goal, run, say, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LABELLED = 500
"""Items that two people label on two criteria: 2,000 labels."""
_ANCHORS = 60
_EARLIER = 20
"""Weeks that are in the ledger already."""
_WEEKS = ("2026-W45", "2026-W46")
_RIGHT = 0.9
"""How often a label is what the rule says."""
_PEOPLE = ("p1", "p2")
_REPORTS = ("report.html", "report.md", "report.json", "report.xml")
_RUBRIC = """\
name: refund
task: The assistant explains a refund.
criteria:
  - {id: steps, ask: Does the reply name each step?, weight: 2}
  - {id: padded, ask: Does the reply say one thing twice?, weight: -1}
  - id: tone
    ask: How fitting is the register?
    scale: {1: curt, 2: fine, 3: right}
  - {id: said, check: {not_empty: true}, gate: true}
"""
_JUDGE = """\
from trueup import Rules

judge = Rules("bench", version="1")


@judge.rule("steps")
def steps(item):
    return "press Save" in item.output, "It names the button."


@judge.rule("padded")
def padded(item):
    return item.output.count("refund") > 2


@judge.rule("tone")
def tone(item):
    return str(1 + item.output.count("please"))
"""


def measure(items: int = 100_000) -> list[Goal]:
    """Measure both weeks, print what they cost and return the goals."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"{items:,} items a week, {_LABELLED * 4:,} labels, {_EARLIER} weeks before them")
        prepare(Path(folder), items)
        found = [run(["-m", "benchmarks.calibration", folder, week]) for week in _WEEKS]
    rows: list[Sequence[object]] = [["week", "s", "CPU s", "peak MB", "labels", "entries"]]
    for week, ended in zip(_WEEKS, found, strict=True):
        said = ended.said
        rows.append([week, f"{said['seconds']:.1f}", f"{ended.cpu:.1f}", f"{said['peak_mb']:.0f}",
                     said["labels"], said["entries"]])  # fmt: skip
    for line in table(rows):
        print(line)
    return [
        Goal("a week's calibration, end to end", found[0].said["seconds"], 60, " s"),
        Goal("the week after, with catching up", found[1].said["seconds"], 60, " s"),
        Goal("peak memory", max(ended.said["peak_mb"] for ended in found), 1000, " MB"),
    ]


def prepare(folder: Path, items: int) -> None:
    """Write a workspace with logs of two weeks, labels, anchors and a ledger; all simulated."""
    for name, file, text in (("rubrics", "refund.yaml", _RUBRIC), ("judges", "bench.py", _JUDGE)):
        (folder / name).mkdir()
        (folder / name / file).write_text(text, "utf-8")
    for week in _WEEKS:
        _write(folder / f"{week}.jsonl", _log(week, items))
    labelled = random.Random(1).sample(range(items), min(_LABELLED, items))  # noqa: S311 - simulated
    _write(folder / "labels.jsonl", labels(f"{_WEEKS[0]}-{n}" for n in labelled))
    log = _log("anchor", _ANCHORS)
    known = {"labels": {"steps": "met", "padded": "unmet", "tone": "2"}}
    _write(folder / "anchors.jsonl", ({**item, **known, "timestamp": None} for item in log))
    _write(folder / "ledger.jsonl", _ledger(folder))


def labels(ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield two people's labels of these items, drawn from the ids alone."""
    for item in ids:
        for criterion, who in ((c, p) for c in ("steps", "padded") for p in _PEOPLE):
            draw = random.Random(f"{item}/{criterion}/{who}")  # noqa: S311 - simulated
            met = (_kind(item) % 2 == 0) == (draw.random() < _RIGHT)
            yield {"item_id": item, "criterion": criterion, "annotator": who,
                   "value": "met" if met else "unmet"}  # fmt: skip


def calibrate(folder: Path, week: str) -> None:
    """Run a week's calibration as the command does, and say what it cost."""
    from trueup.cli.main import run as trueup  # noqa: PLC0415 - its start is part of the time

    os.chdir(folder)
    started = time.perf_counter()
    first = week == _WEEKS[0]
    given = "labels.jsonl" if first else "late.jsonl"
    reports = [word for name in _REPORTS for word in ("--report", name)]
    with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing):
        status = trueup(["calibrate", f"{week}.jsonl", "-r", "refund", "-j", "bench", *reports,
                         "--labels", given, *(["--label-design", "random"] * first),
                         "--anchors", "anchors.jsonl", "--ledger", "ledger.jsonl",
                         "--label-next", "500", "--week", week])  # fmt: skip
    seconds = time.perf_counter() - started
    found = json.loads((folder / "report.json").read_text("utf-8"))
    if status not in {0, 1, 3}:
        sys.exit(f"trueup calibrate ended with {status}")
    if first:
        _write(folder / "late.jsonl", labels(one["item_id"] for one in found["next"]))
    entries = len((folder / "ledger.jsonl").read_text("utf-8").splitlines())
    say(seconds=seconds, peak_mb=peak_mb(), labels=found["labels"]["n_new"], entries=entries)


def _log(week: str, count: int) -> Iterator[dict[str, Any]]:
    """Yield a week's outputs of users with two each, in four segments."""
    year, number = (2026, 1) if week == "anchor" else map(int, week.split("-W"))
    start = datetime.fromisocalendar(year, number, 1).replace(tzinfo=UTC)
    for n in range(count):
        name = f"{week}-{n}"
        kind = _kind(name)
        said = "Open the order and press Save." if kind % 2 == 0 else "Open the order."
        text = f"For order {n * 7919 % 100_003}: {said} The refund takes {n % 9 + 2} days. "
        yield {
            "id": name,
            "input": f"How is order {n * 7919 % 100_003} refunded?",
            "output": text + "The refund is sent. " * (kind % 3) + "please " * (kind % 3),
            "timestamp": (start + timedelta(seconds=6 * n)).isoformat(),
            "group": f"{week}-user-{n // 2}",
            "segment": f"segment-{kind % 4 + 1}",
        }


def _kind(name: str) -> int:
    return random.Random(name).randrange(12)  # noqa: S311 - simulated


def _ledger(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield 20 weeks in which nothing moved, of the very judge that is measured."""
    # imported here, so that the measured process imports what a command does and nothing else
    from trueup.api import load_judge, load_rubric  # noqa: PLC0415 - see above
    from trueup.runner.calibration.history import entry  # noqa: PLC0415 - see above
    from trueup.runner.triage import Triage  # noqa: PLC0415 - see above
    from trueup.testing.weeks import Truth, simulate_weeks  # noqa: PLC0415 - see above

    rubric = load_rubric(folder / "rubrics" / "refund.yaml")
    triage = Triage(rubric, load_judge(folder / "judges" / "bench.py"))
    asked = [one for one in triage.columns if one.criterion.check is None]
    truth = Truth(weeks=_EARLIER, criteria=len(asked), mix=(0.25,) * 4, anchors=_ANCHORS)
    told = simulate_weeks(truth, seed=1).values()
    for column, weeks in zip(asked, told, strict=True):
        criterion, key = column.criterion, column.key.hex()[:16]
        for number, week in enumerate(weeks, int(_WEEKS[0][-2:]) - _EARLIER):
            named = replace(week, week=f"2026-W{number}", question=criterion.question,
                            instrument=key, observed=frozenset())  # fmt: skip
            yield entry(named, criterion=criterion.id, judge="bench", n_labels=40, figures={})


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, default=100_000, help="items of each week")
    for goal in measure(parser.parse_args().items):
        print(goal)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [folder, week] if not folder.startswith("-"):  # a measured process
            calibrate(Path(folder), week)
        case _:
            _main()
