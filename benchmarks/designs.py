"""Part: decisions from A/B tests and from sequences of releases, many times over, truth known.

python -m benchmarks.designs [--runs 1000] [--jobs 1] [--only WORD]

Beside each figure stands what the first prototype of the same designs found, on a simulator of its
own. Histories come from `trueup.testing.histories`; their sums are added up here by numpy, which
gives the cells that `read_cells` gives (a test holds that) in a tenth of its time.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import Pool
from typing import TYPE_CHECKING, Any

import numpy as np

from trueup.goodhart.cells import Cells
from trueup.goodhart.concurrent import concurrent_looks
from trueup.goodhart.releases import release_looks
from trueup.goodhart.spec import Signal, WatchSpec
from trueup.testing.histories import (
    EXPERIMENTS,
    RELEASES,
    Scenario,
    draw_releases,
    simulate_arrays,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from trueup.goodhart.look import Look

    Arrays = Mapping[str, NDArray[Any]]

DAY = 86_400_000_000
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICRO = dt.timedelta(microseconds=1)
NEVER = np.iinfo(np.int64).min
BUCKETS = 64
WINDOW = 14
SIGNALS = (
    Signal("thumbs", arrived="thumbs_at"),
    Signal("retries", better="lower", arrived="retries_at"),
    Signal("edit_rate", better="lower", arrived="edit_rate_at"),
)
AB = WatchSpec(
    time="timestamp", judge="judge", judge_repeat="judge_rep", segment="segment", group="user",
    arm="arm", signals=SIGNALS,
)  # fmt: skip
SEQUENCE = replace(AB, arm=None, version="version", horizon=1)
SEED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A row of a table."""

    table: str
    name: str
    count: int = 0
    """Releases; 0 for an A/B test."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)
    ripe: bool = False
    """Whether looks wait until every signal has had its time."""
    said: str = "gaming"
    """The verdict that is counted."""
    was: str = ""
    """What the prototype found, in percent."""


def _ab(items: int, judged: float, was: tuple[str, str, str, str]) -> Iterator[Case]:
    fields: dict[str, Any] = {"items": items, "judged": judged}
    if judged < 1:
        fields["repeats"] = 0.5
    share = "all judged" if judged == 1 else f"{judged:.0%} judged"
    table = f"A/B of four weeks, {items:,} a week, {share}"
    names = ("gaming", "gaming"), ("gain", "improvement"), ("a/a", "gaming"), ("boundary", "gaming")
    for (name, said), found in zip(names, was, strict=True):
        yield Case(table=table, name=name, fields=fields, said=said, was=found)


def _more() -> Iterator[Case]:
    few = "the same, looks wait for all signals (3,000 a week, all judged)"
    for name, said in (("gaming", "gaming"), ("gain", "improvement"), ("boundary", "gaming")):
        yield Case(table=few, name=name, ripe=True, said=said)
    rest = "A/B of four weeks, 3,000 a week: what else may be so"
    for name in ("gain", "gain_small", "gain_overstated_3", "gain_clustered", "answers_move"):
        yield Case(table=rest, name=name)
    yield Case(table=rest, name="gain_overstated_3", spec={"worth": 0.025})
    yield Case(table=rest, name="gaming_overstated_3", spec={"worth": 0.025})
    yield Case(table=rest, name="gaming", spec={"overstate": 2.0})
    for name in ("gaming_small", "partial", "verbosity", "backfire"):
        yield Case(table=rest, name=name)
    yield Case(table=rest, name="a/a", said="improvement")
    yield Case(table=rest, name="gaming", said="improvement")


def _releases() -> Iterator[Case]:
    table = "releases, one look"
    for count, mild, strong in ((8, "18", "17"), (12, "63", "44"), (20, "93", "78")):
        for shocks, was in (("", mild), ("_shocks", strong)):
            yield Case(table=table, name=f"gaming{shocks}", count=count, was=was)
            yield Case(table=table, name=f"boundary{shocks}", count=count, was="at most 7")
    held = "releases, a tenth of users kept on the first, one look"
    for count, was in ((12, "42"), (20, "78")):
        yield Case(table=held, name="gaming_holdback", count=count, was=was)
        yield Case(table=held, name="boundary_holdback", count=count, was="at most 2")
    rest = "releases: what else may be so"
    yield Case(table=rest, name="gaming_late", count=12, was="at most 23")
    for name in ("null", "null_shocks", "gain", "gain_shocks", "gain_holdback"):
        yield Case(table=rest, name=name, count=12)
    for name in ("gain", "gain_shocks", "gain_holdback"):
        yield Case(table=rest, name=name, count=12, said="improvement")
    every = "releases, a look at each from the eighth on"
    for count in (12, 20):
        for name in ("gaming", "gaming_shocks", "boundary", "boundary_shocks", "gain"):
            yield Case(table=every, name=name, count=count, spec={"horizon": "default"})


def cases() -> list[Case]:
    """Return every row."""
    return [
        *_ab(1000, 1.0, ("54", "62", "0", "3")),
        *_ab(3000, 1.0, ("90", "98", "0", "1")),
        *_ab(3000, 0.1, ("73", "83", "0", "1")),
        *_ab(6000, 0.1, ("95", "99", "0", "1")),
        *_more(),
        *_releases(),
    ]


def bucket_of(user: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a hash of each user (splitmix64), by which users are spread over buckets."""
    x = user.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((x ^ (x >> np.uint64(31))) % np.uint64(BUCKETS)).astype(np.int64)


def cells_of(arrays: Arrays, scenario: Scenario, until: dt.datetime | None = None) -> Cells:
    """Return the cells of simulated records, as known at an instant.

    Args:
        arrays: From `simulate_arrays`.
        scenario: What they come from.
        until: Nothing later is seen; everything where left out.
    """
    origin = int(np.datetime64(scenario.start, "us").astype(np.int64))
    limit = np.iinfo(np.int64).max if until is None else (until - EPOCH) // MICRO
    a = {name: values[arrays["timestamp"] < limit] for name, values in arrays.items()}
    period = (a["timestamp"] - origin) // (7 * DAY)
    sizes = (len(scenario.versions), 2, int(period.max()) + 1, len(scenario.segments), BUCKETS)
    parts = (a["version"], a["arm"], period, a["segment"], bucket_of(a["user"]))
    code = np.ravel_multi_index([part.astype(np.int64) for part in parts], sizes)
    found, place = np.unique(code, return_inverse=True)
    version, arm, week, segment, bucket = np.unravel_index(found, sizes)
    keys = {
        "version": np.array(scenario.versions)[version], "arm": np.array(scenario.arms)[arm],
        "instrument": np.full(len(found), ""), "period": week.astype(np.int32),
        "segment": np.array([s.name for s in scenario.segments])[segment],
        "bin": np.zeros(len(found), dtype=np.int64), "bucket": bucket,
    }  # fmt: skip
    sums = {k: np.bincount(place, v, len(found)).astype(np.float64) for k, v in _figures(a, limit)}
    start = EPOCH + origin * MICRO
    return Cells(keys, sums, start, (), EPOCH + int(a["timestamp"].max()) * MICRO)


def _figures(a: Arrays, limit: int) -> Iterator[tuple[str, NDArray[np.float64]]]:
    judge = a["judge"]
    seen = ~np.isnan(judge)
    j = np.where(seen, judge, 0.0)
    w = np.where(seen, a.get("judge_weight", 1.0), 0.0)
    yield "n", np.ones(len(j))
    yield "nj", seen.astype(float)
    yield from (("w", w), ("wj", w * j), ("wjj", w * j * j))
    for k, signal in enumerate(SIGNALS):
        at = a[f"{signal.name}_at"]
        there = (at != NEVER) & (at <= np.minimum(a["timestamp"] + WINDOW * DAY, limit))
        p = np.where(there, a[signal.name], 0.0)
        g = w * there
        yield from ((f"m{k}", there.astype(float)), (f"s{k}", p), (f"q{k}", p * p))
        yield from ((f"g{k}", g), (f"gj{k}", g * j), (f"gjj{k}", g * j * j))
        yield from ((f"gp{k}", g * p), (f"gjp{k}", g * p * j))
    both = seen & ~np.isnan(a["judge_rep"])
    one, two = np.where(both, j, 0.0), np.where(both, a["judge_rep"], 0.0)
    yield from (("rn", both.astype(float)), ("ra", one), ("rb", two))
    yield from (("raa", one * one), ("rbb", two * two), ("rab", one * two))


def looks_of(case: Case, seed: int) -> tuple[list[Look], float | None]:
    """Return a run's looks and the true phi."""
    if not case.count:
        scenario = replace(EXPERIMENTS[case.name], **case.fields)
        arrays = simulate_arrays(scenario, seed)
        known = None if case.ripe else partial(cells_of, arrays, scenario)
        spec = replace(AB, **case.spec)
        return concurrent_looks(cells_of(arrays, scenario), spec, as_of=known), scenario.phi
    rng = np.random.default_rng(seed)
    scenario = draw_releases(replace(RELEASES[case.name], count=case.count), rng)
    cells = cells_of(simulate_arrays(scenario, rng), scenario)
    spec = replace(SEQUENCE, arm="arm" if scenario.holdback else None, **case.spec)
    return release_looks(cells, spec), scenario.phi


def run(task: tuple[Case, int]) -> tuple[frozenset[str], int | None, bool | None]:
    """Return a run's verdicts, the look of the first that counts, and whether phi is covered."""
    case, seed = task
    looks, phi = looks_of(case, seed)
    first = next((i + 1 for i, look in enumerate(looks) if look.verdict == case.said), None)
    covered = None
    last = looks[-1]
    if phi is not None and last.phi is not None:
        low = -np.inf if last.phi_low is None else last.phi_low
        high = np.inf if last.phi_high is None else last.phi_high
        covered = bool(low <= phi <= high)
    return frozenset(look.verdict for look in looks), first, covered


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="tables whose name holds this")
    asked = parser.parse_args()
    shown = ""
    with Pool(asked.jobs) as pool:
        for case in cases():
            if asked.only not in case.table:
                continue
            if case.table != shown:
                shown = case.table
                print(f"\n{shown}")
            tasks = [(case, SEED + run) for run in range(asked.runs)]
            print(_line(case, pool.map(run, tasks, chunksize=20)), flush=True)
    return 0


def _line(case: Case, found: list[tuple[frozenset[str], int | None, bool | None]]) -> str:
    verdicts = Counter(verdict for each, _, _ in found for verdict in each)
    looks = [first for _, first, _ in found if first is not None]
    covered = [inside for _, _, inside in found if inside is not None]
    told = f"{case.name}{f' x {case.count}' if case.count else ''}"
    told += "".join(f", {name} {value}" for name, value in case.spec.items())
    text = f"  {told:36}{case.said:>12} {100 * verdicts[case.said] / len(found):5.1f} %"
    text += f"  was {case.was:10}" if case.was else " " * 16
    if looks:
        text += f"  at look {np.median(looks):.0f}"
    if covered:
        text += f"  phi covered {100 * np.mean(covered):.1f} %"
    return text


if __name__ == "__main__":
    sys.exit(main())
