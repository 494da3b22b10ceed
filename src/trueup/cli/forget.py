"""`trueup forget`: delete an item's text and what was said about it."""

from __future__ import annotations

from typing import Annotated

import typer

from trueup.cli.common import (
    FINE,
    INTERRUPTED,
    Json,
    StoreOption,
    console,
    print_json,
    store_place,
)
from trueup.report.safe import one_line
from trueup.report.words import counted


def command(
    item: Annotated[str, typer.Argument(help="The item's id.")],
    store: StoreOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json_: Json = False,
) -> int:
    """Delete an item's text. Explanations and replies go too; outcomes and values stay."""
    from trueup.errors import ConfigError, DataError  # noqa: PLC0415 - heavy
    from trueup.store.forget import forget  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    if json_ and not yes:  # a program cannot answer, and stdout is for its JSON alone
        what = "with --json nobody can be asked whether to delete"
        raise ConfigError(what, where=item, mend="Add `-y` to delete it; nothing was deleted")
    with Store.open_existing(store_place(store)) as opened:
        if not yes:
            question = f"Delete the text of '{one_line(item)}' from {one_line(opened.where, 200)}?"
            if not typer.confirm(question, err=True):  # stdout is for the result
                typer.echo("Nothing was deleted.", err=True)
                return INTERRUPTED
        found = forget(opened, item)
    if not (found.observations or found.labels or found.signals):
        mend = "trueup score --out lists the ids that were scored"
        raise DataError(f"no item '{item}' was ever scored here", mend=mend)
    if json_:
        print_json(found._asdict())
        return FINE
    texts, verdicts = counted(found.texts, "text"), counted(found.verdicts, "verdict")
    replies = counted(found.replies, "reply", plural="replies")
    said = f"{texts}, {replies}, {counted(found.labels, 'label')}"
    if found.signals:
        said += f", {counted(found.signals, 'signal')}"
    console().print(f"Deleted {said} and the explanations of {verdicts}; outcomes and values stay.")
    if found.shared:
        of = counted(found.shared, "text")
        console().print(f"The words of {of} stay: another item has the very same.")
    return FINE
