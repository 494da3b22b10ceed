"""What a source allows and what it lacks, in sentences, from what a survey counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.item.recognise import Recognised
    from trueup.item.survey import Survey

FEWEST_LABELS = 30
"""Labels of one criterion that the embedded judge needs before it scores."""

FEWEST_RELEASES = 8
"""Versions that a sequence of releases needs before it says anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """One thing that trueup does, and whether this source is enough for it."""

    name: str
    possible: bool
    because: str
    """What is there or missing."""
    mend: str | None = None
    """What to do where it is not possible."""


def abilities(
    survey: Survey, recognised: Recognised, places: Mapping[str, str]
) -> tuple[Ability, ...]:
    """Return what can be done with a source.

    Args:
        survey: The counts over its items.
        recognised: Its columns with labels, judge scores and signals.
        places: Field -> what to do where it has no column, for fields that may be there.
    """
    return (
        _scoring(survey),
        _needs("context", "the material that the output should rest on", survey, places),
        _needs("reference", "an acceptable answer", survey, places),
        _fit(survey, recognised),
        _agreement(survey, places),
        _clusters(survey, places),
        _concurrent(survey, recognised, places),
        _weekly(survey, recognised, places),
        _releases(survey, recognised, places),
    )


def _scoring(survey: Survey) -> Ability:
    usable = survey.rows - survey.faults.total()
    because = f"{usable:,} of {survey.rows:,} items have an output that can be judged"
    mend = None if usable else "Name the column that holds it with `--map output=COLUMN`"
    return Ability(name="scoring", possible=usable > 0, because=because, mend=mend)


def _needs(field: str, what: str, survey: Survey, places: Mapping[str, str]) -> Ability:
    there = survey.present[field]
    name = f"scoring criteria with `needs: [{field}]`"
    if there:
        return Ability(name=name, possible=True, because=_share(there, survey.rows, field))
    because = f"no item has a {field}, so these criteria would be abstained from"
    return Ability(
        name=name, possible=False, because=because, mend=_column(field, f"with {what}", places)
    )


def _fit(survey: Survey, recognised: Recognised) -> Ability:
    name = "fitting the embedded judge"
    filled = max((survey.keys[column] for column in recognised.labels), default=0)
    columns = ", ".join(recognised.labels)
    mend = (
        f"Have people answer a criterion for at least {FEWEST_LABELS} items, in a file with the "
        "columns item_id, criterion, value and annotator, for `trueup fit`"
    )
    if filled >= FEWEST_LABELS:
        because = f"up to {filled:,} items have something in what look like labels ({columns})"
        return Ability(name=name, possible=True, because=because)
    because = (
        f"only {filled:,} items have something in {columns}" if columns else "it has no labels"
    )
    return Ability(name=name, possible=False, because=because, mend=mend)


def _agreement(survey: Survey, places: Mapping[str, str]) -> Ability:
    name = "agreement over time"
    if len(survey.weeks) > 1:
        because = f"the timestamps span {len(survey.weeks)} ISO weeks; labels are needed as well"
        return Ability(name=name, possible=True, because=because)
    if survey.weeks:
        mend = "Add items of other weeks"
        return Ability(name=name, possible=False, because="all items are of one week", mend=mend)
    mend = _column("timestamp", "with the time of each output and its zone", places)
    return Ability(name=name, possible=False, because="no item has a timestamp", mend=mend)


def _clusters(survey: Survey, places: Mapping[str, str]) -> Ability:
    name = "intervals that respect users"
    groups = survey.distinct("group")
    if groups > 1:
        because = f"{survey.present['group']:,} items come from {groups:,} groups"
        return Ability(name=name, possible=True, because=because)
    because = "all items are of one group" if groups else "no item says whose it is"
    because += ", so intervals take items as independent and are too narrow where they are not"
    mend = _column("group", "with the user or conversation", places)
    return Ability(name=name, possible=False, because=because, mend=mend)


def _concurrent(survey: Survey, recognised: Recognised, places: Mapping[str, str]) -> Ability:
    name = "goodhart, concurrent design"
    arms, versions = survey.distinct("arm"), survey.distinct("version")
    lacks = []
    if max(arms, versions) < 2:  # noqa: PLR2004 - a comparison has two sides
        lacks.append(("a second arm or version", "arm", "with the side of the comparison"))
    if not survey.distinct("group"):
        lacks.append(("a group", "group", "with the user who was randomised"))
    if lacks:
        because = "it lacks " + " and ".join(lack for lack, _, _ in lacks)
        mend = ". ".join(_column(field, what, places) for _, field, what in lacks)
        return Ability(name=name, possible=False, because=because, mend=mend)
    kind, n = ("arms", arms) if arms > 1 else ("versions", versions)
    because = f"{n:,} {kind} over {survey.distinct('group'):,} groups; {_signals(recognised)}"
    return Ability(name=name, possible=True, because=because)


def _weekly(survey: Survey, recognised: Recognised, places: Mapping[str, str]) -> Ability:
    name = "goodhart, weekly design"
    lacks, mends = [], []
    if not survey.weeks:
        lacks.append("timestamps")
        mends.append(_column("timestamp", "with the time of each output and its zone", places))
    if not recognised.signals:
        lacks.append("signals")
        mends.append("Add what users did, such as thumbs, edits or retries, as columns or a file")
    if lacks:
        because = "it lacks " + " and ".join(lacks)
        return Ability(name=name, possible=False, because=because, mend=". ".join(mends))
    because = f"{len(survey.weeks)} ISO weeks; {_signals(recognised)}"
    return Ability(name=name, possible=True, because=because)


def _releases(survey: Survey, recognised: Recognised, places: Mapping[str, str]) -> Ability:
    name = "goodhart, releases design"
    versions = survey.distinct("version")
    if versions >= FEWEST_RELEASES:
        because = f"{versions:,} versions; {_signals(recognised)}"
        return Ability(name=name, possible=True, because=because)
    because = f"it has {versions} of the {FEWEST_RELEASES} versions that this needs"
    mend = "Add the logs of earlier versions"
    if not versions:
        mend = _column("version", "with the version of the system", places)
    return Ability(name=name, possible=False, because=because, mend=mend)


def _signals(recognised: Recognised) -> str:
    if recognised.signals:
        return f"what look like signals: {', '.join(recognised.signals)}"
    return "the users' signals have to come from a file of their own"


def _share(there: int, rows: int, field: str) -> str:
    return f"{there:,} of {rows:,} items have a {field}"


def _column(field: str, what: str, places: Mapping[str, str]) -> str:
    return places.get(field) or f"Add a column {what}, or name it with `--map {field}=COLUMN`"
