"""HeldOut: the reward beside a measure that the run is not rewarded by."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, SupportsFloat, TypeAlias

from trueup.errors import ConfigError, DataError
from trueup.goodhart.training import Advice, TrainingMonitor
from trueup.monitor.rule import Rule, Ruling
from trueup.monitor.same import instruments_of, models_of
from trueup.reward import Reward, Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trueup.item.model import Item
    from trueup.monitor.rule import Scored
    from trueup.reward import Abstain

    Gold: TypeAlias = Callable[[list[Item]], Sequence["SupportsFloat | Abstain | None"]]

_log = logging.getLogger("trueup.monitor")


class HeldOut(Rule):
    """Watch the reward beside gold: what the run never learns from.

    Gold is another judge, a checker or people. Given as a function it is asked about every
    `every`-th rewarded batch, and compared with the rewards of the same outputs; the batches of a
    step are one reading. Given as a name it is read from the trainer's log, where both should be
    means over the same prompts; they may come in two logs of one step.

    Args:
        gold: From items to a number for each, None or an `Abstain` where there is none, such as
            `Scorer(...).score_batch`; or the name of a metric that the trainer logs.
        every: Ask about every so many batches, at the price of one in so many judge calls.
        proxy: Name of the reward in the trainer's log; only for gold by name.
        kl: Name of the divergence from the first policy there, where it is logged.
        monitor: Decides; a `TrainingMonitor` with its own settings where left out.
    """

    def __init__(
        self,
        gold: str | Gold,
        *,
        every: int = 1,
        proxy: str = "rewards/trueup/mean",
        kl: str | None = None,
        monitor: TrainingMonitor | None = None,
    ) -> None:
        self.gold, self.every, self.proxy, self.kl = gold, every, proxy, kl
        self.monitor = TrainingMonitor() if monitor is None else monitor
        self.advice: Advice | None = None
        """What the monitor said last; None before it had both."""
        self.asked = 0
        """Outputs that gold was asked about."""
        self._batches = 0
        self._open: int | None = None
        self._pairs: list[tuple[float, float]] = []
        self._step: int | None = None
        self._seen: dict[str, float] = {}

    def rewarded_by(self, scorer: Scorer) -> None:
        """Refuse a gold that is the rewarding judge itself; warn of one that runs on its model.

        Raises:
            ConfigError: Gold asks the same judge the same: it would rise with the reward.
        """
        other = getattr(self.gold, "__self__", None)
        if not isinstance(other, Scorer):
            return
        one, two = instruments_of(scorer), instruments_of(other)
        if same := [name for name in one if one[name] in two.values()]:
            what = f"gold is the judge that rewards, in {', '.join(same)}, and would rise with it"
            raise ConfigError(what, mend="Give HeldOut a judge of another family, or a checker")
        if shared := models_of(one) & models_of(two):
            _log.warning(
                "Gold and reward both ask %s: what fools one is likely to fool the other. "
                "Take a model of another family for gold.",
                ", ".join(sorted(shared)),
            )

    def saw(self, batch: Scored) -> None:
        """Ask for gold of a batch, where it is a function.

        Raises:
            DataError: Gold did not return a value for each item.
        """
        if isinstance(self.gold, str) or batch.step is None:
            return
        self._close(before=batch.step)
        self._batches += 1
        if (self._batches - 1) % self.every:
            return
        both = zip(batch.items, batch.results, strict=True)
        rewarded = [(item, one.value) for item, one in both if isinstance(one, Reward)]
        if not rewarded:
            return
        found = self.gold([item for item, _ in rewarded])
        self.asked += len(rewarded)
        if len(found) != len(rewarded):
            what = f"gold returned {len(found)} values for {len(rewarded)} outputs"
            raise DataError(what, mend="Return one for each; None where there is none")
        self._open = batch.step
        for (_, proxy), one in zip(rewarded, found, strict=True):
            if isinstance(one, SupportsFloat) and math.isfinite(float(one)):
                self._pairs.append((proxy, float(one)))

    def read(self, step: int, metrics: Mapping[str, object]) -> None:
        """Hand both to the monitor once both are known of a step."""
        if not isinstance(self.gold, str):
            self._close(before=step)
            return
        if self.advice is not None and step <= self.advice.step:
            return  # a resumed run goes through steps that were seen before
        if step != self._step:
            self._step, self._seen = step, {}
        for name in (self.proxy, self.gold, self.kl):
            value = metrics.get(name) if name else None
            if name and isinstance(value, int | float) and math.isfinite(value):
                self._seen[name] = float(value)
        if self.proxy in self._seen and self.gold in self._seen:
            kl = self._seen.get(self.kl) if self.kl else None
            self.advice = self.monitor.update(
                step, self._seen[self.proxy], self._seen[self.gold], kl=kl
            )

    def _close(self, *, before: int) -> None:
        """Make one reading of the batches of an earlier step."""
        step, pairs = self._open, self._pairs
        if step is None or step >= before:
            return
        self._open, self._pairs = None, []
        if pairs and (self.advice is None or step > self.advice.step):
            proxy, gold = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
            self.advice = self.monitor.update(step, proxy, gold)

    def ruling(self) -> Ruling:
        """Return the monitor's advice."""
        said = self.advice
        if said is None:
            why = "No step has had both reward and gold yet."
            return Ruling(rule="held_out", reason=why)
        return Ruling(
            action=said.action, rule="held_out", reason=said.reason, step=said.step,
            best_step=said.best_step,
        )  # fmt: skip

    def metrics(self) -> dict[str, float]:
        """Return the evidence for a gap and its size, as soon as there is some."""
        said = self.advice
        if said is None:
            return {}
        found = {"held_out/evidence": said.evidence, "held_out/needed": said.needed}
        return found if said.gap is None else {**found, "held_out/gap": said.gap}
