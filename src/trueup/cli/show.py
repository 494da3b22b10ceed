"""`trueup show`: earlier runs, and what one of them found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, Json, StoreOption, console, print_json, store_place
from trueup.cli.score import show_summary

if TYPE_CHECKING:
    from trueup.runner.result import Scores
    from trueup.store.store import Store


def command(
    run: Annotated[int | None, typer.Argument(help="A run's number; none lists the runs.")] = None,
    item: Annotated[
        str | None, typer.Option("--item", help="Show everything found about one item.")
    ] = None,
    store: StoreOption = None,
    *,
    json_: Json = False,
) -> int:
    """Show runs, a run or an item. Reads the store, asks nothing."""
    from trueup.runner.result import Scores  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    with Store.open_existing(store_place(store)) as opened:
        if run is None and item is None:
            return _runs(opened, json_=json_)
        scores = Scores(opened, opened.last_run() if run is None else run)
        if item is not None:
            return _item(scores, item, json_=json_)
        summary = scores.summary()
    if json_:
        print_json(summary)
    else:
        show_summary(summary)
    return FINE


def _runs(store: Store, *, json_: bool) -> int:
    from trueup.report.runs import render, rows  # noqa: PLC0415 - heavy

    listed = rows(store.runs())
    if json_:
        print_json(listed)
        return FINE
    for part in render(listed):
        console().print(part)
    return FINE


def _item(scores: Scores, item: str, *, json_: bool) -> int:
    from trueup.report.item import render  # noqa: PLC0415 - heavy

    found = scores.of_item(item)
    if json_:
        print_json(found)
        return FINE
    for part in render(found):
        console().print(part)
    return FINE
