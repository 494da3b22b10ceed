"""validate: what is wrong or doubtful with labels, with its place and how to mend it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeVar

from trueup.errors import DataError, did_you_mean
from trueup.item.declare import mapping
from trueup.item.names import squash
from trueup.item.plain import excerpt
from trueup.label.model import SPLITS, WITHOUT_VALUE, standing
from trueup.label.naming import asked_today
from trueup.label.target import level_of, value_reader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from trueup.label.model import Label
    from trueup.label.read import LabelFile
    from trueup.rubric.model import Rubric

SKEW = timedelta(minutes=5)
"""How far a clock may be ahead."""

_SHOWN = 3

Key = TypeVar("Key")


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
    found: LabelFile,
    rubric: Rubric,
    *,
    item_ids: Collection[str] | None = None,
    now: datetime | None = None,
) -> list[LabelProblem]:
    """Return all that is wrong with labels, errors first.

    Args:
        found: What was read.
        rubric: The rubric whose criteria they answer.
        item_ids: The ids of the items there are; None where they are not known.
        now: The time that none of them may be after; this very moment by default.
    """
    check = _Check(found, rubric)
    problems = [
        *check.doubt(),
        *check.criteria(),
        *check.items(item_ids),
        *check.levels(),
        *check.times(now or datetime.now(UTC)),
        *check.contradictions(),
        *check.splits(),
        *check.people_and_answers(),
    ]
    return sorted(problems, key=lambda problem: problem.kind)


class _Check:
    """Labels, each with the criterion that it is of; every method yields what is wrong."""

    def __init__(self, found: LabelFile, rubric: Rubric) -> None:
        self._found, self._by_id = found, rubric.by_id
        self._labels = list(asked_today(found.labels, rubric.criteria))
        self._of = _grouped(label.criterion for label in self._labels)
        """Criterion -> the indices of its labels."""

    def doubt(self) -> Iterator[LabelProblem]:
        if self._found.doubt:
            what, mend = self._found.doubt
            count = len(self._labels)
            yield LabelProblem(
                kind="note", what=what, where=self._found.name, mend=mend, count=count
            )

    def criteria(self) -> Iterator[LabelProblem]:
        for id_, indices in self._of.items():
            if id_ in self._by_id:
                today = self._by_id[id_].question
                old = [i for i in indices if self._labels[i].question != today]
                what = f"an earlier wording of '{id_}' was answered"
                yield from self._problem(
                    "note", old, what, "This does not count; label the item again"
                )
                continue
            shown = excerpt(id_)
            ids = mapping(f"criterion.{next(iter(self._by_id), 'ID')}", shown)
            yield from self._problem(
                "error",
                indices,
                f"no rubric has a criterion '{shown}'",
                f"{_hint(id_, self._by_id)}Say what it stands for: {ids}",
            )

    def items(self, item_ids: Collection[str] | None) -> Iterator[LabelProblem]:
        if item_ids is None:
            return
        known = item_ids if isinstance(item_ids, (set, frozenset, dict)) else set(item_ids)
        single = [i for i, label in enumerate(self._labels) if label.unit_kind == "item"]
        lost = [i for i in single if self._labels[i].item_id not in known]
        ids = list(dict.fromkeys(self._labels[i].item_id for i in lost))
        shown = ", ".join(f"'{excerpt(id_)}'" for id_ in ids[:_SHOWN])
        if len(lost) < len(single):
            more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
            what = f"items are labelled that are not there: {shown}{more}"
            yield from self._problem(
                "note", lost, what, "Their labels do not count until they are there"
            )
            return
        few = ", ".join(f"'{excerpt(id_)}'" for id_, _ in zip(known, range(_SHOWN), strict=False))
        what = f"no label is of an item that is there: labels name {shown}, items {few}"
        mend = f"Say which column holds the items' ids: {mapping('item_id')}"
        yield from self._problem("error", lost, what, mend)

    def levels(self) -> Iterator[LabelProblem]:
        for id_, indices in self._of.items():
            question = self._by_id.get(id_)
            if question is None:
                continue
            current = [i for i in indices if self._labels[i].question == question.question]
            value_of = value_reader([self._labels[i] for i in current], question)
            wrong: dict[object, tuple[DataError, list[int]]] = {}
            for index in current:
                try:
                    value_of(self._labels[index])
                except DataError as error:
                    wrong.setdefault(self._labels[index].value, (error, []))[1].append(index)
            for said, where in wrong.values():
                mend = said.mend or f"Its levels are {', '.join(question.values)}"
                yield from self._problem("error", where, said.what, mend)

    def times(self, now: datetime) -> Iterator[LabelProblem]:
        timed = {i: label.labelled_at for i, label in enumerate(self._labels) if label.labelled_at}
        naive = [i for i, at in timed.items() if at.tzinfo is None]
        mend = "Give datetimes a zone: datetime(..., tzinfo=UTC)"
        yield from self._problem("error", naive, "the time of labelling names no time zone", mend)
        ahead = {i: at for i, at in timed.items() if at.tzinfo is not None and at > now + SKEW}
        latest = max(ahead.values(), default=now)
        what = f"the time of labelling is in the future, up to {latest:%Y-%m-%d %H:%M} UTC"
        mend = "Set the clock that wrote them, or declare the zone that their times are in"
        yield from self._problem("error", list(ahead), what, mend)

    def contradictions(self) -> Iterator[LabelProblem]:
        """Yield where one person gave one answer and another, and no time tells which stands."""
        # whose labels nobody has signed may be of different people
        signed = _grouped(
            (lb.unit_kind, lb.item_id, lb.question or lb.criterion, lb.annotator)
            if lb.annotator is not None
            else number
            for number, lb in enumerate(self._labels)
        )
        wrong = [indices for indices in signed.values() if self._contradict(indices)]
        for indices in wrong[:_SHOWN]:
            labels = [self._labels[i] for i in indices]
            values = " and ".join(sorted({f"'{excerpt(str(label.value))}'" for label in labels}))
            timed = "at the same instant" if labels[0].labelled_at else "at no stated time"
            what = (
                f"{excerpt(labels[0].annotator or '')} answered {values} to the same question "
                f"about the same {labels[0].unit_kind}, {timed}"
            )
            mend = "Remove one of them, or say when each was given (labelled_at)"
            yield from self._problem("error", indices, what, mend)
        rest = wrong[_SHOWN:]
        what = f"so do answers to {len(rest)} more questions contradict each other"
        mend = "Remove one of each, or say when it was given"
        yield from self._problem("error", [i for indices in rest for i in indices], what, mend)

    def splits(self) -> Iterator[LabelProblem]:
        for name, indices in _grouped(label.split for label in self._labels).items():
            if name is not None and name not in SPLITS:
                mend = did_you_mean(name, SPLITS)
                yield from self._problem("error", indices, f"'{excerpt(name)}' is no split", mend)

    def people_and_answers(self) -> Iterator[LabelProblem]:
        """Yield which criteria one person alone has labelled, and which got one answer alone."""
        for id_, indices in self._of.items():
            held = standing(self._labels[i] for i in indices)
            people = {label.annotator for label in held}
            if len(people) == 1 and None not in people:
                what = (
                    f"one person alone labelled '{id_}' here: of people's agreement it says nothing"
                )
                mend = "Let a second person label some of the same items, blind to these answers"
                yield from self._problem("note", indices, what, mend)
            answers = Counter(map(self._level, held))
            alone = next(iter(answers), None)
            if len(answers) == 1 < answers.total() and not self._valueless(id_, alone):
                what = f"every label of '{id_}' is '{excerpt(str(alone))}'"
                mend = (
                    "Label all that was drawn, and draw more: until another answer comes, these "
                    "say nothing of how a judge does there"
                )
                yield from self._problem("note", indices, what, mend)

    def _contradict(self, indices: Sequence[int]) -> bool:
        by_time: dict[object, set[object]] = defaultdict(set)
        for index in indices:
            by_time[self._labels[index].labelled_at].add(self._level(self._labels[index]))
        return any(len(values) > 1 for values in by_time.values())

    def _level(self, label: Label) -> str | float | None:
        question = self._by_id.get(label.criterion)
        return label.value if question is None else level_of(label.value, question) or label.value

    def _valueless(self, criterion: str, answer: str | float | None) -> bool:
        """Whether an answer says only why there is none."""
        question = self._by_id.get(criterion)
        level = None if question is None else level_of(answer, question)
        return level is None and squash(str(answer)) in WITHOUT_VALUE

    def _problem(
        self, kind: Literal["error", "note"], indices: Sequence[int], what: str, mend: str
    ) -> Iterator[LabelProblem]:
        """Yield a problem where it concerns any label."""
        if indices:
            more = f" and {len(indices) - 1} more" if len(indices) > 1 else ""
            where = self._found.place(indices[0]) + more
            yield LabelProblem(kind=kind, what=what, where=where, mend=mend, count=len(indices))


def _grouped(keys: Iterable[Key]) -> dict[Key, list[int]]:
    """Return key -> the places at which it stands."""
    groups: dict[Key, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        groups[key].append(index)
    return groups


def _hint(name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known)
    return f"{hint} " if hint.endswith("?") else f"{hint}. " if hint else ""
