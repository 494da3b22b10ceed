"""`trueup goodhart`: do users gain what the judge's rise should have brought them?

One command with words of its own behind it: what is no such word is the table to look at.
"""

from __future__ import annotations

import shlex
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from trueup.cli.common import (
    FINE,
    Json,
    StoreOption,
    respond,
    store_place,
)

WORDS = ("backfill", "plan", "import", "alarms")
EPILOG = (
    "Also: trueup goodhart backfill, plan, import and alarms, each with --help. Exit status: 0 "
    "users gained or the judge has not risen, 1 gaming or an open alarm, 2 usage or configuration, "
    "3 inconclusive or unidentified."
)
RUNNER = "goodhart-watch"


class Words(TyperCommand):
    """The command, or one of the words behind it."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401 - typer names no type of its contexts
        **extra: Any,  # noqa: ANN401 - whatever it is given
    ) -> Any:  # noqa: ANN401 - as above
        """Return the context of the command that is meant, which is then invoked."""
        if args and args[0] in WORDS:
            module = import_module(f"trueup.cli.goodhart_{args[0]}")
            app = typer.Typer(rich_markup_mode=None, add_completion=False)
            app.command(args[0], context_settings={"help_option_names": ["-h", "--help"]})(
                module.command
            )
            word = typer.main.get_command(app)
            return word.make_context(f"{info_name} {args[0]}", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)


CLASS = Words


def command(  # noqa: PLR0917 - a command's options
    table: Annotated[
        Path | None,
        typer.Argument(
            help="Parquet, CSV or JSONL, a row an output; none for runners/goodhart-watch.yaml."
        ),
    ] = None,
    judge: Annotated[
        str | None, typer.Option("--judge", "-j", help="The judge's score.", metavar="COLUMN")
    ] = None,
    signal: Annotated[
        list[str] | None,
        typer.Option(
            "--signal",
            "-s",
            help="NAME:higher or NAME:lower is good for users; then ,arrived=COLUMN ,within=14d "
            ",absent=0 ,per=100 ,label=TEXT.",
            metavar="SIGNAL",
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", help="When it was given.", metavar="COLUMN")
    ] = None,
    judge_repeat: Annotated[
        str | None,
        typer.Option("--judge-repeat", help="The judge's second answer.", metavar="COLUMN"),
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option("--segment", help="Slice whose mix is held fixed.", metavar="COLUMN"),
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", help="User or conversation.", metavar="COLUMN")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="The system's version.", metavar="COLUMN")
    ] = None,
    arm: Annotated[
        str | None,
        typer.Option("--arm", help="What users were randomised into.", metavar="COLUMN"),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option("--unit", help="Id of the output, or of the task.", metavar="COLUMN"),
    ] = None,
    judge_weight: Annotated[
        str | None,
        typer.Option("--judge-weight", help="1 / chance of being judged.", metavar="COLUMN"),
    ] = None,
    instrument: Annotated[
        str | None,
        typer.Option("--instrument", help="What measured the scores.", metavar="COLUMN"),
    ] = None,
    anchor: Annotated[
        str | None,
        typer.Option(
            "--anchor", help="Names outputs judged anew in each period.", metavar="COLUMN"
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", help="Text or its hash: counts distinct ones.", metavar="COLUMN"),
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option("--feature", help="Explains, never decides: length, ...", metavar="COLUMN"),
    ] = None,
    criterion: Annotated[
        list[str] | None,
        typer.Option("--criterion", help="A criterion's value; explains.", metavar="COLUMN"),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            help="Watch each value of it by itself: product. With --ack: who accepts.",
            metavar="COLUMN",
        ),
    ] = None,
    design: Annotated[
        str | None,
        typer.Option("--design", help="auto, concurrent, releases, weekly.", metavar="DESIGN"),
    ] = None,
    control: Annotated[
        str | None, typer.Option("--control", help="Arm or version to compare with.")
    ] = None,
    period: Annotated[str | None, typer.Option("--period", help="7d by default.")] = None,
    reference: Annotated[
        int | None, typer.Option("--reference", help="Periods before monitoring: 12.")
    ] = None,
    horizon: Annotated[
        str | None, typer.Option("--horizon", help="Periods that share one error rate; none.")
    ] = None,
    starts: Annotated[
        str | None,
        typer.Option("--starts", help="scan, or known deploys: 2026-03-01,2026-04-05."),
    ] = None,
    primary: Annotated[
        str | None, typer.Option("--primary", help="The signal that matters most.")
    ] = None,
    worth: Annotated[
        float | None, typer.Option("--worth", help="Smallest gain of it that matters.")
    ] = None,
    overstate: Annotated[
        float | None, typer.Option("--overstate", help="Records may overstate so many times.")
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option("--ledger", help="Past A/Bs; one that is over is added. JSONL, CSV."),
    ] = None,
    alpha: Annotated[
        float | None, typer.Option("--alpha", help="False-alarm rate over a horizon: 0.05.")
    ] = None,
    c: Annotated[
        float | None, typer.Option("-c", help="Share of the gain below which it is gamed: 0.5.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Of the watch; the table's where left out.")
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            "--report", "-o", help="Write it: .html, .md, .json, .xml (JUnit).", metavar="FILE"
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page.")] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write a comment.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write a test report.")] = None,
    ack: Annotated[
        str | None, typer.Option("--ack", help="Accept an alarm, with --reason.", metavar="ID")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why it may stand.")] = None,
    store: StoreOption = None,
    *,
    backtest: Annotated[
        bool,
        typer.Option(
            "--backtest", help="Show every past look as it would have been seen; add to no ledger."
        ),
    ] = False,
    json_: Json = False,
) -> int:
    """Compare judge scores with users. Says whether users gained, or what is missing."""
    named = {
        "judge": judge, "time": time, "judge_repeat": judge_repeat, "segment": segment,
        "group": group, "version": version, "arm": arm, "unit": unit,
        "judge_weight": judge_weight, "instrument": instrument, "anchor": anchor,
        "output": output, "features": feature, "criteria": criterion, "signals": signal,
        "design": design, "control": control, "period": period, "reference": reference,
        "horizon": horizon, "starts": starts, "primary": primary, "worth": worth,
        "overstate": overstate, "ledger": None if ledger is None else str(ledger),
        "alpha": alpha, "c": c,
    }  # fmt: skip
    said = {key: value for key, value in named.items() if value is not None and value != []}
    if ack is not None:
        return _accept(ack, reason, by, store, table=table, json_=json_)
    if reason is not None:
        from trueup.errors import ConfigError  # noqa: PLC0415 - heavy

        mend = "Name it: trueup goodhart --ack ID --reason TEXT"
        raise ConfigError("a reason accepts an alarm, and none is named", mend=mend)
    reports = [*(report or []), *_ending(html, ".html"), *_ending(markdown, ".md"),
               *_ending(junit, ".xml")]  # fmt: skip
    from trueup.cli.goodhart_show import look_at_runner, look_at_table  # noqa: PLC0415 - heavy

    if table is None:
        return look_at_runner(
            RUNNER, said, by=by, store=store, reports=reports, backtest=backtest, json_=json_
        )
    return look_at_table(
        table, said, name=name, by=by or [], store=store, reports=reports, backtest=backtest,
        json_=json_,
    )  # fmt: skip


def _ending(path: Path | None, ending: str) -> list[Path]:
    """Return the file, whose ending has to say what it is."""
    if path is None:
        return []
    if path.suffix != ending:
        from trueup.errors import ConfigError  # noqa: PLC0415 - heavy

        what = f"{path.name} does not end with {ending}"
        raise ConfigError(what, mend=f"Name it {path.stem}{ending}")
    return [path]


def _accept(
    id_: str,
    reason: str | None,
    by: list[str] | None,
    store: str | None,
    *,
    table: Path | None,
    json_: bool,
) -> int:
    import getpass  # noqa: PLC0415 - where it is used

    from trueup.cli.goodhart_alarms import MADE_BY  # noqa: PLC0415 - heavy
    from trueup.errors import ConfigError  # noqa: PLC0415 - heavy
    from trueup.report.safe import one_line  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.results import alarm_dict  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.standing import accept  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    if table is not None:
        mend = "Accept it first: trueup goodhart --ack ID --reason TEXT"
        raise ConfigError("--ack looks at no table", mend=mend)
    try:
        who = " ".join(by or ()).strip() or getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise ConfigError("nobody knows who accepts it", mend="Say it: --by NAME") from None
    place = store_place(store)
    with Store.open_existing(place, made_by=MADE_BY.format(store=shlex.quote(place))) as opened:
        alarm = accept(opened, id_, reason=reason or "", by=who)
    told = f"Alarm {alarm.id} of {alarm.label} is accepted by {who}: {alarm.accepted.reason}"  # type: ignore[union-attr] # it was just accepted
    respond(alarm_dict(alarm), [one_line(told, 500)], json_=json_)
    return FINE
