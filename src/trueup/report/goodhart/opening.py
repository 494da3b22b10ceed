"""What stands first in a report, and what is left to be said after it: nothing is told twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.goodhart import words
from trueup.report.goodhart.frame import day
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from trueup.goodhart.look import Look
    from trueup.report.goodhart.picture import Picture

_LEADS = ("Nothing can be said: ", "No decision yet: ", "Missing: ")


def meaning(look: Look) -> str:
    """Return what the verdict means, empty where the headline has just said it."""
    if look.verdict in ("gaming", "improvement") and not words.standing(look):
        return words.KINDS[look.verdict].meaning
    return ""


def beyond_missing(look: Look) -> str:
    """Return a look's message without what is missing, which an open verdict has beside it."""
    if look.verdict not in ("inconclusive", "unidentified") or not look.missing:
        return look.message
    listed = f"{'; '.join(reason.rstrip('.') for reason in look.missing)}."
    for lead in _LEADS:
        if look.message.endswith(f"{lead}{listed}"):
            return look.message.removesuffix(f"{lead}{listed}").strip()
    return look.message


def unit(picture: Picture) -> str:
    """Return what the picture's axis counts."""
    if picture.kind == "releases":
        return "judge points since the first version"
    if picture.kind == "looks":
        return "judge points that the new version is above the old one"
    kept = ", less what users held back on the old version did" if picture.beside else ""
    return f"judge points since the reference{kept}"


def at_the_right(picture: Picture) -> str:
    """Return what the figures beside the lines are; empty where there are none."""
    if picture.kind == "releases":
        last = one_line(picture.labels[-1], 40)
        return (
            f"The figures at the right are those of {last}, where the lines end; "
            "those above come from all versions together."
        )
    level = picture.judge_after or picture.after
    if level is None:
        return ""
    if picture.kind == "looks":
        return "The figures at the right are those of the latest look, where the lines end."
    since = day(picture.starts[level.first], picture.labels[level.first])
    return f"The figures at the right are means from {since} on."
