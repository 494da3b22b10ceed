"""Degenerate: a good reward for hardly any output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.item.model import as_text
from trueup.monitor.rule import Rule, Ruling
from trueup.reward import Reward

if TYPE_CHECKING:
    from trueup.monitor.rule import Scored

_SHOWN = 60


class Degenerate(Rule):
    """Stop when an output of hardly any words passes.

    Single signs, bare openers and phrases of no content can earn a judge's full reward, and a run
    that has found one of them needs few steps to answer nothing else. One such output may be an
    accident or a right short answer; so many of them are not.

    Source: Zhao et al., "One token to fool LLM-as-a-judge" (arXiv 2507.08794), for what fools.

    Args:
        words: Outputs with fewer are looked at. Set it below the shortest honest answer.
        passes: Rewards from which on an output passes.
        count: Passing outputs of that kind, over the run, that stop it.
    """

    def __init__(self, *, words: int = 5, passes: float = 0.5, count: int = 3) -> None:
        self.words, self.passes, self.count = words, passes, count
        self.found = 0
        """Outputs of that kind so far."""
        self._step: int | None = None
        self._shown = ""

    def saw(self, batch: Scored) -> None:
        """Count passing outputs of hardly any words."""
        for item, result in zip(batch.items, batch.results, strict=True):
            if not isinstance(result, Reward) or result.value < self.passes:
                continue
            text = as_text(item.output)
            if len(text.split()) < self.words:
                self.found += 1
                if self.found <= self.count:
                    self._step, self._shown = batch.step, text[:_SHOWN]

    def ruling(self) -> Ruling:
        """Return `stop` from `count` on; it stays."""
        if self.found < self.count:
            return Ruling(rule="degenerate", step=self._step, reason="Short outputs do not pass.")
        why = (
            f"{self.found} outputs of fewer than {self.words} words got {self.passes:g} or more, "
            f"such as {self._shown!r}."
        )
        return Ruling(action="stop", rule="degenerate", step=self._step, reason=why)

    def metrics(self) -> dict[str, float]:
        """Return how many there were."""
        return {"degenerate/passed": float(self.found)}
