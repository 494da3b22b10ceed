"""Survey: the counts that `doctor` takes in one pass over a source's items."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from trueup.item.model import TEXTS, as_text
from trueup.item.names import ALIASES

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.item.model import Item, Text

_REST = tuple(name for name in ALIASES if name not in {"id", "metadata", *TEXTS})
_DISTINCT = ("version", "arm", "segment", "group", "product")
_NULL_WORDS = frozenset({"nan", "NaN", "None", "null", "NULL", "<NA>", "undefined"})
_MOST_KEYS = 500


class Lengths(NamedTuple):
    """Characters of a text; messages count as they are shown to a judge."""

    median: int
    p95: int
    longest: int


@dataclass(slots=True)
class Survey:
    """Counts over items. Takes about 300 bytes an item, for lengths and hashes."""

    rows: int = 0
    present: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    weeks: set[tuple[int, int]] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None
    empty_outputs: int = 0
    null_words: int = 0
    repeated_ids: int = 0
    repeated_outputs: int = 0
    repeated_items: int = 0
    _lengths: dict[str, array[int]] = field(
        default_factory=lambda: {name: array("Q") for name in TEXTS}
    )
    _seen: dict[str, set[object]] = field(
        default_factory=lambda: {name: set() for name in (*_DISTINCT, "id", "output", "item")}
    )

    def add(self, item: Item) -> None:
        """Count one item."""
        self.rows += 1
        if item.fault:
            self.faults[item.fault] += 1
        for name in TEXTS:
            text: Text | None = getattr(item, name)
            if text:
                self._add_text(name, text)
        for name in _REST:
            value = getattr(item, name)
            if value is not None:
                self.present[name] += 1
                if name in _DISTINCT:
                    self._seen[name].add(value)
        if item.timestamp is not None:
            self._add_time(item.timestamp)
        if len(self.keys) < _MOST_KEYS:
            self.keys.update(item.metadata.keys())
        self._add_repeats(item)

    def distinct(self, name: str) -> int:
        """Return how many values a field has: version, arm, segment, group or product."""
        return len(self._seen[name])

    def lengths(self) -> dict[str, Lengths]:
        """Return the lengths, by nearest rank, of every text field that is there at all."""
        found = {}
        for name, seen in self._lengths.items():
            if seen:
                ordered = sorted(seen)
                middle, high = ((len(ordered) * share + 99) // 100 - 1 for share in (50, 95))
                found[name] = Lengths(ordered[middle], ordered[high], ordered[-1])
        return found

    def _add_text(self, name: str, text: Text) -> None:
        self.present[name] += 1
        if not isinstance(text, str):
            self.messages[name] += 1
        self._lengths[name].append(len(as_text(text)))

    def _add_time(self, moment: datetime) -> None:
        year, week, _ = moment.isocalendar()
        self.weeks.add((year, week))
        self.first = moment if self.first is None else min(self.first, moment)
        self.last = moment if self.last is None else max(self.last, moment)

    def _add_repeats(self, item: Item) -> None:
        self.repeated_ids += self._repeats("id", hash(item.id))
        if item.fault == "missing_output":
            return
        output = as_text(item.output)
        if not output.strip():
            self.empty_outputs += 1
            return
        self.null_words += output in _NULL_WORDS
        self.repeated_outputs += self._repeats("output", hash(output))
        self.repeated_items += self._repeats("item", hash((as_text(item.input), output)))

    def _repeats(self, name: str, mark: int) -> bool:
        seen = self._seen[name]
        if mark in seen:
            return True
        seen.add(mark)
        return False
