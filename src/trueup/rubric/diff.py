"""diff: what changed in meaning between two versions of a rubric, and what that ends.

reworded     what is asked changed             labels, agreement and verdicts end
instrument   what the judge is shown changed,  verdicts end, labels stand
             or what code settles before it
scoring      how values are added up changed   scores of later runs; all else stands
cosmetic     how it is written changed         nothing

A verdict that ends is asked for again only where the prompt changed: an LLM judge's stored reply to
the very same prompt is read again.
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
    "removed": "It counts in no score any more; its verdicts and labels are kept.",
    "reworded": "It asks something else: its labels, agreement figures and verdicts end here.",
    "instrument": "The judge is shown something else: its verdicts end, labels stand, and "
    "agreement is measured anew.",
    "scoring": "It asks the same: verdicts, labels and agreement figures stand, and nothing is "
    "asked again. The next run makes other scores of the same verdicts; earlier runs keep theirs.",
    "cosmetic": "Nothing ends and nothing is asked again.",
}
_BY_CODE: dict[ChangeKind, str] = {
    "added": "Code decides it, for old items too at the next run; no judge is asked.",
    "reworded": "Code decides it, so nothing is paid: answers are computed anew, and its labels "
    "end.",
    "instrument": "Code decides it, so nothing is paid: answers are computed anew; labels stand.",
}
_ALL_STANDS = "Verdicts, labels and agreement figures stand, and nothing is asked again."
_NEEDS = (
    "The question is shown as before: stored replies of LLM judges are read again, and only items "
    "that code held back until now are asked about; other judges answer anew. Labels stand."
)
_IF_EMPTY = (
    "Only the answers that code gives to empty outputs change: stored replies of LLM judges are "
    "read again, other judges answer anew. Labels stand."
)
_UNSEEN = frozenset({"kind", "values", "weight", "gate", "needs", "if_empty"})
"""Parts that no LLM judge is shown: it sees the answers, not whether they have an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionChange:
    """What became of one criterion."""

    id: str
    kind: ChangeKind
    parts: tuple[str, ...] = ()
    """The keys that changed, in the order of a rubric file; `task` among them."""
    consequence: str
    """What follows for verdicts, labels and scores."""
    verdicts_end: bool = False
    """Whether another instrument measures it: old verdicts are not used again as they are."""
    asked_again: bool = False
    """Whether a judge that puts each criterion in a call of its own reads another prompt."""
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
    asked_again_in_one_call: tuple[str, ...]
    """The same as `asked_again`, of judges that put all criteria in one call: all or none."""

    def __bool__(self) -> bool:
        return bool(self.changes or self.parts)

    @property
    def labels_end(self) -> tuple[str, ...]:
        """The ids whose labels and agreement figures end."""
        return tuple(c.id for c in self.changes if c.kind == "reworded")

    @property
    def verdicts_end(self) -> tuple[str, ...]:
        """The ids whose verdicts end, whatever else is asked in the same call."""
        return tuple(c.id for c in self.changes if c.verdicts_end)

    @property
    def asked_again(self) -> tuple[str, ...]:
        """The ids that the next run asks anew on items it has judged before.

        True of LLM judges that put each criterion in a call of its own.
        """
        return tuple(c.id for c in self.changes if c.asked_again)

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
            "verdicts_end": list(self.verdicts_end),
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
    together = _in_one_call(old, new, changes)
    return RubricDiff(
        old=f"{old.name} {old.version}",
        new=f"{new.name} {new.version}",
        changes=tuple(changes),
        unchanged=tuple(c.id for c in new.criteria if c.id not in {x.id for x in changes}),
        parts=parts,
        notes=tuple(_notes(old, new, changes, parts, together=together)),
        asked_again_in_one_call=together,
    )


def _in_one_call(old: Rubric, new: Rubric, changes: list[CriterionChange]) -> tuple[str, ...]:
    """Return the ids in a call of all criteria where that call's prompt changed."""
    judged = tuple(criterion.id for criterion in new.judged)
    moved = judged != tuple(criterion.id for criterion in old.judged)
    return judged if moved or any(change.asked_again for change in changes) else ()


def _kept(old: Rubric, new: Rubric, everywhere: list[str]) -> Iterator[CriterionChange]:
    for criterion in new.criteria:
        before = old.by_id.get(criterion.id)
        if before is None:
            continue
        asked = _asked_parts(before, criterion)
        shown = [] if criterion.check is not None else everywhere
        shown = [*_order(before, criterion), *shown]
        held = _held_back_parts(before, criterion)
        scored = _scored_parts(before, criterion)
        if before.question != criterion.question:
            yield _reworded(before, criterion, (*asked, *held, *shown, *scored))
        elif shown:
            yield _change(criterion, "instrument", (*held, *shown, *scored))
        elif held:
            change = _change(criterion, "instrument", (*held, *scored))
            if criterion.check is None:
                told = _NEEDS if "needs" in held else _IF_EMPTY
                change = replace(change, asked_again=False, consequence=told)
            yield change
        elif scored:
            yield _change(criterion, "scoring", tuple(scored))
        elif before != criterion:
            yield _change(criterion, "cosmetic", tuple(_cosmetic_parts(before, criterion)))


def _change(criterion: Criterion, kind: ChangeKind, parts: tuple[str, ...] = ()) -> CriterionChange:
    by_code = criterion.check is not None
    consequence = _BY_CODE.get(kind) if by_code else None
    ends = kind in {"reworded", "instrument"}
    return CriterionChange(
        id=criterion.id,
        kind=kind,
        parts=parts,
        consequence=consequence or _CONSEQUENCE[kind],
        verdicts_end=ends,
        asked_again=not by_code and (ends or kind == "added"),
    )


def _reworded(before: Criterion, after: Criterion, parts: tuple[str, ...]) -> CriterionChange:
    change = _change(after, "reworded", parts)
    if _UNSEEN.issuperset(parts):
        change = replace(change, asked_again=False)
    if likeness(before.ask, after.ask) < REUSED:
        return replace(change, suspicion="id-reuse")
    return change


def _added(old: Rubric, new: Rubric) -> Iterator[CriterionChange]:
    gone = {c.question: c.id for c in old.criteria if c.id not in new.by_id}
    for criterion in new.criteria:
        if criterion.id in old.by_id:
            continue
        change = _change(criterion, "added")
        former = gone.get(criterion.question)
        yield (
            replace(
                change,
                suspicion="renamed",
                other=former,
                consequence=f"It asks word for word what '{former}' asked: labels and agreement "
                "stand, since they hang on the question, but reports by id start anew"
                + (", and so do LLM judges, who are shown the id." if change.asked_again else "."),
            )
            if former
            else change
        )


def _removed(old: Rubric, new: Rubric) -> Iterator[CriterionChange]:
    come = {c.question: c.id for c in new.criteria if c.id not in old.by_id}
    for criterion in old.criteria:
        if criterion.id in new.by_id:
            continue
        change = _change(criterion, "removed")
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


def _order(before: Criterion, after: Criterion) -> list[str]:
    """Name choices in another order: the same question, put otherwise."""
    if before.kind != after.kind or before.kind != "choices":
        return []
    one, other = [*before.values], [*after.values]
    return ["choices"] if one != other and sorted(one) == sorted(other) else []


def _held_back_parts(before: Criterion, after: Criterion) -> list[str]:
    """Name what decides about which items a judge is asked at all."""
    needs = ["needs"] if sorted(before.needs) != sorted(after.needs) else []
    return [*needs, "if_empty"] if before.if_empty != after.if_empty else needs


def _scored_parts(before: Criterion, after: Criterion) -> list[str]:
    parts = [name for name in ("weight", "gate") if getattr(before, name) != getattr(after, name)]
    same_levels = before.values.keys() == after.values.keys()
    return [*parts, "values"] if same_levels and before.values != after.values else parts


def _cosmetic_parts(before: Criterion, after: Criterion) -> Iterator[str]:
    names = [n for n in ("guard", "generic", "needs") if getattr(before, n) != getattr(after, n)]
    yield from names or ["white space"]


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
    old: Rubric,
    new: Rubric,
    changes: list[CriterionChange],
    parts: tuple[str, ...],
    *,
    together: tuple[str, ...],
) -> Iterator[str]:
    kinds = {change.kind for change in changes}
    if together:
        yield (
            "A judge that is asked about all criteria in one call reads another prompt, so with "
            "such a judge the verdicts of every judged criterion end."
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
