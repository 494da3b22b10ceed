"""`trueup forget`: delete an item's text and what was said about it."""

from __future__ import annotations

from typing import Annotated

import typer

from trueup.cli.common import FINE, Json, StoreOption, console, print_json, store_place


def command(
    item: Annotated[str, typer.Argument(help="The item's id.")],
    store: StoreOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json_: Json = False,
) -> int:
    """Delete an item's text. Explanations and replies go too; outcomes and values stay."""
    from trueup.errors import DataError  # noqa: PLC0415 - heavy
    from trueup.store.forget import forget  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    with Store.open_existing(store_place(store)) as opened:
        if not yes:
            typer.confirm(f"Delete the text of '{item}' from {opened.where}?", abort=True)
        found = forget(opened, item)
    if not found.observations:
        mend = "trueup score --out lists the ids that were scored"
        raise DataError(f"no item '{item}' was ever scored here", mend=mend)
    if json_:
        print_json(found._asdict())
        return FINE
    console().print(
        f"Deleted {found.texts} texts, {found.replies} replies and the explanations of "
        f"{found.verdicts} verdicts; outcomes and values stay."
    )
    if found.shared:
        console().print(f"{found.shared} texts stay: other items have the very same.")
    return FINE
