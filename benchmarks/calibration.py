"""Part: a weekly calibration of 100,000 items and 2,000 labels, from the log to the report.

python -m benchmarks.calibration [--items 100000] [--profile]

A process does what `trueup calibrate` does in a week: reads a log, judges all of it by rules that
cost next to nothing, imports labels, compares, watches 20 earlier weeks of a ledger and writes the
report as HTML, Markdown, JSON and JUnit. A second process is the week after in the same store,
which catches up with the labels that people have given to what the first one drew; a third is that
week once more, with the labels of what it drew itself, and must judge nothing again.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import json
import os
import pstats
import random
import sqlite3
import sys
import tempfile
import time
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.clients.work import peak_mb
from benchmarks.meter import MARK, Goal, run, say, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LABELLED = 250
"""Items that two of three people label on four criteria: 2,000 labels."""
_ANCHORS = 60
_EARLIER = 20
"""Weeks that are in the ledger already."""
_WEEKS = ("2026-W45", "2026-W46")
_RUNS = {"first": _WEEKS[0], "after": _WEEKS[1], "again": _WEEKS[1]}
_SAID = {"first": "a week", "after": "the week after", "again": "that week again, with labels"}
_RIGHT = 0.9
"""How often a label is what the rule says."""
_PEOPLE = ("p1", "p2", "p3")
_ASKED = ("steps", "padded", "term", "tone")
_TOP = 15
"""Functions that a profile lists."""
_REPORTS = ("report.html", "report.md", "report.json", "report.xml")
_RUBRIC = """\
name: refund
task: The assistant explains a refund.
criteria:
  - {id: steps, ask: Does the reply name each step?, weight: 2}
  - {id: padded, ask: Does the reply say one thing twice?, weight: -1}
  - {id: term, ask: Does the reply say how long the refund takes?}
  - id: tone
    ask: How fitting is the register?
    scale: {1: curt, 2: fine, 3: right}
"""
_JUDGE = """\
from trueup import Rules

judge = Rules("bench", version="1")


@judge.rule("steps")
def steps(item):
    return "press Save" in item.output, "It names the button."


@judge.rule("padded")
def padded(item):
    return item.output.count("The refund is sent.") > 1, "It says so twice."


@judge.rule("term")
def term(item):
    return "days" in item.output


@judge.rule("tone")
def tone(item):
    return str(1 + item.output.count("please"))
"""
_SENTENCES = (
    "You will find the order under Purchases, in the list on the left.",
    "Should the button be grey, the seller has not yet confirmed that the parcel came back.",
    "A parcel without its label can still be handed in at the counter, with the order's number.",
    "We write to the address in your account as soon as anything changes.",
    "Orders that were paid by invoice are settled with the next one.",
    "If part of the order was a gift, only the person who paid can ask for the money.",
    "The costs of sending it back are ours when the article was damaged or not the one you chose.",
    "Vouchers are given back as vouchers and keep their old date of expiry.",
    "Your bank may show the amount a little later than we do.",
    "For articles that were opened, such as headphones, other rules hold for reasons of hygiene.",
    "You can follow each step in the app, where a green tick stands beside what is done.",
    "Please keep the receipt of the post office until the money has arrived.",
)


def measure(items: int = 100_000, *, profile: bool = False) -> list[Goal]:
    """Measure the three runs, print what they cost and return the goals."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"{items:,} items a week, {_LABELLED * 8:,} labels, {_EARLIER} weeks before them")
        prepare(Path(folder), items)
        log = (Path(folder) / f"{_WEEKS[0]}.jsonl").stat().st_size / 1e6
        more = ["profile"] * profile
        found = {one: run(["-m", "benchmarks.calibration", folder, one, *more]) for one in _RUNS}
    rows: list[Sequence[object]] = [
        ["run", "wall s", "CPU s", "peak MB", "new labels", "verdicts kept", "entries"]
    ]
    for name, ended in found.items():
        said = ended.said
        rows.append([_SAID[name], f"{said['seconds']:.1f}", f"{ended.cpu:.1f}",
                     f"{said['peak_mb']:.0f}", f"{said['labels']:,}", f"{said['verdicts']:,}",
                     said["entries"]])  # fmt: skip
    for line in table(rows):
        print(line)
    print(f"a log of {log:.0f} MB")
    for name, ended in found.items():
        if profile:
            print(f"\n{_SAID[name]}\n{ended.said['profile']}")
    if profile:
        return []  # the profiler's own time is in them
    return [
        Goal("a week's calibration, end to end", found["first"].said["seconds"], 60, " s"),
        Goal("the week after, with catching up", found["after"].said["seconds"], 60, " s"),
        Goal("that week again, with labels", found["again"].said["seconds"], 60, " s"),
        Goal("verdicts that it judged again", found["again"].said["verdicts"], 0),
        Goal("peak memory", max(ended.said["peak_mb"] for ended in found.values()), 1000, " MB"),
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
    known = {"labels": {"steps": "met", "padded": "unmet", "term": "met", "tone": "2"}}
    _write(folder / "anchors.jsonl", ({**item, **known, "timestamp": None} for item in log))
    _write(folder / "ledger.jsonl", _ledger(folder))


def labels(ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the labels that two of three people give these items, drawn from the ids alone."""
    for item in ids:
        draw = random.Random(f"labels of {item}")  # noqa: S311 - simulated
        for who in draw.sample(_PEOPLE, 2):
            for criterion in _ASKED:
                right = draw.random() < _RIGHT
                met = "met" if (_kind(item) % 2 == 0) == right else "unmet"
                level = str(1 + (_kind(item) + (not right)) % 3)
                value = level if criterion == "tone" else met
                yield {"item_id": item, "criterion": criterion, "annotator": who, "value": value}


def calibrate(folder: Path, name: str) -> None:
    """Do one run as the command does it, and say what it cost."""
    from trueup.cli.main import run as trueup  # noqa: PLC0415 - its start is part of the time

    os.chdir(folder)
    week = _RUNS[name]
    reports = [word for file in _REPORTS for word in ("--report", file)]
    before = _verdicts()
    started = time.perf_counter()
    with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing):
        status = trueup(["calibrate", f"{week}.jsonl", "-r", "refund", "-j", "bench", *reports,
                         "--labels", "labels.jsonl", "--anchors", "anchors.jsonl",
                         "--ledger", "ledger.jsonl", "--label-next", str(_LABELLED),
                         "--week", week,
                         *(["--label-design", "random"] * (name == "first"))])  # fmt: skip
    seconds = time.perf_counter() - started
    if status not in {0, 1, 3}:
        sys.exit(f"trueup calibrate ended with {status}")
    found = json.loads((folder / "report.json").read_text("utf-8"))
    # what people do until the next run
    _write(folder / "labels.jsonl", labels(one["item_id"] for one in found["next"]))
    entries = len((folder / "ledger.jsonl").read_text("utf-8").splitlines())
    say(seconds=seconds, peak_mb=peak_mb(), labels=found["labels"]["n_new"], entries=entries,
        verdicts=_verdicts() - before, profile="")  # fmt: skip


def profiled(folder: Path, name: str) -> None:
    """Do one run under the profiler, and say where the time went."""
    profile, said = cProfile.Profile(), io.StringIO()
    with redirect_stdout(said):
        profile.runcall(calibrate, folder, name)
    told = io.StringIO()
    pstats.Stats(profile, stream=told).strip_dirs().sort_stats("tottime").print_stats(_TOP)
    pstats.Stats(profile, stream=told).strip_dirs().sort_stats("cumtime").print_stats(4 * _TOP)
    values = json.loads(said.getvalue().removeprefix(MARK))
    say(**{**values, "profile": told.getvalue()})


def _verdicts() -> int:
    """Return how many verdicts the store holds."""
    file = Path(".trueup/trueup.db")
    if not file.exists():
        return 0
    with sqlite3.connect(file) as connection:
        return int(connection.execute("select count(*) from verdict").fetchone()[0])


def _log(week: str, count: int) -> Iterator[dict[str, Any]]:
    """Yield a week's outputs of users with two each, in four segments."""
    year, number = (2026, 1) if week == "anchor" else map(int, week.split("-W"))
    start = datetime.fromisocalendar(year, number, 1).replace(tzinfo=UTC)
    for n in range(count):
        name = f"{week}-{n}"
        kind, order = _kind(name), n * 7919 % 100_003
        more = [_SENTENCES[(order + 5 * i) % len(_SENTENCES)] for i in range(4 + order % 9)]
        said = [
            f"Open order {order} and press Save." if kind % 2 == 0 else f"Open order {order}.",
            f"The refund takes {n % 9 + 2} days." if kind % 4 else "The refund takes a while.",
            *more,
            *["The refund is sent."] * (kind % 3),
            "Write to us again if need be, " + "please " * (kind % 3) + "at any time.",
        ]
        yield {
            "id": name,
            "input": f"I sent back what I ordered. {more[0]} How is order {order} refunded?",
            "output": " ".join(said),
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
            yield entry(named, criterion=criterion.id, judge="bench", n_labels=40)


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, default=100_000, help="items of each week")
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    options = parser.parse_args()
    for goal in measure(options.items, profile=options.profile):
        print(goal)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [folder, name] if name in _RUNS:  # a measured process
            calibrate(Path(folder), name)
        case [folder, name, "profile"]:
            profiled(Path(folder), name)
        case _:
            _main()
