"""diff: what changed in meaning between two versions of a rubric, and what that ends.

reworded     what is asked changed             labels, agreement and verdicts end
instrument   what the judge is shown changed   verdicts end, labels stand
scoring      how values are added up changed   scores of later runs; all else stands
cosmetic     how it is written changed         nothing
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from trueup.rubric.lint.thresholds import REUSED
from trueup.rubric.model import squeeze
from trueup.rubric.similarity import likeness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.model import Criterion, Level, Rubric

ChangeKind: TypeAlias = Literal["added", "removed", "reworded", "instrument", "scoring", "cosmetic"]
Suspicion: TypeAlias = Literal["renamed", "id-reuse"]

_CONSEQUENCE: dict[ChangeKind, str] = {
    "added": "It has neither verdicts nor labels yet; old items are judged on it at the next run.",
    "removed": "It is asked no more; its verdicts and labels are kept but count in no score.",
    "reworded": "It asks something else: its labels, agreement figures and verdicts end here.",
    "instrument": "The judge is shown something else: its verdicts end, labels stand, and "
    "agreement is measured anew.",
    "scoring": "It asks the same: verdicts, labels and agreement figures stand, and nothing is "
    "asked again. The next run makes other scores of the same verdicts; earlier runs keep theirs.",
    "cosmetic": "Nothing ends and nothing is asked again.",
}
_BY_CODE = "Code decides it, so nothing is paid: answers are computed anew, and its labels end."
_ALL_STANDS = "Verdicts, labels and agreement figures stand, and nothing is asked again."
_ONLY_EMPTY = "Only the answers that code gives to empty outputs change; no judge is asked again."


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionChange:
    """What became of one criterion."""

    id: str
    kind: ChangeKind
    parts: tuple[str, ...] = ()
    """The keys that changed, in the order of a rubric file; `task` among them."""
    consequence: str
    """What follows for verdicts, labels and scores, in one sentence."""
    suspicion: Suspicion | None = None
    other: str | None = None
    """The other id of a renamed criterion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricDiff:
    """What changed between two versions of a rubric."""

    old: str
    """Name and version."""
    new: str
    changes: tuple[CriterionChange, ...]
    """In the order of the new rubric, removed ones last; unchanged criteria are left out."""
    unchanged: tuple[str, ...]
    parts: tuple[str, ...]
    """The keys of the rubric itself that changed."""
    notes: tuple[str, ...]
    """Sentences about the whole rubric."""

    def __bool__(self) -> bool:
        return bool(self.changes or self.parts)

    @property
    def labels_end(self) -> tuple[str, ...]:
        """The ids whose labels and agreement figures end."""
        return tuple(c.id for c in self.changes if c.kind == "reworded")

    @property
    def asked_again(self) -> tuple[str, ...]:
        """The ids that the next run asks anew on items it has judged before."""
        kinds = {"added", "reworded", "instrument"}
        return tuple(c.id for c in self.changes if c.kind in kinds and not _is_free(c))

    @property
    def scores_change(self) -> bool:
        """Whether old verdicts make other scores."""
        scoring = {"weight", "gate", "values", "missing"}
        moved = {part for change in self.changes for part in change.parts} | {*self.parts}
        return bool(moved & scoring) or any(c.kind in {"added", "removed"} for c in self.changes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for `--json`."""
        return {
            **asdict(self),
            "labels_end": list(self.labels_end),
            "asked_again": list(self.asked_again),
            "scores_change": self.scores_change,
        }


def diff(old: Rubric, new: Rubric) -> RubricDiff:
    """Return what changed in meaning from one version of a rubric to another.

    Criteria are compared by id. Whether a question changed is decided by its question hash, so
    white space, comments and the order of keys count for nothing.
    """
    everywhere = _shown_everywhere(old, new)
    changes = [*_kept(old, new, everywhere), *_added(old, new), *_removed(old, new)]
    order = {criterion.id: at for at, criterion in enumerate(new.criteria)}
    changes.sort(key=lambda change: order.get(change.id, len(order)))
    parts = tuple(_rubric_parts(old, new))
    return RubricDiff(
        old=f"{old.name} {old.version}",
        new=f"{new.name} {new.version}",
        changes=tuple(changes),
        unchanged=tuple(c.id for c in new.criteria if c.id not in {x.id for x in changes}),
        parts=parts,
        notes=tuple(_notes(old, new, changes, parts)),
    )


def _is_free(change: CriterionChange) -> bool:
    return change.consequence in {_BY_CODE, _ONLY_EMPTY}


def _kept(old: Rubric, new: Rubric, everywhere: list[str]) -> Iterator[CriterionChange]:
    for criterion in new.criteria:
        before = old.by_id.get(criterion.id)
        if before is None:
            continue
        asked = _asked_parts(before, criterion)
        shown = [] if criterion.check is not None else [*_needs(before, criterion), *everywhere]
        scored = _scored_parts(before, criterion)
        empty = ["if_empty"] if before.if_empty != criterion.if_empty else []
        if before.question != criterion.question:
            yield _reworded(before, criterion, (*asked, *shown, *scored, *empty))
        elif shown:
            yield _change(criterion.id, "instrument", (*shown, *scored, *empty))
        elif empty:
            change = _change(criterion.id, "instrument", (*scored, *empty))
            yield replace(change, consequence=_ONLY_EMPTY)
        elif scored:
            yield _change(criterion.id, "scoring", tuple(scored))
        elif before != criterion:
            yield _change(criterion.id, "cosmetic", tuple(_cosmetic_parts(before, criterion)))


def _change(name: str, kind: ChangeKind, parts: tuple[str, ...] = ()) -> CriterionChange:
    return CriterionChange(id=name, kind=kind, parts=parts, consequence=_CONSEQUENCE[kind])


def _reworded(before: Criterion, after: Criterion, parts: tuple[str, ...]) -> CriterionChange:
    change = _change(after.id, "reworded", parts)
    if after.check is not None and before.check is not None:
        change = replace(change, consequence=_BY_CODE)
    if likeness(before.ask, after.ask) < REUSED:
        return replace(change, suspicion="id-reuse")
    return change


def _added(old: Rubric, new: Rubric) -> Iterator[CriterionChange]:
    gone = {c.question: c.id for c in old.criteria if c.id not in new.by_id}
    for criterion in new.criteria:
        if criterion.id in old.by_id:
            continue
        change = _change(criterion.id, "added")
        former = gone.get(criterion.question)
        yield (
            replace(
                change,
                suspicion="renamed",
                other=former,
                consequence=f"It asks word for word what '{former}' asked: labels and agreement "
                "stand, since they hang on the question, but reports by id start anew.",
            )
            if former
            else change
        )


def _removed(old: Rubric, new: Rubric) -> Iterator[CriterionChange]:
    come = {c.question: c.id for c in new.criteria if c.id not in old.by_id}
    for criterion in old.criteria:
        if criterion.id in new.by_id:
            continue
        change = _change(criterion.id, "removed")
        later = come.get(criterion.question)
        yield (
            replace(
                change,
                suspicion="renamed",
                other=later,
                consequence=f"'{later}' asks the same, word for word; the question's labels stand.",
            )
            if later
            else change
        )


def _asked_parts(before: Criterion, after: Criterion) -> list[str]:
    """Name the keys inside the question hash that differ."""
    parts = [
        name
        for name, one, other in (
            ("kind", before.kind, after.kind),
            ("ask", squeeze(before.ask), squeeze(after.ask)),
            ("when", squeeze(before.when), squeeze(after.when)),
            ("check", before.check, after.check),
            ("implicit", before.implicit, after.implicit),
        )
        if one != other
    ]
    texts, later = _texts(before.levels), _texts(after.levels)
    parts += [key for key in (*later, *(k for k in texts if k not in later))
              if texts.get(key) != later.get(key)]  # fmt: skip
    if before.kind == after.kind == "scale" and [*texts] != [*later]:
        parts.append("scale")
    if before.examples != after.examples:
        parts.append("examples")
    return parts


def _texts(levels: tuple[Level, ...]) -> dict[str, str | None]:
    return {level.key: squeeze(level.text) for level in levels}


def _needs(before: Criterion, after: Criterion) -> list[str]:
    return ["needs"] if sorted(before.needs) != sorted(after.needs) else []


def _scored_parts(before: Criterion, after: Criterion) -> list[str]:
    parts = [name for name in ("weight", "gate") if getattr(before, name) != getattr(after, name)]
    same_levels = before.values.keys() == after.values.keys()
    return [*parts, "values"] if same_levels and before.values != after.values else parts


def _cosmetic_parts(before: Criterion, after: Criterion) -> Iterator[str]:
    for name in ("guard", "generic"):
        if getattr(before, name) != getattr(after, name):
            yield name
    if before.guard == after.guard and before.generic == after.generic:
        yield "white space"


def _shown_everywhere(old: Rubric, new: Rubric) -> list[str]:
    """Name what every judged criterion is shown with and what changed of it."""
    return [
        name
        for name, one, other in (
            ("task", squeeze(old.task), squeeze(new.task)),
            ("metadata", old.metadata, new.metadata),
        )
        if one != other
    ]


def _rubric_parts(old: Rubric, new: Rubric) -> Iterator[str]:
    for name in ("name", "version", "language", "validated", "pass_bar", "missing"):
        if getattr(old, name) != getattr(new, name):
            yield name
    if squeeze(old.task) != squeeze(new.task):
        yield "task"
    common = [c.id for c in new.criteria if c.id in old.by_id]
    if common != [c.id for c in old.criteria if c.id in new.by_id]:
        yield "order"


def _notes(
    old: Rubric, new: Rubric, changes: list[CriterionChange], parts: tuple[str, ...]
) -> Iterator[str]:
    kinds = {change.kind for change in changes}
    together = {"added", "removed", "reworded", "instrument"} & kinds or "order" in parts
    if together:
        yield (
            "A judge that is asked about all criteria in one call reads another prompt, so with "
            "such a judge the verdicts of every criterion end."
        )
    if "missing" in parts:
        yield (
            f"Criteria without a value are treated by '{new.missing}' instead of '{old.missing}': "
            f"the next run makes other scores of the same verdicts. {_ALL_STANDS}"
        )
    if "pass_bar" in parts:
        bars = " to ".join("none" if b is None else f"{b:g}" for b in (old.pass_bar, new.pass_bar))
        yield (
            f"The score from which an output is called good went from {bars}. No score changes by "
            f"that. {_ALL_STANDS}"
        )
    if kinds - {"cosmetic"} and old.version == new.version:
        yield f"The meaning changed while the version stayed '{new.version}': give it a new one."
    if "name" in parts:
        yield "The rubric has another name, so its history is looked up under both."
