"""`trueup show`: earlier runs, and what one of them found."""

from __future__ import annotations

from typing import Annotated

import typer

from trueup.cli.common import FINE, Json, StoreOption, respond, store_place


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
    from trueup.report import item as of_item  # noqa: PLC0415 - heavy
    from trueup.report import runs, scores  # noqa: PLC0415 - heavy
    from trueup.runner.result import Scores  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    with Store.open_existing(store_place(store)) as opened:
        if run is None and item is None:
            listed = runs.rows(opened.runs())
            respond(listed, runs.render(listed), json_=json_)
            return FINE
        found = Scores(opened, opened.last_run() if run is None else run)
        if item is None:
            summary = found.summary()
            respond(summary, scores.render(summary), json_=json_)
        else:
            body = found.of_item(item)
            respond(body, of_item.render(body), json_=json_)
    return FINE
