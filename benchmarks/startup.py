"""Part 2: what it costs to start: the command's help, and the import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.meter import Goal, median, run, table

if TYPE_CHECKING:
    from collections.abc import Sequence

_TIMES = 7
_COMMANDS = {
    "bare python": ["-c", "pass"],
    "import trueup": ["-c", "import trueup"],
    "import typer, rich": ["-c", "import typer, rich"],
    "trueup --help": ["-c", "from trueup.cli.main import main; main()", "--help"],
}


def measure() -> list[Goal]:
    """Measure every start in turns, print the medians and return the goals."""
    for arguments in _COMMANDS.values():
        run(arguments)  # compiles its bytecode
    found: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for _ in range(_TIMES):
        for name, arguments in _COMMANDS.items():
            found[name].append(run(arguments).cpu)
    cpu = {name: median(values) for name, values in found.items()}
    bare = cpu["bare python"]
    rows: list[Sequence[object]] = [["start", "CPU s", "over bare python"]]
    rows += [[name, f"{value:.3f}", f"{value - bare:.3f}"] for name, value in cpu.items()]
    for line in table(rows):
        print(line)
    return [
        Goal("CPU of trueup --help", cpu["trueup --help"], 0.3, " s"),
        Goal("CPU of import trueup over bare python", cpu["import trueup"] - bare, 0.05, " s"),
    ]
