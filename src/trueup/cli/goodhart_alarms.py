"""`trueup goodhart alarms`: what was raised, and who accepted it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, GATE_FAILED, Json, StoreOption, respond, store_place
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from trueup.runner.goodhart.alarms import Alarm

_MESSAGE = 1200


def command(
    watch: Annotated[
        str | None, typer.Argument(help="Only those of this watch; all by default.")
    ] = None,
    store: StoreOption = None,
    *,
    open_: Annotated[bool, typer.Option("--open", help="Only those nobody has accepted.")] = False,
    json_: Json = False,
) -> int:
    """List alarms and who accepted them. Exit status 1 where one is open."""
    from trueup.runner.goodhart.results import alarm_dict  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.standing import standing  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    with Store.open_existing(store_place(store)) as opened:
        found = [one for one in standing(opened, watch=watch) if one.open or not open_]
    respond([alarm_dict(one) for one in found], _render(found), json_=json_)
    return GATE_FAILED if any(one.open for one in found) else FINE


def _render(alarms: Sequence[Alarm]) -> Iterator[RenderableType]:
    from trueup.report.console import indented  # noqa: PLC0415 - heavy

    if not alarms:
        yield "No alarm."
    for alarm in alarms:
        name = f"{alarm.watch}: {alarm.part}" if alarm.part else alarm.watch
        state = "open" if alarm.open else "accepted"
        flag = ", backfire" if alarm.backfire else ""
        yield f"{alarm.id}  {state}  {one_line(name, 60)}, {one_line(alarm.label, 30)}{flag}"
        yield indented(one_line(alarm.message, _MESSAGE))
        done = alarm.accepted
        if done is not None:
            told = f"Accepted by {done.by} on {done.at.date().isoformat()}: {done.reason}"
            yield indented(one_line(told, _MESSAGE), style="dim")
        else:
            yield indented(f"Accept it: trueup goodhart --ack {alarm.id} --reason TEXT")
