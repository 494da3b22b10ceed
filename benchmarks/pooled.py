"""Coverage of agreement and of a carried pass rate over weeks of few, unequally drawn labels.

python -m benchmarks.pooled [RUNS]

Each run simulates weeks of outputs, draws twenty of each week as `trueup calibrate` does, labels
them, and measures TPR and TNR over all weeks, and the pass rate of one more week without labels.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trueup.agreement.corrected import corrected_rate
from trueup.agreement.diagnostic import rates
from trueup.agreement.sampling import draw
from trueup.errors import TooFewLabels, Undefined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trueup.agreement.corrected import Rate
    from trueup.agreement.estimate import Estimate

EACH = 20
OTHER = 0.7
"""How often another criterion, which is in the score that items are drawn by, is met."""
NAMES = ("TPR", "TNR", "pass rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A product and its judge."""

    name: str
    sizes: Sequence[int] = (200,) * 13
    """Outputs judged, week by week."""
    tpr: float = 0.9
    tnr: float = 0.7
    rate: float = 0.8


SETTINGS = (
    Setting(name="13 weeks"),
    Setting(name="4 weeks", sizes=(200,) * 4),
    Setting(name="1 week", sizes=(200,)),
    Setting(name="13 weeks, rate .95, TNR .5", rate=0.95, tnr=0.5),
    Setting(name="13 weeks, rate .6, TPR .97, TNR .9", rate=0.6, tpr=0.97, tnr=0.9),
    Setting(name="13 weeks of 50 to 1,000", sizes=(100, 400, 200, 50, 1000, 200, 200, 200, 100,
                                                  100, 60, 200, 300)),
)  # fmt: skip


class Week(NamedTuple):
    """What one week adds."""

    judged: np.ndarray
    truth: np.ndarray
    weights: np.ndarray
    share: float


def main(runs: int = 1000) -> None:
    """Print how often each interval holds the truth, and how wide it is on average."""
    print(f"{'setting':38}{''.join(f'{name:>20}' for name in NAMES)}{'undefined':>12}")
    for setting in SETTINGS:
        held, width, missing = _measure(setting, runs)
        cells = [f"{h:.3f}, width {w:.3f}" for h, w in zip(held, width, strict=True)]
        print(f"{setting.name:38}{''.join(f'{cell:>20}' for cell in cells)}{missing:>12}")


def _measure(setting: Setting, runs: int) -> tuple[np.ndarray, np.ndarray, int]:
    rng = np.random.default_rng(1)
    truth = (setting.tpr, setting.tnr, setting.rate)
    held, width, missing = np.zeros(3), np.zeros(3), 0
    for _ in range(runs):
        for at, (found, true) in enumerate(zip(_run(setting, rng), truth, strict=True)):
            if found is None:
                missing += 1
            else:
                held[at] += found[0] <= true <= found[1]
                width[at] += found[1] - found[0]
    return held / runs, width / runs, missing


def _run(setting: Setting, rng: np.random.Generator) -> list[tuple[float, float] | None]:
    weeks = [_week(setting, size, rng) for size in setting.sizes]
    judged, truth, weights = (np.concatenate([week[at] for week in weeks]) for at in range(3))
    compared = rates(
        judged,
        truth,
        weights=weights,
        judged_share=float(np.mean([week.share for week in weeks])),
        judged_units=len(weeks) ** 2 / sum(1 / size for size in setting.sizes),
    )
    now = _outputs(setting, setting.sizes[-1], rng)[0]
    carried = partial(
        corrected_rate,
        judged=now,
        labels=truth,
        judged_at_labels=judged,
        label_design="other_period",
        weights=weights.min() / weights,
        draws=4000,
    )
    return [_ends(compared.tpr), _ends(compared.tnr), _tried(carried)]


def _week(setting: Setting, size: int, rng: np.random.Generator) -> Week:
    judged, truth = _outputs(setting, size, rng)
    score = 0.6 * judged + 0.4 * (rng.random(size) < OTHER)
    segments = ["a" if at % 3 else "b" for at in range(size)]
    ids = [f"{at}" for at in range(size)]
    drawn = draw(ids, EACH, value=score, segment=segments, seed=int(rng.integers(1 << 31)))
    at = np.asarray(drawn.indices)
    weights = 1 / np.asarray(drawn.probabilities)
    return Week(judged[at], truth[at], weights * len(at) / weights.sum(), float(judged.mean()))


def _outputs(
    setting: Setting, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    truth = rng.random(size) < setting.rate
    met = rng.random(size) < np.where(truth, setting.tpr, 1 - setting.tnr)
    return met.astype(float), truth.astype(float)


def _ends(found: Estimate | None) -> tuple[float, float] | None:
    return None if found is None else (found.low, found.high)


def _tried(work: Callable[[], Rate]) -> tuple[float, float] | None:
    try:
        found = work()
    except (Undefined, TooFewLabels):
        return None
    return found.low, found.high


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
