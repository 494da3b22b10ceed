"""What a source allows and what it lacks, in sentences, from what a survey counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.errors import DataError
    from trueup.item.names import Recognised
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
    survey: Survey,
    recognised: Recognised,
    places: Mapping[str, str],
    *,
    stops: Sequence[DataError] = (),
) -> tuple[Ability, ...]:
    """Return what can be done with a source.

    Args:
        survey: The counts over its items.
        recognised: Its columns with labels, judge scores and signals.
        places: Field -> what to do where it has no column, for fields that may be there.
        stops: What stops every run over it: then nothing is possible, whatever else is there.
    """
    scoring = _stopped(stops) if stops else _scoring(survey)
    others = (
        _needs("context", "the material that the output should rest on", survey, places),
        _needs("reference", "an acceptable answer", survey, places),
        _fit(survey, recognised),
        _agreement(survey, places),
        _clusters(survey, places),
        _concurrent(survey, recognised, places),
        _weekly(survey, recognised, places),
        _releases(survey, recognised, places),
    )
    return (scoring, *(_waiting(other) if stops else other for other in others))


def _stopped(stops: Sequence[DataError]) -> Ability:
    because = "every run over it stops: " + "; ".join(error.what for error in stops)
    return _unable("scoring", because, *(error.mend for error in stops if error.mend))


def _waiting(ability: Ability) -> Ability:
    """Return an ability as it is while runs stop: what would be possible is not."""
    if not ability.possible:
        return ability
    because = f"{ability.because}; but what stops scoring stops this too"
    return _unable(ability.name, because, "Mend what stops scoring first")


def _able(name: str, because: str) -> Ability:
    return Ability(name=name, possible=True, because=because)


def _unable(name: str, because: str, *mends: str) -> Ability:
    return Ability(name=name, possible=False, because=because, mend=". ".join(mends))


def _scoring(survey: Survey) -> Ability:
    usable = survey.rows - survey.faults.total()
    because = f"{usable:,} of {survey.rows:,} items have an output that can be judged"
    if usable:
        return _able("scoring", because)
    mend = "Name the column that holds it with `--map output=COLUMN`"
    return _unable("scoring", because, mend)


def _needs(field: str, what: str, survey: Survey, places: Mapping[str, str]) -> Ability:
    there = survey.present[field]
    name = f"scoring criteria with `needs: [{field}]`"
    if there:
        return _able(name, f"{there:,} of {survey.rows:,} items have a {field}")
    because = f"no item has a {field}, so these criteria would be abstained from"
    return _unable(name, because, _column(field, f"with {what}", places))


def _fit(survey: Survey, recognised: Recognised) -> Ability:
    name = "fitting the embedded judge"
    filled = max((survey.keys[column] for column in recognised.labels), default=0)
    columns = ", ".join(recognised.labels)
    if filled >= FEWEST_LABELS:
        because = f"up to {filled:,} items have something in what look like labels ({columns})"
        return _able(name, because)
    because = "it has no labels"
    if columns:
        because = f"only {filled:,} items have something in {columns}"
    mend = (
        f"Have people answer a criterion for at least {FEWEST_LABELS} items, in a file with the "
        "columns item_id, criterion, value and annotator, for `trueup fit`"
    )
    return _unable(name, because, mend)


def _agreement(survey: Survey, places: Mapping[str, str]) -> Ability:
    name = "agreement over time"
    if len(survey.weeks) > 1:
        because = f"the timestamps span {len(survey.weeks)} ISO weeks; labels are needed as well"
        return _able(name, because)
    if survey.weeks:
        return _unable(name, "all items are of one week", "Add items of other weeks")
    return _unable(name, "no item has a timestamp", _timestamps(places))


def _clusters(survey: Survey, places: Mapping[str, str]) -> Ability:
    name = "intervals that respect users"
    groups = survey.distinct("group")
    if groups > 1:
        return _able(name, f"{survey.present['group']:,} items come from {groups:,} groups")
    because = "all items are of one group" if groups else "no item says whose it is"
    because += ", so intervals take items as independent and are too narrow where they are not"
    return _unable(name, because, _column("group", "with the user or conversation", places))


def _concurrent(survey: Survey, recognised: Recognised, places: Mapping[str, str]) -> Ability:
    arms, versions = survey.distinct("arm"), survey.distinct("version")
    kind, n = ("arms", arms) if arms > 1 else ("versions", versions)
    lacks = {}
    if n < 2:  # noqa: PLR2004 - a comparison has two sides
        side = _column("arm", "with the side of the comparison", places)
        lacks["a second arm or version"] = side
    if not survey.distinct("group"):
        lacks["a group"] = _column("group", "with the user who was randomised", places)
    there = f"{n:,} {kind} over {survey.distinct('group'):,} groups"
    return _design("concurrent", there, lacks, recognised)


def _weekly(survey: Survey, recognised: Recognised, places: Mapping[str, str]) -> Ability:
    lacks = {}
    if not survey.weeks:
        lacks["timestamps"] = _timestamps(places)
    if not recognised.signals:
        lacks["signals"] = (
            "Add what users did, such as thumbs, edits or retries, as columns or a file"
        )
    return _design("weekly", f"{len(survey.weeks)} ISO weeks", lacks, recognised)


def _releases(survey: Survey, recognised: Recognised, places: Mapping[str, str]) -> Ability:
    versions = survey.distinct("version")
    if versions >= FEWEST_RELEASES:
        return _design("releases", f"{versions:,} versions", {}, recognised)
    because = f"it has {versions} of the {FEWEST_RELEASES} versions that this needs"
    mend = "Add the logs of earlier versions"
    if not versions:
        mend = _column("version", "with the version of the system", places)
    return _unable("goodhart, releases design", because, mend)


def _design(name: str, there: str, lacks: Mapping[str, str], recognised: Recognised) -> Ability:
    """Return whether a design of the Goodhart watch is possible, from what lacks and its mends."""
    name = f"goodhart, {name} design"
    if lacks:
        return _unable(name, "it lacks " + " and ".join(lacks), *lacks.values())
    signals = "the users' signals have to come from a file of their own"
    if recognised.signals:
        signals = f"what look like signals: {', '.join(recognised.signals)}"
    return _able(name, f"{there}; {signals}")


def _timestamps(places: Mapping[str, str]) -> str:
    return _column("timestamp", "with the time of each output and its zone", places)


def _column(field: str, what: str, places: Mapping[str, str]) -> str:
    return places.get(field) or f"Add a column {what}, or name it with `--map {field}=COLUMN`"
