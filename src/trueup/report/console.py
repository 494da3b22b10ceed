"""The console: what is printed on it is text, whatever is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from trueup.report.safe import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def indented(text: RenderableType, *, by: int = 4) -> Table:
    """Return prose that is wrapped between words, with all its lines indented."""
    block = Table.grid(padding=0)
    if by:
        block.add_column(width=by)
    block.add_column()
    block.add_row(*([""] if by else []), text)
    return block
