"""Meter: runs a process on one core and tells what it cost; medians, goals and tables."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
MARK = "RESULT "
"""Stands before the one line of JSON that a measured process says of itself."""

_QUIET = {
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_API_KEY": "none",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended well."""

    cpu: float
    """Seconds of CPU, user and system, of the whole process, as the kernel counted them."""
    said: Mapping[str, Any]
    """What it said of itself."""


def cores() -> tuple[int, int]:
    """Return the core of the measured processes and the one of what serves them."""
    if not hasattr(os, "sched_getaffinity"):
        return 0, 0
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def pin(pid: int, core: int) -> None:
    """Keep a process on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {core})


def environment(**more: str) -> dict[str, str]:
    """Return the environment of every measured process: it finds trueup and these modules."""
    paths = [str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **_QUIET, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **more}


def run(
    arguments: Sequence[str], *, python: str = sys.executable, cwd: Path | None = None
) -> Ended:
    """Run Python with these arguments on the measured core, to its end.

    Raises:
        RuntimeError: It ended badly; the message holds the end of what it wrote.
    """
    process = subprocess.Popen(
        [python, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment(),
    )
    pin(process.pid, cores()[0])
    said: dict[str, Any] = {}
    output, errors = _read(process)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    for line in output.splitlines():
        if line.startswith(MARK):
            said = json.loads(line.removeprefix(MARK))
    if process.returncode:
        raise RuntimeError(
            f"{' '.join(arguments)} ended with {process.returncode}: {errors[-2000:]}"
        )
    return Ended(used.ru_utime + used.ru_stime, said)


def _read(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Return all that a process writes, without reaping it: that is left to wait4."""
    parts: dict[str, str] = {}
    streams = {"out": process.stdout, "err": process.stderr}
    threads = [
        Thread(target=lambda n=name, s=stream: parts.update({n: s.read() if s else ""}))
        for name, stream in streams.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return parts["out"], parts["err"]


def say(**values: object) -> None:
    """Tell the measuring process what was found."""
    print(MARK + json.dumps(values), flush=True)


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(values)


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound that a figure should keep."""

    what: str
    figure: float
    bound: float
    unit: str = ""
    at_least: bool = field(default=False, kw_only=True)

    @property
    def met(self) -> bool:
        """Whether it is kept."""
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        verdict = "met" if self.met else "NOT MET"
        return f"{verdict:8}{self.what}: {self.figure:.3g}{self.unit} (goal {sign} {self.bound:g})"


def table(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a Markdown table; the first row is its head."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[n]) for row in texts) for n in range(len(texts[0]))]
    for number, row in enumerate(texts):
        cells = [
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"
