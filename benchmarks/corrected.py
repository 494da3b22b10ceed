"""Part 5: how often intervals of corrected rates hold the truth, and how wide they are.

python -m benchmarks.corrected [--runs 5000]

Every row is one setting, every cell is coverage / mean width of nominal 95 % intervals over
seeded data sets. trueup's cells come from the same functions that `corrected_rate` calls.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit, ndtri
from scipy.special import logit as logit_of

from benchmarks.meter import Goal, table
from trueup.agreement.posterior import Interval, Level, mixture, posterior
from trueup.agreement.rogan_gladen import Seen, beta_draws, corrected, lang_reiczigel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CI = 0.95
LEAST = 0.935
REFERENCES = {"PPI++ Wald", "PPI++ logit", "bootstrap recipe", "Jeffreys draws", "Lang-Reiczigel"}
CHUNK = 1000
"""Data sets at once, to bound memory."""


class Setting(NamedTuple):
    """A simulated judge and how it is looked at."""

    rate: float
    tpr: float
    tnr: float
    labels: tuple[int, ...]
    """Random labels (n), or met and unmet ones (n, m)."""
    traffic: int

    def __str__(self) -> str:
        of = "/".join(map(str, self.labels))
        return f"{self.rate:g}, {self.tpr:g}, {self.tnr:g}, {of}, {self.traffic}"


RANDOM = (
    Setting(0.80, 0.90, 0.80, (100,), 5000),
    Setting(0.80, 0.90, 0.80, (100,), 200),
    Setting(0.95, 0.95, 0.70, (100,), 1000),
    Setting(0.50, 0.70, 0.70, (100,), 5000),
    Setting(0.80, 0.90, 0.80, (400,), 5000),
    Setting(0.90, 0.97, 0.90, (60,), 300),
)
FEW = (
    Setting(0.90, 0.90, 0.80, (20,), 1000),
    Setting(0.90, 0.90, 0.80, (40,), 1000),
    Setting(0.60, 0.90, 0.80, (20,), 1000),
    Setting(0.98, 0.98, 0.90, (100,), 300),
    Setting(0.99, 0.98, 0.90, (40,), 1000),
    Setting(0.90, 0.50, 0.50, (60,), 1000),
    Setting(0.50, 0.50, 0.50, (20,), 1000),
)
BY_TRUTH = (
    Setting(0.90, 0.92, 0.88, (50, 50), 100),
    Setting(0.90, 0.92, 0.88, (50, 50), 500),
    Setting(0.90, 0.92, 0.88, (50, 50), 5000),
    Setting(0.95, 0.95, 0.95, (50, 50), 200),
    Setting(0.95, 0.90, 0.70, (30, 30), 200),
    Setting(0.98, 0.98, 0.90, (50, 50), 300),
    Setting(0.80, 0.90, 0.80, (80, 20), 5000),
    Setting(0.80, 0.90, 0.80, (80, 20), 200),
    Setting(0.95, 0.95, 0.70, (95, 5), 1000),
    Setting(0.50, 0.70, 0.70, (50, 50), 5000),
    Setting(0.80, 0.90, 0.80, (320, 80), 5000),
    Setting(0.90, 0.97, 0.90, (54, 6), 300),
)


class Measured(NamedTuple):
    """What one method came to in one setting."""

    coverage: float
    width: float

    def __str__(self) -> str:
        return f"{self.coverage:.3f} / {self.width:.4f}"


def measured(bounds: Interval, rate: float) -> Measured:
    """Compare intervals with the truth."""
    low, high = np.clip(bounds.low, 0, 1), np.clip(bounds.high, 0, 1)
    held = (low <= rate) & (rate <= high)
    return Measured(float(held.mean()), float((high - low).mean()))


def chunked(runs: int, once: Callable[[int], Sequence[Interval]]) -> list[Interval]:
    """Simulate in chunks and put the intervals of each method together."""
    parts = [once(min(CHUNK, runs - done)) for done in range(0, runs, CHUNK)]
    return [
        Interval(np.concatenate([p.low for p in method]), np.concatenate([p.high for p in method]))
        for method in zip(*parts, strict=True)
    ]


def level_of(n: Floats, k: Floats) -> Level:
    """Return sums of n values of 0 and 1, k of them 1."""
    return Level(n, k, k)


def held(bounds: Interval, met: Floats, n: Floats) -> Interval:
    """Let intervals reach the ends that the estimate is at, as the public function does."""
    low = np.where(met == 0, 0.0, bounds.low)
    return Interval(low, np.where(met == n, 1.0, bounds.high))


def random_labels(s: Setting, runs: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw the traffic's verdicts (runs, level) and the labels (runs, level, met or unmet)."""
    judged = s.rate * s.tpr + (1 - s.rate) * (1 - s.tnr)
    cells = [s.rate * s.tpr, (1 - s.rate) * (1 - s.tnr)]
    cells += [s.rate * (1 - s.tpr), (1 - s.rate) * s.tnr]
    drawn = rng.multinomial(s.labels[0], cells, runs)
    met = drawn[:, 0] + drawn[:, 1] + rng.binomial(s.traffic, judged, runs)
    counts = np.stack([met, s.traffic + s.labels[0] - met], -1).astype(float)
    return counts, drawn.reshape(runs, 2, 2).astype(float)


def plus_plus(counts: Floats, labels: Floats) -> tuple[Interval, Interval]:
    """Return PPI++ as published (Wald) and on the logit scale, both with the normal quantile."""
    n, k = labels.sum((1, 2)), labels[:, :, 0].sum(1)
    total = counts.sum(1)
    share, seen, mean = counts[:, 0] / total, labels[:, 0].sum(1) / n, k / n
    shared = labels[:, 0, 0] / n - mean * seen
    slope = np.clip(shared / np.maximum(share * (1 - share), 1e-9), 0, 1)
    at = mean + slope * (share - seen)
    off = np.array([[1.0, 0.0], [1.0, 0.0]])[None] - mean[:, None, None]
    off = off - slope[:, None, None] * (np.array([1.0, 0.0])[None, :, None] - seen[:, None, None])
    variance = (labels * off**2).sum((1, 2)) / n**2
    variance += np.maximum(slope * (2 * shared - slope * share * (1 - share)), 0) / total
    half = ndtri((1 + CI) / 2) * np.sqrt(variance)
    inner = np.clip(at, 1e-6, 1 - 1e-6)
    scale = half / (inner * (1 - inner))
    alone = wilson(k, n)
    lost = (variance <= 0) | (at <= 0) | (at >= 1)
    low = np.where(lost, alone.low, expit(logit_of(inner) - np.minimum(scale, 300)))
    high = np.where(lost, alone.high, expit(logit_of(inner) + np.minimum(scale, 300)))
    return Interval(at - half, at + half), Interval(low, high)


def wilson(k: Floats, n: Floats) -> Interval:
    """Return Wilson's interval."""
    u = ndtri((1 + CI) / 2) ** 2 / n
    centre, half = (k / n + u / 2) / (1 + u), np.sqrt(k / n * (1 - k / n) * u + u * u / 4) / (1 + u)
    return Interval(centre - half, centre + half)


def recipe(
    apparent: Floats, hits: Floats, alarms: Floats, rng: np.random.Generator, draws: int
) -> Interval:
    """Return the popular bootstrap: resample labels, keep the traffic's judged rate as it is.

    Args:
        apparent: Judged rate, shape (runs,).
        hits: Labels met and their passes, shape (2, runs).
        alarms: Labels unmet and their passes, shape (2, runs).
        rng: Source of the draws.
        draws: Resamples.
    """
    found = []
    for n, k in (hits, alarms):
        size = np.maximum(n, 1).astype(int)[:, None]
        found.append(rng.binomial(size, np.clip(k / np.maximum(n, 1), 0, 1)[:, None],
                                  (len(n), draws)) / size)  # fmt: skip
    better = found[0] - found[1]
    rates = (apparent[:, None] - found[1]) / np.where(better > 0, better, np.nan)
    rates = np.where(np.isnan(rates), 0.5, np.clip(rates, 0, 1))
    low, high = np.quantile(rates, [(1 - CI) / 2, (1 + CI) / 2], axis=-1)
    return Interval(low, high)


def from_random(s: Setting, runs: int, draws: int = 1000, seed: int = 1) -> dict[str, Measured]:
    """Measure a setting with labels drawn at random from the traffic."""
    rng = np.random.default_rng(seed)

    def once(size: int) -> list[Interval]:
        counts, labels = random_labels(s, size, rng)
        n, k = labels.sum(2), labels[:, :, 0]
        ours = mixture(counts, posterior(level_of(n, k)), ci=CI, draws=draws, rng=rng)
        met, unmet = labels[:, :, 0].T, labels[:, :, 1].T
        share = (counts[:, 0] - n[:, 0]) / s.traffic
        hits, alarms = np.stack([met.sum(0), met[0]]), np.stack([unmet.sum(0), unmet[0]])
        popular = recipe(share, hits, alarms, rng, draws)
        alone = wilson(k.sum(1), n.sum(1))
        ends = held(ours, k.sum(1), n.sum(1))
        return [ends, *plus_plus(counts, labels), alone, popular]

    names = ("trueup", "PPI++ Wald", "PPI++ logit", "labels only", "bootstrap recipe")
    found = chunked(runs, once)
    return {name: measured(b, s.rate) for name, b in zip(names, found, strict=True)}


def from_truth(s: Setting, runs: int, draws: int = 1000, seed: int = 2) -> dict[str, Measured]:
    """Measure a setting with labels chosen by people's answers."""
    rng = np.random.default_rng(seed)
    apparent = s.rate * s.tpr + (1 - s.rate) * (1 - s.tnr)

    def once(size: int) -> list[Interval]:
        groups = []
        for n, p in ((s.traffic, apparent), (s.labels[0], s.tpr), (s.labels[1], 1 - s.tnr)):
            groups.append((np.full(size, float(n)), rng.binomial(n, p, size).astype(float)))
        seen = Seen(*(level_of(n, k) for n, k in groups))
        ours = corrected(seen, ci=CI, draws=draws, rng=rng, yes_no=True)
        drawn, _ = beta_draws(seen, ci=CI, draws=draws, rng=rng)
        rate = groups[0][1] / groups[0][0]
        popular = recipe(rate, np.stack(groups[1]), np.stack(groups[2]), rng, draws)
        return [Interval(ours.low, ours.high), drawn, lang_reiczigel(seen, ci=CI), popular]

    names = ("trueup", "Jeffreys draws", "Lang-Reiczigel", "bootstrap recipe")
    found = chunked(runs, once)
    return {name: measured(b, s.rate) for name, b in zip(names, found, strict=True)}


def by_judge(s: Setting, runs: int, draws: int = 1000, seed: int = 3) -> dict[str, Measured]:
    """Measure a setting with half of the labels from either verdict."""
    rng = np.random.default_rng(seed)
    judged = s.rate * s.tpr + (1 - s.rate) * (1 - s.tnr)
    right = np.array([s.rate * s.tpr / judged, s.rate * (1 - s.tpr) / (1 - judged)])

    def once(size: int) -> list[Interval]:
        n = np.full((size, 2), s.labels[0] / 2)
        k = rng.binomial(s.labels[0] // 2, right, (size, 2)).astype(float)
        met = rng.binomial(s.traffic, judged, size)
        counts = np.stack([met, s.traffic - met], -1).astype(float)
        ours = mixture(counts, posterior(level_of(n, k)), ci=CI, draws=draws, rng=rng)
        passes, fails = k[:, 0], n[:, 0] - k[:, 0]
        seen = Seen(
            level_of(counts.sum(1), counts[:, 0]),
            level_of(k.sum(1), passes),
            level_of((n - k).sum(1), fails),
        )
        return [held(ours, k.sum(1), n.sum(1)), lang_reiczigel(seen, ci=CI)]

    names = ("trueup", "Lang-Reiczigel, wrong here")
    found = chunked(runs, once)
    return {name: measured(b, s.rate) for name, b in zip(names, found, strict=True)}


def measure(runs: int = 5000, *, slack: bool = False) -> list[Goal]:
    """Measure everything, print three tables and return the goals.

    Args:
        runs: Data sets a setting.
        slack: Let coverage be three standard errors of few data sets further off.
    """
    parts: dict[str, tuple[Sequence[Setting], Callable[[Setting, int], Mapping[str, Measured]]]] = {
        "random labels of the traffic": (RANDOM + FEW, from_random),
        "labels chosen by people's answers": (BY_TRUTH, from_truth),
        "labels balanced by the verdict": (RANDOM, by_judge),
    }
    off, ratio = 0.0, 0.0
    widths: list[float] = []
    for name, (settings, method) in parts.items():
        found = {s: method(s, runs) for s in settings}
        names = list(next(iter(found.values())))
        rows: list[Sequence[object]] = [["rate, TPR, TNR, labels, traffic", *names]]
        rows += [[str(s), *row.values()] for s, row in found.items()]
        print(f"\n{name}: coverage / mean width\n")
        for line in table(rows):
            print(line)
        off = max(off, *(abs(row["trueup"].coverage - 0.955) for row in found.values()))
        for s, row in found.items():
            widths += [] if s in FEW else _over_references(row)
            if "labels only" in row:
                ratio = max(ratio, row["trueup"].width / row["labels only"].width)
    more = 3 * (CI * (1 - CI) / runs) ** 0.5 if slack else 0.0
    return [
        Goal("coverage of corrected rates, furthest from 95.5 %", off, round(0.02 + more, 4)),
        Goal("their width over labels only, worst random setting", ratio, 1.01),
        Goal("over the narrowest that covers, mean of their settings", float(np.mean(widths)), 1),
        Goal("the same, worst of their settings", max(widths), 1.02),
    ]


def _over_references(row: Mapping[str, Measured]) -> list[float]:
    """Return our width over the narrowest of the references that hold the truth often enough."""
    ours, *others = row.items()
    fair = [one.width for name, one in others if name in REFERENCES and one.coverage >= LEAST]
    return [ours[1].width / min(fair)] if fair else []


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5000, help="data sets a setting")
    for goal in measure(parser.parse_args().runs):
        print(goal)
