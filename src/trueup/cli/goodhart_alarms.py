"""`trueup goodhart alarms`: what was raised, and who accepted it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, GATE_FAILED, Json, StoreOption, respond, store_place
from trueup.errors import ConfigError, did_you_mean
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from trueup.runner.goodhart.alarms import Alarm

MADE_BY = "trueup goodhart TABLE --store {store}"
"""What makes a store with alarms in it."""
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

    place = store_place(store)
    with Store.open_existing(place, made_by=MADE_BY.format(store=shlex.quote(place))) as opened:
        found = [one for one in standing(opened, watch=watch) if one.open or not open_]
        if watch is not None and not found:
            _check_named(watch, standing(opened))
    respond([alarm_dict(one) for one in found], _render(found, store), json_=json_)
    return GATE_FAILED if any(one.open for one in found) else FINE


def _check_named(watch: str, alarms: Sequence[Alarm]) -> None:
    """Refuse a watch that no alarm is of, where another of nearly that name has some."""
    hint = did_you_mean(watch, {one.watch for one in alarms} - {watch})
    if hint.startswith("Did"):
        raise ConfigError(f"no alarm is of a watch '{watch}'", mend=hint)


def _render(alarms: Sequence[Alarm], store: str | None) -> Iterator[RenderableType]:
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
            place = "" if store is None else f" --store {one_line(shlex.quote(store), 200)}"
            yield indented(f"Accept it: trueup goodhart --ack {alarm.id} --reason TEXT{place}")
