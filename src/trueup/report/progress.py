"""A run's progress on one line of the terminal: counts, cost, time left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.words import counted, duration

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

    from trueup.runner.progress import Progress


class ProgressLine:
    """Shows progress on a terminal, and nothing where output goes to a file.

    Args:
        console: Where to show it.
    """

    def __init__(self, console: Console) -> None:
        self._status = (
            console.status("reading items", spinner="dots") if console.is_terminal else None
        )

    def __enter__(self) -> ProgressLine:  # noqa: PYI034 - this very class
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def __call__(self, progress: Progress) -> None:
        """Show the progress."""
        if self._status is not None:
            self._status.update(line(progress))


def line(progress: Progress) -> str:
    """Return progress in a line."""
    total = f" of {progress.total:,}" if progress.total is not None else ""
    parts = [f"{progress.items:,}{total} items"]
    failed = sum(
        count
        for name, count in progress.outcomes.items()
        if name not in {"scored", "not_applicable"}
    )
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
