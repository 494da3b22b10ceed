"""The console: what is printed on it is text, whatever is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from trueup.report.safe import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from rich.console import ConsoleOptions, RenderableType
    from rich.segment import Segment


class PlainConsole(Console):
    """Prints text as it is: no markup, no highlighting, and no control character gets through.

    Args:
        err: Whether to print to stderr.
    """

    def __init__(self, *, err: bool = False) -> None:
        super().__init__(stderr=err, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of what is printed, with control characters written out."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


def table(rows: Iterable[Mapping[str, RenderableType]], *, right: Collection[str] = ()) -> Table:
    """Return rows as a table; the keys of the first are its columns.

    Args:
        rows: One mapping a row, all with the same keys.
        right: The columns that hold numbers.
    """
    made = Table(box=None, pad_edge=False, header_style="dim")
    for at, row in enumerate(rows):
        if not at:
            for name in row:
                made.add_column(name, justify="right" if name in right else "left")
        made.add_row(*row.values())
    return made


def indented(text: RenderableType, *, by: int = 4, style: str = "") -> Table:
    """Return prose that is wrapped between words, with all its lines indented."""
    block = Table.grid(padding=(0, 0, 0, by), pad_edge=True)
    block.add_row(text, style=style)
    return block
