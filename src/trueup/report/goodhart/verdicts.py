"""The verdict look by look, on the time axis of the picture: a sign in every period it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.goodhart import words
from trueup.report.page.svg import tag
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from trueup.goodhart.look import Look
    from trueup.report.goodhart.frame import Frame
    from trueup.report.goodhart.picture import Picture
    from trueup.report.page.axis import Axis

ROOM = 28.0
"""Height that the row takes below the names of periods."""
_LEAST = 8.5
"""Narrower than this, a period has no room for a sign."""
_WIDEST = 22.0
_HIGH = 18.0

Placed = tuple[tuple[int, "Look"], ...]
"""Looks with the row of the picture that they are of."""


def placed(picture: Picture, looks: Sequence[Look]) -> Placed:
    """Return the looks with their place in a picture; none where one of them has no place in it."""
    if picture.kind == "releases":
        rows: dict[object, int] = {label: at for at, label in enumerate(picture.labels)}
        found = [rows.get(look.called) for look in looks]
    else:
        rows = {start: at for at, start in enumerate(picture.starts) if start is not None}
        found = [rows.get(look.start) for look in looks]
    known = [(at, look) for at, look in zip(found, looks, strict=True) if at is not None]
    one_each = len({at for at, _ in known}) == len(looks)
    return tuple(known) if one_each else ()


def fits(frame: Frame, count: int) -> bool:
    """Tell whether so many periods leave each of them room for a sign."""
    return (frame.edge - frame.left) / max(count, 1) >= _LEAST


def told(look: Look) -> str:
    """Return a look in a line, as it is said where it is hovered over."""
    kind = words.KINDS[look.verdict]
    line = f"{one_line(look.called, 12)}: {kind.word}{', backfire' if look.backfire else ''}"
    value, ends = words.phi_words(look)
    if value != words.NONE:
        line += f"; users got {value} ({ends}) of what was due"
    return line


def row(frame: Frame, x: Axis, looks: Placed) -> Markup:
    """Return the verdicts as a row below the names of periods."""
    top = frame.floor + 38
    size = min((x.end - x.start) / (x.high - x.low) - 1, _WIDEST)
    parts = [tag("text", "verdict", class_="dim", x=frame.left - 6, y=top + 13, text_anchor="end")]
    for at, look in looks:
        parts.append(
            tag(
                "g",
                tag("title", one_line(told(look), 160)),
                tag(
                    "rect", x=x(at) - size / 2, y=top, width=size, height=_HIGH, rx=min(size / 5, 4)
                ),
                tag(
                    "text",
                    words.KINDS[look.verdict].sign,
                    x=x(at),
                    y=top + 13,
                    text_anchor="middle",
                ),
                class_=f"cell v-{look.verdict}",
            )
        )
    return tag("g", *parts)
