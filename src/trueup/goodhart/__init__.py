"""Did users get what a rise of the judge's score should have brought them?

    from trueup.goodhart import Signal, WatchSpec, backtest, watch

    spec = WatchSpec(time="timestamp", judge="judge", judge_repeat="judge_rep", group="user",
                     signals=[Signal("retries", better="lower", arrived="retries_at")])
    watch(frame, spec).message            # today
    backtest(frame, spec)                 # every past period, as it would have been seen

    from trueup.goodhart import TrainingMonitor, best_of_n     # the same in a training loop

To read it: `spec` says what is watched; `cells` reads records into sums, which `grid` and
`series` lay out as means per period at a fixed mix of segments. `slope` says what a judge point has
been worth, `composite` joins the signals, `guards` name what else could have moved the figures. The
three designs are `weekly` (its `evidence` puts the one question D(c) = gain - c x expected gain),
`concurrent` and `releases`; `watching` and `replay` run them, `sentence` says what came out.
`ledger` learns from past A/Bs, `explain` says how it came about and never decides, `plan` what is
needed to tell, `promise` what should follow. `training` is for loops. All is pure but `cells`;
`pairing`, which asks of records whether versions ran the same tasks; `ledger.file`; and
`training.state`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.goodhart.cells import Cells, load_cells, read_cells, save_cells, update_cells
    from trueup.goodhart.explain import distinct_outputs
    from trueup.goodhart.ledger import Release, read_ledger
    from trueup.goodhart.look import Change, Look, SignalChange
    from trueup.goodhart.plan import plan_watch
    from trueup.goodhart.plan.holdback import assign_holdback
    from trueup.goodhart.spec import Signal, WatchSpec
    from trueup.goodhart.training import Advice, BestOfN, TrainingMonitor, best_of_n
    from trueup.goodhart.watching import backtest, backtest_cells, watch

# a module may not be called like one of its functions: importing it would hide the function
_HOMES = {
    name: home
    for home, names in {
        "cells": "Cells load_cells read_cells save_cells update_cells",
        "explain": "distinct_outputs",
        "ledger": "Release read_ledger",
        "look": "Change Look SignalChange",
        "plan": "plan_watch",
        "plan.holdback": "assign_holdback",
        "spec": "Signal WatchSpec",
        "training": "Advice BestOfN TrainingMonitor best_of_n",
        "watching": "backtest backtest_cells watch",
    }.items()
    for name in names.split()
}

__all__ = [
    "Advice",
    "BestOfN",
    "Cells",
    "Change",
    "Look",
    "Release",
    "Signal",
    "SignalChange",
    "TrainingMonitor",
    "WatchSpec",
    "assign_holdback",
    "backtest",
    "backtest_cells",
    "best_of_n",
    "distinct_outputs",
    "load_cells",
    "plan_watch",
    "read_cells",
    "read_ledger",
    "save_cells",
    "update_cells",
    "watch",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        from trueup.errors import did_you_mean  # noqa: PLC0415 - only on a mistake

        msg = f"module 'trueup.goodhart' has no attribute {name!r}. {did_you_mean(name, __all__)}"
        raise AttributeError(msg)
    value = getattr(import_module(f"trueup.goodhart.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
