"""`trueup fit`: learn the embedded judge from a file of labels."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import (
    FINE,
    INCONCLUSIVE,
    Json,
    MapOption,
    StoreOption,
    ZoneOption,
    field_map,
    respond,
    store_place,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from trueup.runner.fit import Fitted

_ENDINGS = (".yaml", ".yml", ".json")


def command(  # noqa: PLR0917 - a command's options
    items: Annotated[Path, typer.Argument(help="The outputs that were labelled.")],
    rubric: Annotated[str, typer.Option("--rubric", "-r", help="Name or path of the rubric.")],
    labels: Annotated[
        Path | None,
        typer.Argument(help="Rows of item_id, criterion, value, annotator; else the store's."),
    ] = None,
    criterion: Annotated[
        list[str] | None,
        typer.Option(
            "--criterion", "-c", help="Only this one; every labelled one by default.", metavar="ID"
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(help="Column whose equal values are held out together.", metavar="COLUMN"),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The judge file to write.")] = Path(
        "judges/surface.yaml"
    ),
    seed: Annotated[int, typer.Option(help="Of the folds.")] = 0,
    store: StoreOption = None,
    map_: MapOption = None,
    timezone: ZoneOption = None,
    *,
    json_: Json = False,
) -> int:
    """Learn the embedded judge from labels. It needs no network and no key."""
    from trueup.errors import ConfigError  # noqa: PLC0415 - heavy
    from trueup.runner.fit import fit_all  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    if out.suffix not in _ENDINGS:
        what = f"a fitted judge is written as {', '.join(_ENDINGS)}, not '{out.suffix}'"
        raise ConfigError(what, where=str(out), mend="Choose one of these endings")
    place = store_place(store)
    # a judge that is fitted to a file needs no store, but must not be fitted to what measures it
    there = labels is None or store is not None or "://" in place or Path(place).exists()
    with Store.open_existing(place) if there else nullcontext() as opened:
        fitted = fit_all(
            items,
            labels,
            rubric=rubric,
            criteria=criterion,
            group=group,
            field_map=field_map(map_, labels=True),
            timezone=timezone,
            store=opened,
            name=out.stem,
            seed=seed,
        )
    fitted.judge.save(out)
    respond(fitted.to_dict(), render(fitted, out), json_=json_)
    return FINE if fitted.useful else INCONCLUSIVE


def render(fitted: Fitted, out: Path) -> Iterator[RenderableType]:
    """Yield what was learnt, and how far it can be trusted."""
    from rich.text import Text  # noqa: PLC0415 - heavy

    from trueup.report.console import table  # noqa: PLC0415 - heavy

    rows = (
        {
            "criterion": row.criterion,
            "labels": f"{row.n}",
            "agreement on unseen items": f"{row.estimate:.2f}",
            "95 % interval": f"{row.low:.2f} to {row.high:.2f}",
            "": "" if row.low > 0 else "no better than chance: it will abstain",
        }
        for row in fitted.rows
    )
    yield table(rows, right=["labels"])
    for name, why in fitted.left_out.items():
        yield Text(f"{name}: {why}", style="yellow")
    yield f"Agreement is Spearman's rank correlation with people. Judge written to {out}."
