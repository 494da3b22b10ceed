"""Part 4: what reading an item and computing a score cost, over what both cannot do without."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.clients.work import items
from benchmarks.meter import median, run, say, table
from trueup.item.read import open_items
from trueup.rubric.load import parse_rubric
from trueup.rubric.scoring import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ITEMS = 20_000
_TIMES = 5
_RUBRIC = """
name: five
task: Answer the question.
criteria:
  - {id: a, ask: Is it right?, weight: 3, gate: true}
  - {id: b, ask: Is it whole?, weight: 2}
  - {id: c, ask: Is it short?}
  - {id: d, ask: Is it kind?}
  - {id: e, ask: Does it repeat itself?, weight: -1}
"""
_WEIGHTS = {"a": 3.0, "b": 2.0, "c": 1.0, "d": 1.0, "e": -1.0}


def measure() -> None:
    """Measure in a process of its own and print."""
    found = run(["-m", "benchmarks.reading"]).said
    rows: list[Sequence[object]] = [["step", "CPU us/item", "items a CPU second", "ratio"]]
    for name, ours, floor in (
        ("read JSON lines", "open_items", "json.loads"),
        ("score five criteria", "Tally.score", "weighted mean"),
    ):
        for which in (floor, ours):
            cost = found[which]
            ratio = f"{cost / found[floor]:.1f}"
            rows.append([f"{name}: {which}", f"{cost * 1e6:.2f}", f"{1 / cost:,.0f}", ratio])
    for line in table(rows):
        print(line)


def _main() -> None:
    tally = Tally(parse_rubric(_RUBRIC))
    values = [
        {name: float((n >> place) & 1) for place, name in enumerate(_WEIGHTS)}
        for n in range(_ITEMS)
    ]
    total = sum(weight for weight in _WEIGHTS.values() if weight > 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.jsonl"
        path.write_text("".join(f"{json.dumps(item)}\n" for item in items(_ITEMS)))

        def loads() -> None:
            with path.open("rb") as lines:
                for line in lines:
                    json.loads(line)

        def opened() -> None:
            for _ in open_items(path):
                pass

        def mean() -> None:
            for row in values:
                raw = sum(_WEIGHTS[name] * value for name, value in row.items()) / total
                min(max(raw, 0.0), 1.0)

        def scored() -> None:
            for row in values:
                tally.score(row)

        steps = {
            "json.loads": loads,
            "open_items": opened,
            "weighted mean": mean,
            "Tally.score": scored,
        }
        say(**{name: cost / _ITEMS for name, cost in _in_turns(steps).items()})


def _in_turns(steps: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Return the median CPU seconds of each step, run in turns after a warm-up."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    for time_ in range(_TIMES + 1):
        for name, step in steps.items():
            started = time.process_time()
            step()
            if time_:
                found[name].append(time.process_time() - started)
    return {name: median(values) for name, values in found.items()}


if __name__ == "__main__":
    _main()
