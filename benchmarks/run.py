"""Measure trueup beside what it is compared with, in one run.

python benchmarks/run.py [--quick] [--no-peers] [--check] [--runs N] [PART ...]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path[0] = str(Path(__file__).resolve().parents[1])  # so that the parts find each other

from benchmarks import (  # noqa: E402 - the line above finds them
    agreement,
    calibration,
    calls,
    cells,
    corrected,
    designs,
    drift,
    goodhart,
    ledgers,
    plans,
    reading,
    rewards,
    startup,
    store,
    surrogates,
    training,
)
from benchmarks.meter import Goal, cores  # noqa: E402 - same

FULL = calls.Size(fast=2048, slow=320, repetitions=5)
QUICK = calls.Size(fast=1024, slow=64, repetitions=3)


def main() -> int:
    """Run the parts that are asked for; return 1 where --check finds a goal missed."""
    parser = _parser()
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(unknown)}: they are {', '.join(PARTS)}")
    if len(set(cores())) == 1:
        print("There is one core only: client and server share it, so wall times mean little.")
    goals: list[Goal] = []
    for part in options.parts or PARTS:
        print(f"\n## {part}\n", flush=True)
        goals += PARTS[part](options)
    print("\n## goals\n")
    for goal in goals:
        print(goal)
    return int(options.check and not all(goal.met for goal in goals))


def _calls(options: argparse.Namespace) -> list[Goal]:
    size = QUICK if options.quick else FULL
    if options.no_peers or options.quick:
        print("The peers are left out.")
        return calls.measure(size, venvs=None)
    if options.venvs:
        return calls.measure(size, venvs=options.venvs.resolve())
    with tempfile.TemporaryDirectory() as folder:
        return calls.measure(size, venvs=Path(folder))


def _store(options: argparse.Namespace) -> list[Goal]:
    return store.measure(options.verdicts or (100_000 if options.quick else 1_000_000))


def _rewards(options: argparse.Namespace) -> list[Goal]:
    return rewards.measure(50 if options.quick else 300)


def _reading(_: argparse.Namespace) -> list[Goal]:
    reading.measure()
    return []


def _cells(options: argparse.Namespace) -> list[Goal]:
    return cells.measure(rows=1_000_000 if options.quick else cells.ROWS, quick=options.quick)


def _goodhart(options: argparse.Namespace) -> list[Goal]:
    some = goodhart.SOME if options.quick else ()
    return goodhart.measure(_runs(options, 24), jobs=_jobs(), of=some, slack=_few(options))


def _designs(options: argparse.Namespace) -> list[Goal]:
    some = designs.some() if options.quick else ()
    return designs.measure(_runs(options, 60), jobs=_jobs(), of=some, slack=_few(options))


def _surrogates(options: argparse.Namespace) -> list[Goal]:
    return surrogates.measure(_runs(options, 60), jobs=_jobs(), slack=_few(options))


def _training(options: argparse.Namespace) -> list[Goal]:
    return training.measure(
        _runs(options, 20, 100), curves=options.curves, some=options.quick, slack=_few(options)
    )


def _runs(options: argparse.Namespace, quick: int, full: int = 1000) -> int:
    return int(options.runs or (quick if options.quick else full))


def _few(options: argparse.Namespace) -> bool:
    """Say whether limits have to allow for few runs."""
    return options.quick or options.runs is not None


def _jobs() -> int:
    return len(set(cores()))


PARTS: dict[str, Callable[[argparse.Namespace], list[Goal]]] = {
    "calls": _calls,
    "startup": lambda _: startup.measure(),
    "store": _store,
    "reading": _reading,
    "rewards": _rewards,
    "agreement": lambda _: agreement.measure(),
    "corrected": lambda o: corrected.measure(2000 if o.quick else 5000, slack=o.quick),
    "drift": lambda o: drift.measure(60 if o.quick else 1000, slack=o.quick),
    "calibration": lambda o: calibration.measure(10_000 if o.quick else 100_000),
    "cells": _cells,
    "training": _training,
    "surrogates": _surrogates,
    "ledgers": lambda o: ledgers.measure(_runs(o, 10, 100), jobs=_jobs(), slack=True),
    "designs": _designs,
    "goodhart": _goodhart,
    "plans": lambda o: plans.measure(_runs(o, 40, 120), jobs=_jobs(), slack=_few(o)),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="few items, no peers: for CI")
    parser.add_argument("--no-peers", action="store_true", help="leave the peers out")
    parser.add_argument("--check", action="store_true", help="exit 1 where a goal is missed")
    parser.add_argument("--verdicts", type=int, help="for the store, default a million")
    parser.add_argument("--runs", type=int, help="of every row of the Goodhart parts")
    parser.add_argument("--curves", type=Path, help="for training: published runs, as JSON")
    parser.add_argument("--venvs", type=Path, help="folder that keeps the peers' environments")
    return parser


if __name__ == "__main__":
    sys.exit(main())
