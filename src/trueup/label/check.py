"""validate: what is wrong or doubtful with labels, with its place and how to mend it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from trueup.errors import DataError, did_you_mean
from trueup.item.declare import mapping
from trueup.item.plain import excerpt
from trueup.label.model import SPLITS, standing
from trueup.label.naming import CriterionNames
from trueup.label.read import LabelFile
from trueup.label.target import level_of, value_reader
from trueup.rubric.model import Rubric

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from trueup.label.model import Label
    from trueup.rubric.model import Criterion

SKEW = timedelta(minutes=5)
"""How far a clock may be ahead."""

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelProblem:
    """One thing that is wrong or doubtful, however many labels it concerns."""

    kind: Literal["error", "note"]
    """An error keeps labels from being used; a note says what they cannot show."""
    what: str
    """One sentence without its full stop."""
    where: str
    mend: str
    count: int = 1
    """How many labels it concerns."""

    def __str__(self) -> str:
        """Return place, sentence and mend as one text."""
        return f"{self.where}: {self.what}. {self.mend}"


def validate(
    labels: LabelFile | Sequence[Label],
    rubrics: Rubric | Iterable[Rubric],
    *,
    item_ids: Collection[str] | None = None,
    now: datetime | None = None,
) -> list[LabelProblem]:
    """Return all that is wrong with labels, errors first.

    Args:
        labels: What was read; with a `LabelFile`, places are lines or rows.
        rubrics: The rubrics whose criteria they answer.
        item_ids: The ids of the items there are; None where they are not known.
        now: The time that none of them may be after; this very moment by default.
    """
    by_id: dict[str, Criterion] = {}
    for rubric in [rubrics] if isinstance(rubrics, Rubric) else rubrics:
        by_id |= rubric.by_id
    places = _Places(labels)
    found = [
        *_doubt(labels),
        *_unknown_criteria(places, by_id),
        *_unknown_items(places, item_ids),
        *_no_levels(places, by_id),
        *_times(places, now or datetime.now(UTC)),
        *_contradictions(places),
        *_splits(places),
        *_one_of_a_kind(places, by_id),
    ]
    return sorted(found, key=lambda problem: problem.kind)


def _doubt(labels: LabelFile | Sequence[Label]) -> Iterator[LabelProblem]:
    if isinstance(labels, LabelFile) and labels.doubt:
        count = len(labels.labels)
        what, mend = labels.doubt
        yield LabelProblem(kind="note", what=what, where=labels.name, mend=mend, count=count)


class _Places:
    """Labels with the places that they are from."""

    def __init__(self, labels: LabelFile | Sequence[Label]) -> None:
        self._file = labels if isinstance(labels, LabelFile) else None
        self.labels = list(labels.labels if isinstance(labels, LabelFile) else labels)

    def of(self, index: int) -> str:
        if self._file is not None:
            return self._file.place(index)
        label = self.labels[index]
        return f"{label.unit_kind} {excerpt(label.item_id)}, criterion {excerpt(label.criterion)}"

    def problem(
        self, kind: Literal["error", "note"], indices: Sequence[int], what: str, mend: str
    ) -> LabelProblem:
        more = len(indices) - 1
        where = self.of(indices[0]) + (f" and {more} more" if more else "")
        return LabelProblem(kind=kind, what=what, where=where, mend=mend, count=len(indices))

    def grouped(self, key: Callable[[Label], object]) -> Iterator[tuple[object, list[int]]]:
        groups: dict[object, list[int]] = defaultdict(list)
        for index, label in enumerate(self.labels):
            groups[key(label)].append(index)
        yield from groups.items()


def _unknown_criteria(places: _Places, by_id: Mapping[str, Criterion]) -> Iterator[LabelProblem]:
    names = CriterionNames(known=by_id)
    asked = {criterion.question for criterion in by_id.values()}
    for name, indices in places.grouped(lambda label: label.criterion):
        rest = [i for i in indices if places.labels[i].question not in asked]
        if rest and names(str(name)) not in by_id:
            shown = excerpt(str(name))
            ids = mapping(f"criterion.{next(iter(by_id), 'ID')}", shown)
            mend = f"{did_you_mean(str(name), by_id)} Say what it stands for: {ids}".strip()
            what = f"no rubric has a criterion '{shown}'"
            yield places.problem("error", rest, what, mend)
    for name, indices in places.grouped(lambda label: names(label.criterion)):
        old = [i for i in indices if places.labels[i].question not in {None, *asked}]
        if old and name in by_id:
            what = f"an earlier wording of '{name}' was answered"
            yield places.problem("note", old, what, "This does not count; label the item again")


def _unknown_items(places: _Places, item_ids: Collection[str] | None) -> Iterator[LabelProblem]:
    if item_ids is None:
        return
    known = item_ids if isinstance(item_ids, (set, frozenset, dict)) else set(item_ids)
    single = [i for i, label in enumerate(places.labels) if label.unit_kind == "item"]
    lost = [i for i in single if places.labels[i].item_id not in known]
    if not lost:
        return
    ids = list(dict.fromkeys(places.labels[i].item_id for i in lost))
    shown = ", ".join(f"'{excerpt(id_)}'" for id_ in ids[:_SHOWN])
    if len(lost) == len(single):
        few = [f"'{excerpt(id_)}'" for id_, _ in zip(known, range(_SHOWN), strict=False)]
        what = f"no label is of an item that is there: labels name {shown}, items {', '.join(few)}"
        mend = f"Say which column holds the items' ids: {mapping('item_id')}"
        yield places.problem("error", lost, what, mend)
        return
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    what = f"items are labelled that are not there: {shown}{more}"
    yield places.problem("note", lost, what, "Their labels do not count until they are there")


def _no_levels(places: _Places, by_id: Mapping[str, Criterion]) -> Iterator[LabelProblem]:
    names = CriterionNames(known=by_id)
    for name, indices in places.grouped(lambda label: names(label.criterion)):
        question = by_id.get(str(name))
        if question is None:
            continue
        current = [i for i in indices if places.labels[i].question in {None, question.question}]
        value_of = value_reader([places.labels[i] for i in current], question)
        wrong: dict[object, list[int]] = defaultdict(list)
        said: dict[object, DataError] = {}
        for index in current:
            try:
                value_of(places.labels[index])
            except DataError as error:
                wrong[places.labels[index].value].append(index)
                said.setdefault(places.labels[index].value, error)
        for value, where in wrong.items():
            mend = said[value].mend or f"Its levels are {', '.join(question.values)}"
            yield places.problem("error", where, said[value].what, mend)


def _times(places: _Places, now: datetime) -> Iterator[LabelProblem]:
    timed = [(i, lb.labelled_at) for i, lb in enumerate(places.labels) if lb.labelled_at]
    naive = [i for i, at in timed if at.tzinfo is None]
    if naive:
        mend = "Give datetimes a zone: datetime(..., tzinfo=UTC)"
        yield places.problem("error", naive, "the time of labelling names no time zone", mend)
    ahead = [(i, at) for i, at in timed if at.tzinfo is not None and at > now + SKEW]
    if ahead:
        latest = max(at for _, at in ahead)
        what = f"the time of labelling is in the future, up to {latest:%Y-%m-%d %H:%M} UTC"
        mend = "Set the clock that wrote them, or declare the zone that their times are in"
        yield places.problem("error", [i for i, _ in ahead], what, mend)


def _contradictions(places: _Places) -> Iterator[LabelProblem]:
    """Yield where one person gave one answer and another, and no time tells which one stands."""
    wrong = []
    for key, indices in places.grouped(_sitting):
        labels = [places.labels[i] for i in indices]
        if labels[0].annotator is None:
            continue
        by_time: dict[object, set[object]] = defaultdict(set)
        for label in labels:
            by_time[label.labelled_at].add(label.value)
        if any(len(values) > 1 for values in by_time.values()):
            wrong.append((key, indices))
    for _, indices in wrong[:_SHOWN]:
        labels = [places.labels[i] for i in indices]
        values = " and ".join(sorted({f"'{excerpt(str(label.value))}'" for label in labels}))
        who = excerpt(labels[0].annotator or "")
        timed = "at the same instant" if labels[0].labelled_at else "at no stated time"
        what = f"{who} answered {values} to the same question about the same {labels[0].unit_kind}"
        mend = "Remove one of them, or say when each was given (labelled_at)"
        yield places.problem("error", indices, f"{what}, {timed}", mend)
    if rest := wrong[_SHOWN:]:
        every = [i for _, indices in rest for i in indices]
        what = f"so do answers to {len(rest)} more questions contradict each other"
        yield places.problem("error", every, what, "Remove one of each, or say when it was given")


def _sitting(label: Label) -> object:
    asked = label.question or label.criterion
    return (label.unit_kind, label.item_id, asked, label.annotator)


def _splits(places: _Places) -> Iterator[LabelProblem]:
    for name, indices in places.grouped(lambda label: label.split):
        if name is not None and name not in SPLITS:
            what = f"'{excerpt(str(name))}' is no split"
            mend = f"{did_you_mean(str(name), SPLITS)} Splits are {', '.join(SPLITS)}".strip()
            yield places.problem("error", indices, what, mend)


def _one_of_a_kind(places: _Places, by_id: Mapping[str, Criterion]) -> Iterator[LabelProblem]:
    """Yield which criteria one person alone has labelled, and which have got one answer alone."""
    names = CriterionNames(known=by_id)
    for name, indices in places.grouped(lambda label: names(label.criterion)):
        held = standing(places.labels[i] for i in indices)
        people = {label.annotator for label in held}
        if len(people) == 1 and None not in people:
            what = f"one person alone labelled '{name}', so that people's agreement is unknown"
            mend = "Let a second person label some of the same items, without seeing these answers"
            yield places.problem("note", indices, what, mend)
        question = by_id.get(str(name))
        answers = Counter(
            label.value if question is None else level_of(label.value, question) or label.value
            for label in held
        )
        if len(answers) == 1 and sum(answers.values()) > 1:
            what = f"every label of '{name}' is '{excerpt(str(next(iter(answers))))}'"
            mend = "Label items of the other kind as well: agreement on one class says nothing"
            yield places.problem("note", indices, what, mend)
