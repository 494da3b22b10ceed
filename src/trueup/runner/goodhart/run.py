"""One run of the watch: every product looked at, its alarms latched, its forecasts registered."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.goodhart import instruments
from trueup.goodhart.cells import read_cells
from trueup.goodhart.look import Look
from trueup.goodhart.sentence import tell
from trueup.goodhart.watching import looks_at, snapshots
from trueup.runner.goodhart.alarms import latched, raised
from trueup.runner.goodhart.budget import divide, rate_words
from trueup.runner.goodhart.forecasts import keep_promises
from trueup.runner.goodhart.parts import Parts, split
from trueup.runner.goodhart.past_tests import keep_tests, without_own
from trueup.runner.goodhart.places import places
from trueup.runner.goodhart.results import Watched, Watching
from trueup.runner.goodhart.standing import record, standing
from trueup.store.signals import hold_out

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.spec import WatchSpec
    from trueup.runner.goodhart.alarms import Alarm
    from trueup.store.store import Store

    Explain = Callable[[Cells, WatchSpec, Look], Sequence[str]]

_BY = "trueup goodhart"


def run_watch(
    table: object,
    spec: WatchSpec,
    *,
    name: str,
    source: str = "",
    by: Sequence[str] = (),
    parts: Sequence[str] = (),
    store: Store | None = None,
    backtest: bool = False,
    now: dt.datetime | None = None,
    explain: Explain | None = None,
    guesses: Mapping[str, str | list[str]] | None = None,
    notes: Sequence[str] = (),
    on_part: Callable[[str], None] = lambda _: None,
) -> Watching:
    """Look at every product of a table.

    Args:
        table: A frame, an Arrow table, or the path of a file; a path may hold `*`.
        spec: What is watched; its `alpha` is the budget of all products together.
        name: Of the watch: alarms are its own.
        source: What the table is called for people.
        by: Columns whose values are watched each by itself.
        parts: Their values, where they are declared.
        store: Where alarms and forecasts are kept; None keeps none.
        backtest: Whether every look is to be shown; the ledger is then left as it is.
        now: Nothing that came later is seen; the clock's time where left out.
        explain: Returns sentences that explain a look.
        guesses: What of the spec was guessed, to be told.
        notes: What else is to be told.
        on_part: Is told the product that is looked at next.

    Raises:
        DataError: The table cannot be read, or a named column is absent.
        StoreError: The store cannot be read or written.
    """
    if store is not None:
        columns = {signal.name: signal.name for signal in spec.signals}
        hold_out(store, columns, columns=columns, source=f"{source or name} ({_BY})")
    with _opened(table, by, spec, parts) as found:
        budget = divide(found.first, spec, declared=parts if by else ())
        watched = []
        for part, origin in found.sources.items():
            on_part(part)
            own = replace(spec, alpha=budget.of[part])
            watched.append(
                _watched(origin, own, name=name, part=part, store=store, now=now, explain=explain,
                         backtest=backtest)
            )  # fmt: skip
    return Watching(
        name=name,
        source=source,
        watched=watched,
        budget=budget,
        rate=rate_words(budget, spec, watched[0].last.design),
        backtest=backtest,
        store=None if store is None else store.where,
        guesses=guesses or {},
        notes=(*notes, *found.notes),
    )


@contextmanager
def _opened(
    table: object, by: Sequence[str], spec: WatchSpec, parts: Sequence[str]
) -> Iterator[Parts]:
    """Yield the parts of a table, which are there as long as they are read."""
    if not by:
        yield Parts(sources={"": table}, first={"": None})
        return
    with tempfile.TemporaryDirectory(prefix="trueup-") as folder:
        yield split(table, by, spec, folder=Path(folder), declared=parts)


def _watched(
    source: object,
    spec: WatchSpec,
    *,
    name: str,
    part: str,
    store: Store | None,
    now: dt.datetime | None,
    explain: Explain | None,
    backtest: bool,
) -> Watched:
    """Return one product, looked at."""
    try:
        cells = read_cells(source, spec, now=now, until=now if spec.time else None)
    except DataError as error:
        if not part:
            raise
        looks = [_unread(error, spec)]
        return Watched(
            watch=name, part=part, spec=spec, looks=looks, alarms=_known(store, name, part)
        )

    as_of = snapshots(source, cells, spec, now=now)
    title = f"{name}: {part}" if part else name
    own = without_own(cells, spec, title=title)
    looks = looks_at(source, cells, own, now=now, latch=False)
    past = keep_tests(cells, spec, looks, as_of=as_of, title=title, write=not backtest)
    known = _known(store, name, part)
    new = raised(looks, list(places(spec, looks)), known, watch=name, part=part)
    forecasts: list[str] = []
    if store is not None:
        record(store, new)
        forecasts = keep_promises(store, looks[-1], cells, spec, watch=name, part=part)
        known = _known(store, name, part)
    else:
        known = [*known, *new]
    shown = latched(looks, known)
    return Watched(
        watch=name,
        part=part,
        spec=spec,
        looks=shown,
        alarms=known,
        cells=cells,
        explanations=tuple(explain(cells, spec, looks[-1])) if explain else (),
        forecasts=forecasts,
        past_tests=past,
        instrument=instruments.latest(cells),
    )


def _known(store: Store | None, name: str, part: str) -> list[Alarm]:
    if store is None:
        return []
    return [alarm for alarm in standing(store, watch=name) if alarm.part == part]


def _unread(error: DataError, spec: WatchSpec) -> Look:
    design = "weekly" if spec.design == "auto" else spec.design
    return tell(Look(verdict="unidentified", design=design, period=0, missing=(error.what,)))
