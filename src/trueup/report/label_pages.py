"""Whole pages of the labeller: its help, and its end with what flipped; as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.safe import one_line
from trueup.report.words import counted
from trueup.report.wrap import wrapped
from trueup.runner.labelling.flips import flips_in
from trueup.runner.labelling.task import level_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trueup.rubric.model import Criterion
    from trueup.runner.labelling.flips import Reworded
    from trueup.runner.labelling.session import Session

_SHOWN = 8
"""Flips that are named, for each criterion."""

_HELP = """\
1 2 ...  answer with a level   a  not applicable   c  cannot tell
d  defer: it comes back at the end     u  undo, as often as you like
n  note to this answer                 \u2190 \u2192  previous, next question
j k, \u2191 \u2193, space b  scroll             g G  top, end    o  the output
q  quit: everything is kept, and the same command goes on

An answer is kept the moment it is given. A later one takes its place.
"""


def help_lines(criterion: Criterion, width: int) -> Iterator[str]:
    """Yield what the keys do, and all of a question, its examples too."""
    yield from _HELP.splitlines()
    yield ""
    yield from wrapped(f"{criterion.id}: {criterion.ask}", width)
    if criterion.when:
        yield from wrapped(f"Asked where: {criterion.when}", width)
    texts = {level.key: level.text for level in criterion.levels}
    for key, level in level_keys(criterion).items():
        name = "" if key == level else f"  {level}"
        yield ""
        yield from wrapped(f"{key}{name}  {texts[level]}", width)
    for number, example in enumerate(criterion.examples, 1):
        yield ""
        yield from wrapped(f"example {number}: {example.answer}", width)
        parts = {"input": example.input, "context": example.context,
                 "output": example.output, "why": example.why}  # fmt: skip
        for name, text in parts.items():
            if text:
                yield from wrapped(f"  {name}: {' '.join(text.split())}", width)


def end_lines(session: Session, width: int) -> Iterator[str]:
    """Yield that everything is answered, and what flipped with new wordings."""
    at = session.progress
    yield ""
    yield from wrapped(
        f"All {counted(at.steps, 'question')} about {counted(at.items, 'item')} are answered, "
        "and every answer is kept.",
        width,
    )
    for line in flip_lines(flips_in(session)):
        yield ""
        yield from wrapped(line, width)


def flip_lines(found: Iterable[Reworded]) -> Iterator[str]:
    """Yield, for each criterion whose wording changed, how many answers did, and which."""
    for one in found:
        shown = [
            f"{one_line(flip.item_id, 40)} ({one_line(flip.before, 24)}, now "
            f"{one_line(flip.now, 24)})"
            for flip in one.flips[:_SHOWN]
        ]
        more = f", and {len(one.flips) - _SHOWN} more" if len(one.flips) > _SHOWN else ""
        what = f"{len(one.flips)} of {counted(one.n, 'label')} of {one_line(one.criterion, 40)}"
        yield f"{what} flipped with the new wording" + (
            f": {', '.join(shown)}{more}" if shown else ""
        )
