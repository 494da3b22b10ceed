"""Raising: when a judge whose code raises is broken as a whole."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trueup.errors import JudgeError
from trueup.judge.blame import is_ours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.judge.verdict import Finding

_ALIKE = 20
"""So many requests that end in the same exception, and none with a value, mean a broken judge."""


class Raising:
    """Watches for a judge that raises the same at the same place from the start.

    What a judge raises about one item is that item's finding. A judge that has answered nothing
    yet and raises so time and again is broken: the run would end in as many failures as it has
    items.
    """

    def __init__(self, judge: str) -> None:
        self._judge = judge
        self._places: Counter[tuple[str, str]] = Counter()
        self._said = ""
        self._answered = False

    def see(self, findings: Mapping[str, Finding]) -> None:
        """Take note of what became of one request."""
        if self._answered:
            return
        self._answered = any(finding.outcome == "scored" for finding in findings.values())
        raised = [f for f in findings.values() if f.reason == "judge_raised"]
        if raised and not self._answered:
            detail, self._said = raised[0].detail, raised[0].explanation
            self._places[str(detail.get("raised")), str(detail.get("at"))] += 1

    def check(self) -> None:
        """End the run where nothing but one and the same exception has come.

        Raises:
            JudgeError: It names the exception, and where it arose.
        """
        if self._answered or not self._places:
            return
        (_, place), count = self._places.most_common(1)[0]
        if count < _ALIKE:
            return
        what = f"its code raised the same for each of {count} items, at {place} ({self._said})"
        mend = (
            "This is a fault of trueup: please report it"
            if is_ours(place)
            else "Mend it and run again: what failed is asked again"
        )
        raise JudgeError(what, where=self._judge, mend=mend)
