"""TrainingMonitor: is the reward of a training run still worth what it was."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from trueup.goodhart.training import sentence, state
from trueup.goodhart.training.advice import Advice
from trueup.goodhart.training.curve import Curve
from trueup.goodhart.training.fall import fallen
from trueup.goodhart.training.findings import Findings
from trueup.goodhart.training.fit import fitted
from trueup.goodhart.training.gap import Gap
from trueup.goodhart.training.reading import reading, whole_step
from trueup.goodhart.training.series import Levels, Noise
from trueup.goodhart.training.settings import Settings
from trueup.goodhart.training.slope import Window

if TYPE_CHECKING:
    import os
    from typing import SupportsIndex

    from numpy.typing import ArrayLike

    from trueup.goodhart.training.curve import Course
    from trueup.goodhart.training.reading import Reading


class TrainingMonitor:
    """Watch a training run's proxy beside gold and say `continue`, `warn` or `stop`.

    The proxy is what the run is rewarded by, gold a judge or measure that the run never sees, both
    over the same fixed prompts. Four rules look at every step that has both:

    - `slope` warns: over the last 60 steps proxy minus gold rises beyond chance and by the margin.
      Its bound is for a look after each of 700 steps of white noise, not for any length of run.
    - `gap` stops: an e-process confirms that proxy minus gold stands above its earlier mean by more
      than the margin. In a run where it does not, it speaks with chance alpha at most, however long
      the run and however often it is looked at; see `gap.Gap` for the proof's conditions.
    - `fall` stops: gold is below its best by more than the margin; chance alpha at most as well.
    - `curve` stops, where KL is known: gold over KL, in the form of Gao et al., is past its peak by
      2.5 standard errors; silent where the form does not fit, `fall` is then what watches gold.

    `slope` and `gap` also need gold to gain less than `share` of what the proxy gains: two scores
    that rise together at different rates are no alarm. A stop stays; after going back to
    `best_step` with another reward, begin a new monitor.

    Without gold nothing can be said and nothing is. Memory is bounded: 64 slots of gold by prompt,
    the last window, 256 possible beginnings of the gap. An update takes about 0.3 ms, with 1,000
    prompts 1 ms.

    Source: the margin and the window from a backtest on the curves of CHERRL (arXiv 2606.04923);
    the e-process from Lindon et al. (2022) and Shin, Ramdas and Rinaldo (2022); the curve from
    Gao, Schulman and Hilton (2023).

    Args:
        margin: Smallest change that matters, in shares of the scale.
        share: Of what the proxy gains, gold should gain at least this share.
        window: Steps that the slope is taken over, twelve readings at least.
        alpha: Chance of each of `gap` and `fall` to stop a run in which its null holds.
        scale: Two values of the proxy whose distance counts as 1; needed outside [0, 1].
        gold_scale: The same of gold, where it differs.

    Raises:
        UnusableSetting: A setting is of another type, or out of its range. It is a ConfigError
            and a ValueError.

    >>> monitor = TrainingMonitor()
    >>> monitor.update(0, 0.31, 0.30).action
    'continue'
    """

    def __init__(
        self,
        *,
        margin: float = 0.05,
        share: float = 0.5,
        window: int = 60,
        alpha: float = 0.01,
        scale: tuple[float, float] | None = None,
        gold_scale: tuple[float, float] | None = None,
    ) -> None:
        self._settings = Settings(
            margin=margin,
            share=share,
            window=window,
            alpha=alpha,
            scale=scale,
            gold_scale=gold_scale,
        )
        self._step: int | None = None
        self._looks = 0
        self._levels: Levels | None = None
        self._window = Window(np.zeros((0, 4)))
        self._gap = Gap.empty()
        self._gap_noise = Noise([])
        self._gold_noise = Noise([])
        self._curve = Curve.empty(0)
        self._advice: Advice | None = None

    def update(
        self,
        step: SupportsIndex | float,
        proxy: ArrayLike,
        gold: ArrayLike | None = None,
        *,
        kl: float | None = None,
    ) -> Advice:
        """Take a step's scores in and return what to do.

        Args:
            step: Whole number, larger than the last one; steps may be left out.
            proxy: Mean reward, or one for each of a fixed set of prompts; NaN where it failed.
            gold: The same of gold; None at steps where it was not measured.
            kl: Divergence of the policy from the first one, in nats.

        Raises:
            UnusableReading: The step goes back, the number of prompts changed, a value is infinite
                or far outside its scale. It is a DataError and a ValueError; the monitor is as it
                was before.
        """
        number = whole_step(step, self._step)
        prompts = None if self._levels is None else self._levels.count.size
        new = reading(number, proxy, gold, kl, settings=self._settings, prompts=prompts)
        self._step = number
        if new is not None:
            self._take(new)
            self._advice = self._judged(number)
        elif self._advice is not None:
            self._advice = dataclasses.replace(self._advice, step=number)
        else:
            self._advice = self._nothing(number)
        return self._advice

    def _take(self, new: Reading) -> None:
        if self._levels is None:
            self._levels = Levels.of(new)
            self._curve = Curve.empty(new.gold.size)
        point = self._levels.point(new)
        self._window.add(new.step, point, window=self._settings.window)
        self._gap.add(new.step, point, share=self._settings.share)
        self._gap_noise.add(point.proxy - point.gold)
        self._gold_noise.add(point.gold)
        self._curve.add(new)

    def _nothing(self, step: int) -> Advice:
        return Advice(
            action="continue",
            step=step,
            best_step=None,
            reason="No step has had both proxy and gold yet, so nothing can be said.",
            alarms=(),
            since=None,
            gap=None,
            gap_low=None,
            gap_high=None,
            evidence=0.0,
            needed=-math.log(self._settings.alpha),
            readings=0,
        )

    def _judged(self, step: int) -> Advice:
        course = self._curve.course()
        found = self._found(course)
        fit, opened, before = found.fit, found.opened, self._advice
        best = fit.best if fit and fit.holds else self._curve.best(course.means)
        best_step, readings = self._curve.steps[best], self._gap.readings
        stopped = before is not None and before.action == "stop"
        reason = sentence.reason(
            found, settings=self._settings, best_step=best_step, readings=readings
        )
        return Advice(
            action="stop" if stopped else found.action,
            step=step,
            best_step=best_step,
            reason=before.reason if before and stopped else reason,
            alarms=found.alarms,
            since=opened.since if opened else None,
            gap=opened.gap if opened else None,
            gap_low=opened.low if opened else None,
            gap_high=opened.high if opened else None,
            evidence=opened.evidence if opened else 0.0,
            needed=found.needed,
            readings=readings,
        )

    def _found(self, course: Course) -> Findings:
        settings, noise = self._settings, self._gold_noise
        self._looks += 1
        inflation = self._gap_noise.inflation
        return Findings(
            rise=self._window.rise(inflation, margin=settings.margin, share=settings.share),
            opened=self._gap.opened(inflation, margin=settings.margin),
            fit=fitted(self._curve, course, noise=noise.variance * noise.inflation),
            fall=fallen(
                self._curve,
                course,
                noise,
                look=self._looks,
                margin=settings.margin,
                alpha=settings.alpha,
            ),
            needed=-math.log(settings.alpha),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all that the monitor knows, as JSON can hold it."""
        return state.sealed(
            {
                "settings": state.plain(self._settings),
                "step": self._step,
                "looks": self._looks,
                "levels": state.plain(self._levels),
                "window": state.plain(self._window),
                "gap": state.plain(self._gap),
                "gap_noise": state.plain(self._gap_noise),
                "gold_noise": state.plain(self._gold_noise),
                "curve": state.plain(self._curve),
                "advice": state.plain(self._advice),
            }
        )

    @classmethod
    def from_dict(cls, held: dict[str, Any], *, where: str | None = None) -> Self:
        """Return the monitor that `to_dict` was called on; it goes on with the very same advice.

        Args:
            held: What `to_dict` returned.
            where: Names the file in errors.

        Raises:
            DataError: It is no monitor's state, of another version, or damaged.
        """
        body = state.opened(held, where=where)
        try:
            monitor = cls(**body["settings"])
            monitor._restore(body)
        except state.FAULTS as error:
            raise state.broken(f"{type(error).__name__}: {error}", where) from error
        return monitor

    def _restore(self, body: dict[str, Any]) -> None:
        self._step, self._looks = body["step"], body["looks"]
        self._levels = body["levels"] and state.part(Levels, body["levels"])
        self._window = state.part(Window, body["window"])
        self._gap = state.part(Gap, body["gap"])
        self._gap_noise = state.part(Noise, body["gap_noise"])
        self._gold_noise = state.part(Noise, body["gold_noise"])
        self._curve = state.part(Curve, body["curve"])
        advice = body["advice"]
        self._advice = advice and Advice(**{**advice, "alarms": tuple(advice["alarms"])})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the monitor's state as JSON; a crash meanwhile leaves the earlier file."""
        state.write(self.to_dict(), path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the monitor that was saved.

        Raises:
            DataError: The file cannot be read, or is no monitor's state, or damaged.
        """
        return cls.from_dict(state.read(path), where=str(path))
