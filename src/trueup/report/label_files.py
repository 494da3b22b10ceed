"""What became of labels: taken in, written out, or given in a session; for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from trueup.report.console import indented, table
from trueup.report.label_pages import flip_lines
from trueup.report.safe import one_line
from trueup.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import RenderableType

    from trueup.runner.labelling.exports import Exported
    from trueup.runner.labelling.imports import Imported
    from trueup.runner.labelling.work import Worked

_MOST_PEOPLE = 8
_PARTS = ("train", "dev", "test", "fresh")


def render_import(found: Imported) -> Iterator[RenderableType]:
    """Yield what an import did, and what is doubtful about it."""
    name = one_line(found.source, 60)
    yield Text(f"{name} ({found.source_format}): {counted(found.n, 'label')}", style="bold")
    people = ", ".join(one_line(who, 30) for who in found.annotators[:_MOST_PEOPLE])
    if len(found.annotators) > _MOST_PEOPLE:
        people += f" and {len(found.annotators) - _MOST_PEOPLE:,} more"
    people = people or "people without a name"
    yield f"{found.new:,} new, {found.known:,} known already; by {people}"
    yield f"parts: {_parts(found.parts)}"
    yield table(
        ({"criterion": name, "labels": f"{n:,}"} for name, n in found.by_criterion.items()),
        right=["labels"],
    )
    for why, count in found.passed_over.items():
        yield Text(f"passed over {count:,}: {one_line(why, 200)}", style="dim")
    yield from _notes(found.notes)


def render_export(found: Exported) -> Iterator[RenderableType]:
    """Yield what an export wrote."""
    what = counted(found.n, "label")
    if found.items:
        what += f" and {counted(found.items, 'item')}"
    yield f"{what} in {one_line(found.path, 200)} ({found.form})"
    if found.parts:
        yield f"parts: {_parts(found.parts)}"
    yield from _notes(found.notes)


def render_session(found: Worked, *, interrupted: bool = False) -> Iterator[RenderableType]:
    """Yield what came of a session, and what changed with a question's wording."""
    start = "Interrupted. " if interrupted else ""
    yield start + kept(found)
    for line in flip_lines(found.reworded):
        yield indented(Text(f"{line}."), by=0, style="yellow")


def kept(found: Worked) -> str:
    """Return what is kept and what is left, in words."""
    answers = counted(found.answered, "new answer")
    if not found.open:
        return f"{answers} kept; nothing is left for {one_line(found.annotator, 30)}."
    left = f"{counted(found.open, 'question')} left"
    if found.deferred:
        left += f", {found.deferred:,} of them deferred"
    return f"{answers} kept; {left}. The same command goes on."


def _parts(parts: Mapping[str, int]) -> str:
    named = {"fresh": "in none"}
    return ", ".join(f"{parts[p]:,} {named.get(p, p)}" for p in _PARTS if parts.get(p))


def _notes(notes: Iterable[str]) -> Iterator[RenderableType]:
    for note in notes:
        yield Text(one_line(note, 500), style="yellow")
