"""`trueup fit`: learn the embedded judge from a file of labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import (
    FINE,
    INCONCLUSIVE,
    Json,
    MapOption,
    ZoneOption,
    console,
    field_map,
    print_json,
)

if TYPE_CHECKING:
    from trueup.runner.fit import Fitted

_ENDINGS = (".yaml", ".yml", ".json")


def command(  # noqa: PLR0917 - a command's options
    items: Annotated[Path, typer.Argument(help="The outputs that were labelled.")],
    labels: Annotated[Path, typer.Argument(help="Rows of item_id, criterion, value, annotator.")],
    rubric: Annotated[str, typer.Option("--rubric", "-r", help="Name or path of the rubric.")],
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
    map_: MapOption = None,
    timezone: ZoneOption = None,
    *,
    json_: Json = False,
) -> int:
    """Learn the embedded judge from labels. It needs no network and no key."""
    from trueup.api import LABEL_FIELDS  # noqa: PLC0415 - heavy
    from trueup.errors import ConfigError  # noqa: PLC0415 - heavy
    from trueup.runner.fit import fit_all  # noqa: PLC0415 - heavy

    if out.suffix not in _ENDINGS:
        what = f"a fitted judge is written as {', '.join(_ENDINGS)}, not '{out.suffix}'"
        raise ConfigError(what, where=str(out), mend="Choose one of these endings")
    fitted = fit_all(
        items,
        labels,
        rubric=rubric,
        criteria=criterion,
        group=group,
        field_map=field_map(map_, also=LABEL_FIELDS),
        timezone=timezone,
        name=out.stem,
        seed=seed,
    )
    fitted.judge.save(out)
    if json_:
        print_json(fitted.to_dict())
    else:
        show_fit(fitted, out)
    return FINE if fitted.useful else INCONCLUSIVE


def show_fit(fitted: Fitted, out: Path) -> None:
    """Print what was learnt, and how far it can be trusted."""
    from rich.table import Table  # noqa: PLC0415 - heavy

    screen = console()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("criterion", "labels", "agreement on unseen items", "95 % interval", ""):
        table.add_column(name, justify="right" if name == "labels" else "left")
    for row in fitted.rows:
        verdict = "" if row.low > 0 else "no better than chance: it will abstain"
        table.add_row(
            row.criterion,
            f"{row.n}",
            f"{row.estimate:.2f}",
            f"{row.low:.2f} to {row.high:.2f}",
            verdict,
        )
    screen.print(table)
    for name, why in fitted.left_out.items():
        screen.print(f"{name}: {why}", style="yellow")
    screen.print(f"Agreement is Spearman's rank correlation with people. Judge written to {out}.")
