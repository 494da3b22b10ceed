"""Triage: what code decides about an item, and what a judge is asked.

Code comes first and is free: faults of the item, missing material, empty outputs and code
checks. Judges hardly ever abstain by themselves, so what they cannot see is found here.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trueup.item.model import as_text, content_hash
from trueup.judge.verdict import Finding, scored, unscored
from trueup.rubric.check import CHECKS, run_check
from trueup.runner.heldout import refuse_rubric, withheld

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.item.model import Item, Text
    from trueup.judge.protocol import Judge
    from trueup.judge.verdict import Outcome
    from trueup.rubric.model import Criterion, Rubric


@dataclass(frozen=True, slots=True)
class Column:
    """One criterion of a run: what measures it."""

    criterion: Criterion
    judge: str
    """The judge's name; `code` where a check decides."""
    declared: Mapping[str, Any]
    key: bytes
    """16 bytes over all that is declared: the instrument."""

    @property
    def instrument(self) -> str:
        """The instrument as reports name it."""
        return self.key.hex()[:16]

    def row(self) -> dict[str, Any]:
        """Return the row that describes this instrument in a store."""
        return {
            "key": self.key,
            "judge": self.judge,
            "criterion": self.criterion.id,
            "question": self.criterion.question,
            "declared": json.dumps(self.declared, sort_keys=True),
        }


@dataclass(frozen=True, slots=True)
class Triaged:
    """An item with what code could decide about it."""

    item: Item
    body: str
    content: bytes
    decided: Mapping[str, Finding]
    """Findings by rule; the other criteria are the judge's."""


class Triage:
    """Sorts items for one rubric and one judge.

    Args:
        rubric: Whose criteria are asked.
        judge: Who answers those that code cannot; None where code decides all.
        held_out: Names of signals, and of columns that hold some, which nobody is shown.

    Raises:
        RubricError: The rubric asks for a signal.
    """

    def __init__(
        self, rubric: Rubric, judge: Judge | None, *, held_out: Mapping[str, str] | None = None
    ) -> None:
        self.rubric = rubric
        self._held_out = held_out or {}
        refuse_rubric(rubric, self._held_out)
        capabilities = judge.capabilities if judge is not None else None
        self._by_id = capabilities is not None and capabilities.by_id
        everything = capabilities is not None and capabilities.all_metadata
        self.shown = None if everything else tuple(sorted({*rubric.metadata, *_checked(rubric)}))
        self.columns = tuple(_column(rubric, c, judge) for c in rubric.criteria)

    def sort(self, item: Item) -> Triaged:
        """Return an item with what code decides about it, and without any signal."""
        item = withheld(item, self._held_out)
        body = item.body(self.shown)
        content = content_hash(body)
        if self._by_id:
            content = hashlib.sha256(content + item.id.encode("utf-8", "replace")).digest()[:16]
        present = item.present()
        empty = _blank(item.output)
        decided = dict(self._decide(item, present, empty=empty))
        return Triaged(item, body, content, decided)

    def _decide(
        self, item: Item, present: frozenset[str], *, empty: bool
    ) -> Iterator[tuple[str, Finding]]:
        for criterion in self.rubric.criteria:
            finding = decide(criterion, item, present, empty=empty)
            if finding is not None:
                yield criterion.id, finding


def decide(
    criterion: Criterion, item: Item, present: frozenset[str], *, empty: bool
) -> Finding | None:
    """Return what code decides about one criterion; None where a judge has to.

    Args:
        criterion: What is asked.
        item: What is judged.
        present: The material that the item carries, as `Item.present` names it.
        empty: Whether the output has no visible text.
    """
    if item.fault is not None:
        return unscored("abstained", item.fault).by("rule")
    if not present.issuperset(criterion.needs):
        missing = ", ".join(sorted(set(criterion.needs) - present))
        return unscored("abstained", "missing_input", f"the item has no {missing}").by("rule")
    if criterion.check is not None:
        return _checked_by_code(criterion, item)
    if not empty:
        return None
    if criterion.if_empty is not None:
        value = criterion.values[criterion.if_empty]
        return scored(value, criterion.if_empty, "the output is empty").by("rule")
    return unscored("abstained", "empty_output", "the output is empty").by("rule")


def _blank(output: Text) -> bool:
    """Whether there is nothing to see: only white space, control and formatting characters."""
    if not isinstance(output, str):
        return all(_blank(as_text((message,)).partition(":")[2]) for message in output)
    if output[:1].isalnum():
        return False
    return all(char.isspace() or unicodedata.category(char) in {"Cc", "Cf"} for char in output)


def _checked_by_code(criterion: Criterion, item: Item) -> Finding:
    result = run_check(criterion.check or {}, item)
    if result.met is not None:
        level = "met" if result.met else "unmet"
        return scored(criterion.values[level], level, result.explanation).by("rule")
    outcome: Outcome = "abstained" if result.reason == "missing_input" else "failed"
    return unscored(outcome, result.reason, result.explanation).by("rule")


def _checked(rubric: Rubric) -> set[str]:
    """Return the metadata keys that code checks look at."""
    prefix = "metadata."
    places = set()
    for check in (c.check for c in rubric.criteria if c.check):
        other = check.get("equals")
        places |= {check.get("where"), other.get("field") if isinstance(other, Mapping) else None}
    return {str(p).removeprefix(prefix) for p in places if str(p).startswith(prefix)}


def _column(rubric: Rubric, criterion: Criterion, judge: Judge | None) -> Column:
    declared: dict[str, Any] = {"needs": sorted(criterion.needs), "if_empty": criterion.if_empty}
    if criterion.check is not None or judge is None:
        declared |= {"kind": "code", "checks": CHECKS, "check": criterion.check}
        name = "code"
    else:
        declared["judge"] = judge.instrument(rubric, criterion.id)
        name = judge.name
    declared["question"] = criterion.question
    text = json.dumps(declared, sort_keys=True, ensure_ascii=True)
    key = hashlib.sha256(text.encode("ascii")).digest()[:16]
    return Column(criterion, name, declared, key)
