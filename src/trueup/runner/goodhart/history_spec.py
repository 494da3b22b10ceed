"""watch_spec_for: what to watch in a frame of `history_frame`, by the columns that are filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trueup.errors import ConfigError
from trueup.goodhart.spec import Signal, WatchSpec
from trueup.runner.goodhart.arguments import parse_signal
from trueup.runner.goodhart.history_frame import CRITERION

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def watch_spec_for(
    frame: pd.DataFrame,
    signals: Sequence[str | Signal],
    **options: Any,  # noqa: ANN401 - as WatchSpec's
) -> WatchSpec:
    """Return what to watch in a frame of `history_frame`.

    Columns that hold nothing are not named; `version` is not either, for versions that stand side
    by side were not given to users by chance unless somebody says so.

    Args:
        frame: The frame, or one of equal columns.
        signals: Signals, or texts like `retries:lower,within=14d`; those that do not say when they
            arrived get the frame's `NAME_at`.
        options: Other arguments of `WatchSpec`; they win.

    Raises:
        ConfigError: A signal's direction is neither said nor known.
    """
    columns = [str(column) for column in frame.columns]
    if "judge" not in columns:
        raise ConfigError("this frame has no column 'judge'", mend="Make it with history_frame")

    def filled(column: str, least: int = 1) -> str | None:
        return column if column in columns and frame[column].nunique() >= least else None

    found: dict[str, Any] = {
        "time": "timestamp",
        "judge": "judge",
        "judge_repeat": filled("judge_rep"),
        "segment": filled("segment", 2),
        "group": filled("user"),
        "arm": filled("arm", 2),
        "judge_weight": filled("judge_weight"),
        "instrument": filled("instrument"),
        "anchor": filled("anchor"),
        "criteria": [column for column in columns if column.startswith(CRITERION)],
    }
    declared = [one if isinstance(one, Signal) else parse_signal(one, columns) for one in signals]
    return WatchSpec(signals=declared, **{**found, **options})
