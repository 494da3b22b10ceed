"""The picture that convinces: judge and users on one time axis, in the same unit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.report.goodhart import words
from trueup.report.goodhart.frame import Frame, day, moment, names_below
from trueup.report.goodhart.marks import WIDE, found, hover, pair, zones
from trueup.report.goodhart.verdicts import ROOM, row
from trueup.report.page import plot
from trueup.report.page.axis import Axis, decimals, rounded
from trueup.report.page.svg import path, tag
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from markupsafe import Markup

    from trueup.goodhart.look import Verdict
    from trueup.report.goodhart.picture import Level, Picture
    from trueup.report.goodhart.verdicts import Placed

_APART = 20.0
_LETTER = 6.8


def overview(picture: Picture, *, verdict: Verdict, frame: Frame, looks: Placed = ()) -> Markup:
    """Return judge and users on one time axis, in judge points, with the verdicts below it."""
    wide, x = frame is WIDE, frame.over(len(picture.labels))
    if looks:
        frame = replace(frame, height=frame.height + ROOM, bottom=frame.bottom + ROOM)
    judge, users = _promised(picture), found(picture.users)
    y = rounded(
        [0.0, *(end for one in (*judge, *users) if one for end in one)],
        start=frame.floor, end=frame.top, most=6 if wide else 5,
    )  # fmt: skip
    digits = decimals(y)
    names = [words.points(tick, digits=digits) for tick in y.ticks]
    parts = [*zones(picture, frame, x)]
    if verdict == "gaming":
        parts.append(_gap(picture, x, y))
    parts.append(plot.grid(y, names, left=frame.left, right=frame.edge))
    parts += pair(judge, users, x, y, between=_moments(picture, frame, x))
    parts.append(names_below(frame, x, picture.labels, picture.starts))
    if wide:
        parts += _ends(picture, frame, y)
    if looks:
        parts.append(row(frame, x, looks))
    parts += [_hover(picture, at, frame, x) for at in range(len(picture.labels))]
    return tag(
        "svg", *parts, class_="chart wide" if wide else "chart narrow",
        viewBox=frame.box(), role="img", aria_label=one_line(_described(picture), 900),
    )  # fmt: skip


def _promised(picture: Picture) -> list[plot.Found | None]:
    """Return the judge's movement with the error of what it is worth to users, where known."""
    both = zip(found(picture.expected), found(picture.judge), strict=True)
    return [owed or judge for owed, judge in both]


def _gap(picture: Picture, x: Axis, y: Axis) -> Markup:
    """Return the area between judge and users since the change: what only the judge saw."""
    first = picture.since or 0
    pairs = enumerate(zip(found(picture.judge), found(picture.users), strict=True))
    both = [(a[0], b[0], 0.0) if at >= first and a and b else None for at, (a, b) in pairs]
    parts = []
    for run in plot.runs(both):
        up = [(x(at), y(judge)) for at, (judge, _, _) in run]
        down = [(x(at), y(users)) for at, (_, users, _) in reversed(run)]
        if len(run) > 1:
            parts.append(tag("path", class_="gap", d=path([*up, *down], closed=True)))
    return tag("g", *parts)


def _moments(picture: Picture, frame: Frame, x: Axis) -> list[Markup]:
    """Return when the change began and when the alarm rang; the words never meet."""
    named = [day(s, label) for s, label in zip(picture.starts, picture.labels, strict=True)]
    parts, taken = [], -99.0
    if picture.since is not None:
        told, at = f"compared from {named[picture.since]}", x(picture.since - 0.5)
        fits = at > _LETTER * len(told)
        taken = at if fits else at + _LETTER * len(told)
        anchor = "end" if fits else "start"
        parts.append(moment(frame, at, told, kind="onset", anchor=anchor))
    if picture.alarm is not None:
        # left of the line where the right has no room
        told, at = f"alarm {named[picture.alarm]}", x(picture.alarm)
        size = _LETTER * len(told)
        fits = frame.width - at > size
        row = int((at if fits else at - size) < taken)
        anchor = "start" if fits else "end"
        parts.append(moment(frame, at, told, kind="alarm", anchor=anchor, row=row))
    return parts


def _means(picture: Picture) -> tuple[Level | None, Level | None]:
    """Return what the looks found over several periods; of releases each line says it itself."""
    return (None, None) if picture.kind == "releases" else (picture.judge_after, picture.after)


def _ends(picture: Picture, frame: Frame, y: Axis) -> list[Markup]:
    """Return who a line is, at its end; two that are close are held apart."""
    judge, users = _means(picture)
    ends: list[tuple[float, str, str]] = []
    for role, name, line, level in (
        ("judge", "judge", picture.judge, judge),
        ("people", "users", picture.users, users),
    ):
        last = next((value for value in reversed(line.mean) if value is not None), None)
        if last is not None:
            value = level.value if level else last if picture.kind == "releases" else None
            told = name if value is None else f"{name} {words.points(value)}"
            ends.append((y(level.value if level else last), role, told))
    ends.sort()
    places = [at for at, _, _ in ends]
    if len(ends) > 1 and places[1] - places[0] < _APART:
        middle = sum(places) / len(places)
        places = [middle - _APART / 2, middle + _APART / 2]
    return [
        tag(
            "g",
            tag("text", told, class_="end", x=frame.edge + 10, y=at + 5),
            class_=f"c-{role}",
        )
        for at, (_, role, told) in zip(places, ends, strict=True)
    ]


def _hover(picture: Picture, at: int, frame: Frame, x: Axis) -> Markup:
    """Return a strip over a period that tells its figures when it is hovered over."""
    parts = [picture.labels[at]]
    for name, line in (("judge", picture.judge), ("users", picture.users)):
        found = line.at(at)
        if found:
            ends = f"{words.points(found[1])} to {words.points(found[2])}"
            parts.append(f"{name} {words.points(found[0])} ({ends})")
        elif name == "users" and at >= len(picture.labels) - picture.waiting:
            parts.append("signals are still arriving")
    return hover(frame, x, at, "; ".join(parts))


def _described(picture: Picture) -> str:
    """Return the picture in words, for who cannot see it."""
    unit = "judge points since the reference" if picture.reference else "judge points"
    parts = []
    judge, users = _means(picture)
    for name, line, level in (("judge", picture.judge, judge), ("users", picture.users, users)):
        known = [(at, v) for at, v in enumerate(line.mean) if v is not None]
        if level:
            parts.append(
                f"{name} {words.points(level.value)} ({words.points(level.low)} to "
                f"{words.points(level.high)}) since {picture.labels[level.first]}"
            )
        elif known:
            parts.append(f"{name} {words.points(known[-1][1])} in {picture.labels[known[-1][0]]}")
        else:
            parts.append(f"{name} not known")
    return f"Judge and users in {unit}: {'; '.join(parts)}. The table below has every look."
