"""What a runner looks at: a table, or logs that were backfilled beside signals in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.errors import ConfigError
from trueup.runner.goodhart.arguments import signal_of, watch_spec

if TYPE_CHECKING:
    from trueup.goodhart.spec import WatchSpec
    from trueup.runner.goodhart.kind import GoodhartSpec
    from trueup.store.store import Store

_BY = "trueup run"


def sourced(spec: GoodhartSpec, store: Store | None) -> tuple[object, WatchSpec]:
    """Return what a runner looks at, and what is watched in it.

    Args:
        spec: What its file says.
        store: Where sittings and signals are.

    Raises:
        ConfigError: A log is named, and there is no store or no such sitting in it.
    """
    if spec.table is not None:
        return spec.table, watch_spec(spec.watch())
    if store is None:
        mend = "Judge the log first: trueup goodhart backfill"
        raise ConfigError("a log is named, and there is no store with its sitting", mend=mend)
    from trueup.runner.goodhart.history_frame import history_frame  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.history_spec import watch_spec_for  # noqa: PLC0415 - heavy

    frame = history_frame(
        store,
        items=spec.items,
        by=_BY,
        sitting=spec.sitting,
        rubric=spec.rubric,
        signals=[one.name for one in spec.signals],
        criteria=True,
        field_map=spec.map,
        timezone=spec.timezone,
    )
    said = spec.watch()
    signals = [signal_of(one, list(frame.columns)) for one in said.pop("signals")]
    found = watch_spec(
        {"judge": "judge", "time": "timestamp", **said, "signals": signals}
    )  # checks what was said
    options = {name: getattr(found, name) for name in said}
    return frame, watch_spec_for(frame, signals, **options)
