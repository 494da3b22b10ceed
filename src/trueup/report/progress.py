"""A run's progress on one line of the terminal: counts, cost, time left."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from trueup.report.words import counted, duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from trueup.runner.progress import Progress


@contextmanager
def progress_line(console: Console) -> Iterator[Callable[[Progress], None]]:
    """Show progress on a terminal, and nothing where output goes to a file."""
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("reading items", spinner="dots") as status:
        yield lambda progress: status.update(line(progress))


def line(progress: Progress) -> str:
    """Return progress in a line."""
    total = f" of {progress.total:,}" if progress.total is not None else ""
    parts = [f"{progress.items:,}{total} items"]
    fine = {"scored", "not_applicable"}
    failed = sum(count for name, count in progress.outcomes.items() if name not in fine)
    if failed:
        parts.append(f"{counted(failed, 'finding')} without a value")
    if progress.in_flight:
        parts.append(f"{counted(progress.in_flight, 'call')} in flight")
    if progress.usage.dollars:
        parts.append(f"${progress.usage.dollars:,.4f}")
    left = progress.seconds_left
    if left is not None:
        parts.append(f"about {duration(left)} left")
    return ", ".join(parts)
