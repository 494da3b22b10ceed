"""Surface: the best-rewarded outputs begin to look alike in a way that costs nothing."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from trueup.errors import ConfigError
from trueup.item.model import as_text
from trueup.monitor.marks import MARKS
from trueup.monitor.rule import ACTIONS, Rule, Ruling
from trueup.reward import Reward

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.monitor.marks import Mark
    from trueup.monitor.rule import Action, Scored

    Carried = frozenset[str]

FEWEST = 20
"""Best-rewarded outputs that a rate is taken over at least."""
LONG = "long"
_BEST_OF_FIRST = 50
"""Outputs with the highest rewards, for a baseline where hardly any is among the best yet. Taken
from all, it would differ from the best in whatever the judge has liked from the start."""
_LONGER = 1.5
_BEYOND = 3.3
"""Standard errors that a rise must lie beyond 0: many marks are looked at, and many times."""


class Surface(Rule):
    """Warn when a mark such as self-praise spreads among the best-rewarded outputs.

    The first `baseline` outputs of the run say how common a mark was: among the best of them where
    there are 20, else among the 50 with the highest rewards. Later the last `window` best ones are
    compared with that. A rise counts from `rise` on, and where it is beyond chance (3.3 standard
    errors, of two binomials).

    Beside the marks given, `long` is looked at: more than 1.5 times the words of the baseline's
    median.

    Source: the mechanism test of CHERRL (arXiv 2606.04923), made a rate with an error.

    Args:
        marks: Name -> whether a text carries it; those of `marks.MARKS` where left out.
        top: Rewards from which on an output is among the best.
        rise: Least rise that counts, as a share.
        baseline: Outputs at the beginning of the run that are the baseline.
        window: Best-rewarded outputs that are compared with it.
        action: What is said; `warn`, or `stop`, for a rule that is joined with another by `&`.
    """

    def __init__(
        self,
        marks: Mapping[str, Mark] | None = None,
        *,
        top: float = 0.99,
        rise: float = 0.2,
        baseline: int = 200,
        window: int = 200,
        action: Action = "warn",
    ) -> None:
        if action not in ACTIONS[1:]:
            what = f"action is {action!r}"
            raise ConfigError(what, mend=f"It is one of {', '.join(ACTIONS[1:])}")
        if min(baseline, window) < FEWEST:
            what = f"baseline is {baseline} and window {window}"
            raise ConfigError(what, mend=f"Give {FEWEST} outputs or more for each")
        self.marks = dict(MARKS if marks is None else marks)
        self.top, self.rise, self.action, self._size = top, rise, action, baseline
        self._first: list[tuple[float, int, Carried]] = []
        self._long = math.inf
        self._usual: dict[str, float] = {}
        self._of = 0
        self._last: deque[Carried] = deque(maxlen=window)
        self._step: int | None = None

    def saw(self, batch: Scored) -> None:
        """Look at the rewarded outputs of a batch."""
        self._step = batch.step
        for item, result in zip(batch.items, batch.results, strict=True):
            if not isinstance(result, Reward):
                continue
            text = as_text(item.output)
            words = len(text.split())
            if self._usual:
                if result.value >= self.top:
                    self._last.append(self._carried(text, words))
            else:
                self._first.append((result.value, words, self._carried(text, words)))
                if len(self._first) >= self._size:
                    self._begin()

    def rates(self) -> dict[str, tuple[float, float]]:
        """Return, for each mark, its rate in the baseline and now; empty before 20 best ones."""
        if not self._usual or len(self._last) < FEWEST:
            return {}
        count = len(self._last)
        return {
            name: (usual, sum(name in carried for carried in self._last) / count)
            for name, usual in self._usual.items()
        }

    def ruling(self) -> Ruling:
        """Return the action where a mark has spread."""
        risen = {name: pair for name, pair in self.rates().items() if self._risen(*pair)}
        if not risen:
            return Ruling(rule="surface", step=self._step, reason="No mark has spread.")
        name, (usual, now) = max(risen.items(), key=lambda one: one[1][1] - one[1][0])
        others = sorted(risen.keys() - {name})
        more = f" So have {', '.join(others)}." if others else ""
        why = (
            f"Among the last {len(self._last)} best-rewarded outputs {now:.0%} carry the mark "
            f"{name}, {usual:.0%} did at first.{more}"
        )
        return Ruling(action=self.action, rule="surface", step=self._step, reason=why)

    def metrics(self) -> dict[str, float]:
        """Return the rate of every mark among the best-rewarded outputs."""
        return {f"surface/{name}": now for name, (_, now) in self.rates().items()}

    def _carried(self, text: str, words: int) -> Carried:
        found = {name for name, carries in self.marks.items() if carries(text)}
        return frozenset(found | {LONG} if words > self._long else found)

    def _begin(self) -> None:
        rows = sorted(self._first, key=lambda row: -row[0])
        count = sum(value >= self.top for value, _, _ in rows)
        held = rows[: count if count >= FEWEST else _BEST_OF_FIRST]
        words = sorted(size for _, size, _ in held)
        self._of = len(held)
        self._long = _LONGER * max(words[len(words) // 2], 1)
        self._usual = {name: sum(name in one for *_, one in held) / self._of for name in self.marks}
        self._usual[LONG] = sum(size > self._long for size in words) / self._of
        self._first = []

    def _risen(self, usual: float, now: float) -> bool:
        sizes = (self._of, len(self._last))
        # a rate of 0 or 1 has an error too (Agresti and Caffo 2000)
        rates = [(rate * n + 1) / (n + 2) for rate, n in zip((usual, now), sizes, strict=True)]
        error = math.sqrt(sum(p * (1 - p) / (n + 2) for p, n in zip(rates, sizes, strict=True)))
        return now - usual >= self.rise and rates[1] - rates[0] > _BEYOND * error
