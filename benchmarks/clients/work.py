"""What all clients share: the work they are given, and the section of it that is measured.

Only the standard library is used here, because each peer has an environment of its own.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

T = TypeVar("T")
WARM = 64
QUOTE = "only then adding the tax for the delivery region"
CRITERION = "Does the reply explain in which order the steps of the refund are taken?"
_FILL = (
    "The total is the sum of the lines, less the discount that is taken once an order, "
    f"{QUOTE}; a refund undoes the same three steps from the last to the first. "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a client is asked to do."""

    url: str
    folder: Path
    """Where the judge, the rubric, the requests and the store are."""
    judge: str
    count: int
    in_flight: int

    @classmethod
    def given(cls) -> Work:
        """Return the work that the command line holds."""
        values = json.loads(sys.argv[1])
        return cls(**{**values, "folder": Path(values["folder"])})

    def bodies(self) -> list[dict[str, Any]]:
        """Return the requests that trueup sends for the same items, as far as there are any."""
        with (self.folder / "requests.jsonl").open() as lines:
            return [json.loads(line) for line in lines][: self.count]


def items(count: int) -> list[dict[str, str]]:
    """Return items that differ, of about a thousand characters."""
    return [
        {
            "id": f"case-{n}",
            "input": f"Case {n}: how is order {n * 7919 % 100_003} refunded after a discount?",
            "output": f"For order {n * 7919 % 100_003}: {_FILL * 4}",
        }
        for n in range(count)
    ]


async def drain(jobs: Sequence[T], ask: Callable[[T], Awaitable[object]], *, in_flight: int) -> int:
    """Ask about every job, so many at once, and return how many were answered with truth."""
    left = iter(jobs)

    async def worker() -> int:
        return sum([bool(await ask(job)) for job in left])

    return sum(await asyncio.gather(*(worker() for _ in range(in_flight))))


async def measure(
    work: Work, jobs: Sequence[T], ask_all: Callable[[Sequence[T]], Awaitable[Callable[[], int]]]
) -> None:
    """Measure asking about all jobs, after a warm-up with a few, and say what it cost.

    Args:
        work: What was asked for.
        jobs: One for each item.
        ask_all: Asks, and returns what counts the answers: counting is not measured.
    """
    await ask_all(jobs[:WARM])
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    count = await ask_all(jobs)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    answered = count()
    if answered != len(jobs) or len(jobs) != work.count:
        sys.exit(f"{answered} of {work.count} items were answered")
    result = {"cpu": cpu, "wall": wall, "count": len(jobs), "peak_mb": peak_mb()}
    print("RESULT " + json.dumps(result), flush=True)


def peak_mb() -> float:
    """Return the most memory that this process has held, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
