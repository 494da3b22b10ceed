"""`trueup goodhart plan`: what traffic, feedback and time a decision will need."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.cli.common import FINE, Json, respond
from trueup.errors import ConfigError, did_you_mean
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType

    from trueup.goodhart.plan import Plan
    from trueup.goodhart.plan.past import Believed
    from trueup.goodhart.plan.pilot import Pilot, PilotSignal
    from trueup.goodhart.spec import WatchSpec

_DESIGNS = ("weekly", "concurrent", "releases")
_KNOWN = ("rate", "spread", "worth")
_TINY = 1e-12


def command(  # noqa: PLR0917 - a command's options
    table: Annotated[
        Path | None,
        typer.Argument(help="A pilot: a table as of trueup goodhart; none to state numbers."),
    ] = None,
    rise: Annotated[
        float, typer.Option("--rise", help="The judge's rise to plan for, in its points.")
    ] = 0.0,
    design: Annotated[
        str, typer.Option("--design", help="weekly, concurrent, releases.", metavar="DESIGN")
    ] = "weekly",
    target: Annotated[
        float, typer.Option("--target", min=0.5, max=0.99, help="Chance of the right verdict.")
    ] = 0.8,
    judge: Annotated[
        str | None, typer.Option("--judge", "-j", help="The judge's score.", metavar="COLUMN")
    ] = None,
    signal: Annotated[
        list[str] | None,
        typer.Option("--signal", "-s", help="As of trueup goodhart.", metavar="SIGNAL"),
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", help="When it was given.", metavar="COLUMN")
    ] = None,
    segment: Annotated[
        str | None, typer.Option("--segment", help="Slice held fixed.", metavar="COLUMN")
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", help="User or conversation.", metavar="COLUMN")
    ] = None,
    period: Annotated[str | None, typer.Option("--period", help="7d by default.")] = None,
    reference: Annotated[
        int | None, typer.Option("--reference", help="Periods before monitoring: 12.")
    ] = None,
    horizon: Annotated[
        str | None, typer.Option("--horizon", help="Periods that share one error rate.")
    ] = None,
    overstate: Annotated[
        float | None, typer.Option("--overstate", help="Records may overstate so many times.")
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option("--ledger", help="Past A/Bs: which judge gain is worth believing."),
    ] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", help="0.05 by default.")] = None,
    c: Annotated[float | None, typer.Option("-c", help="0.5 by default.")] = None,
    items: Annotated[
        float | None, typer.Option("--items", help="Stated: outputs a period.")
    ] = None,
    spread: Annotated[
        float | None, typer.Option("--spread", help="Stated: standard deviation of a score.")
    ] = None,
    reliability: Annotated[
        float, typer.Option("--reliability", help="Stated: correlation of two answers.")
    ] = 1.0,
    known: Annotated[
        list[str] | None,
        typer.Option(
            "--known",
            help="Stated: a signal, as retries:rate=1,spread=0.46,worth=0.2.",
            metavar="SIGNAL",
        ),
    ] = None,
    holdback: Annotated[
        float | None,
        typer.Option("--holdback", help="Share of users to hold back: prints who, as SQL."),
    ] = None,
    salt: Annotated[str, typer.Option("--salt", help="Name of the holdback.")] = "holdback",
    user: Annotated[
        str, typer.Option("--user", help="Column of the user in that SQL.", metavar="COLUMN")
    ] = "user_id",
    dialect: Annotated[
        str, typer.Option("--dialect", help="duckdb, bigquery, snowflake, postgres, spark.")
    ] = "duckdb",
    *,
    json_: Json = False,
) -> int:
    """Plan a watch: what it needs, what helps most, and who is held back."""
    if holdback is not None:
        from trueup.goodhart.plan.holdback import holdback_sql, quoted  # noqa: PLC0415 - heavy

        if not user.strip():
            mend = "Name the column of the user's id, as --user user_id"
            raise ConfigError("--user names no column", mend=mend)
        sql = holdback_sql(quoted(user.strip(), dialect), holdback, salt, dialect=dialect)
        respond({"share": holdback, "salt": salt, "dialect": dialect, "sql": sql}, [sql],
                json_=json_)  # fmt: skip
        return FINE
    if design not in _DESIGNS:
        raise ConfigError(f"'{design}' is no design", mend=did_you_mean(design, _DESIGNS))
    if not 0 < rise < math.inf:
        mend = "Say it in the judge's points: --rise 0.2"
        raise ConfigError("nobody said for which rise of the judge to plan", mend=mend)
    said = {
        "judge": judge, "signals": signal, "time": time, "segment": segment, "group": group,
        "period": period, "reference": reference, "horizon": horizon, "overstate": overstate,
        "ledger": None if ledger is None else str(ledger), "alpha": alpha, "c": c,
    }  # fmt: skip
    said = {name: value for name, value in said.items() if value is not None and value != []}
    if table is not None:
        pilot, spec = _read(table, said, rise)
    else:
        pilot, spec = _stated(items, spread, reliability, known or [], rise), None
    from trueup.goodhart.plan import plan_watch  # noqa: PLC0415 - heavy

    aim = None if spec is not None or not said else _settings(said)
    found = plan_watch(pilot, spec or aim, design=design, target=target)  # type: ignore[arg-type] # it is one of them
    respond(to_dict(found), _render(found), json_=json_)
    return FINE


def _read(table: Path, said: Mapping[str, Any], rise: float) -> tuple[Pilot, WatchSpec]:
    from trueup.goodhart.cells import read_cells  # noqa: PLC0415 - heavy
    from trueup.goodhart.plan.pilot import pilot_of  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.arguments import watch_spec  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.guess import guess  # noqa: PLC0415 - heavy

    guessed = guess(table, said)
    spec = watch_spec(guessed.said, columns=guessed.columns)
    return pilot_of(read_cells(str(table), spec), spec, rise=rise), spec


def _settings(said: Mapping[str, Any]) -> WatchSpec:
    """Return the settings of a watch whose columns are of no account."""
    from trueup.runner.goodhart.arguments import watch_spec  # noqa: PLC0415 - heavy

    return watch_spec({"judge": "judge", "time": "time", **said})


def _stated(
    items: float | None, spread: float | None, reliability: float, known: list[str], rise: float
) -> Pilot:
    from trueup.goodhart.plan.pilot import Pilot  # noqa: PLC0415 - heavy

    for name, (value, low, high, mend) in {
        "--items": (items, 1, math.inf, "State the outputs of a period, 1 at least"),
        "--spread": (spread, _TINY, math.inf, "State a number above 0"),
        "--reliability": (reliability, _TINY, 1, "State a correlation above 0, 1 at most"),
    }.items():
        if (value is not None and not low <= value <= high) or value == math.inf:
            raise ConfigError(f"{name} is {value:g}", mend=mend)
    if items is None or spread is None or not known:
        mend = "Name a table, or state --items, --spread and a --known signal"
        raise ConfigError("there is nothing to plan with", mend=mend)
    signals = tuple(map(_signal, known))
    names = [one.name for one in signals]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise ConfigError(f"--known states '{doubled}' twice", mend="State each signal once")
    return Pilot(
        items=items,
        judge_spread=spread,
        reliability=reliability,
        rise=rise,
        signals=signals,
    )


def _signal(text: str) -> PilotSignal:
    from trueup.goodhart.plan.pilot import PilotSignal  # noqa: PLC0415 - heavy

    name, _, rest = text.partition(":")
    said: dict[str, float] = {}
    for part in rest.split(","):
        key, _, value = (piece.strip() for piece in part.partition("="))
        try:
            said[key] = float(value)
        except ValueError:
            said.clear()
            break
    if not all(math.isfinite(value) for value in said.values()):
        raise ConfigError(f"--known '{text}' holds what is no number", mend="State numbers")
    if not name.strip() or set(said) != set(_KNOWN):
        mend = "Write for example --known retries:rate=1,spread=0.46,worth=0.2"
        raise ConfigError(f"--known '{text}' does not say rate, spread and worth", mend=mend)
    if not 0 < said["rate"] <= 1 or said["spread"] <= 0 or said["worth"] <= 0:
        mend = "State a rate above 0, 1 at most, and a spread and a worth above 0"
        raise ConfigError(f"--known '{text}' cannot be planned with", mend=mend)
    return PilotSignal(name=name.strip(), **said)


def to_dict(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain data."""
    return {
        "design": plan.design,
        "target": plan.target,
        "periods": plan.periods,
        "outputs": plan.outputs,
        "limit": plan.limit,
        "traffic_helps": plan.traffic_helps,
        "message": plan.message,
        "pilot": {
            "items": plan.pilot.items,
            "judge_spread": plan.pilot.judge_spread,
            "reliability": plan.pilot.reliability,
            "rise": plan.pilot.rise,
            "stated": plan.pilot.stated,
            "signals": [
                {"name": s.name, "rate": s.rate, "spread": s.spread, "worth": s.worth}
                for s in plan.pilot.signals
            ],
        },
        "curves": [
            {
                "phi": one.phi,
                "finds": one.finds,
                "after": list(one.after),
                "chance": list(one.chance),
                "wrong": list(one.wrong),
            }
            for one in plan.curves
        ],
        "helps": [
            {"kind": one.kind, "what": one.what, "now": one.now, "then": one.then,
             "gain": one.gain} for one in plan.helps
        ],
        "believed": _believed(plan.believed),
    }  # fmt: skip


def _believed(known: Believed) -> dict[str, Any]:
    more = known.one_more
    return {
        "experiments": known.experiments,
        "rise": known.rise,
        "shown": known.shown,
        "overstatement": None if known.overstatement is None else list(known.overstatement),
        "outputs": known.outputs,
        "one_more": None if more is None else {"now": more.now, "then": more.then},
        "notes": list(known.notes),
        "sentence": known.sentence,
    }


def _render(plan: Plan) -> Iterator[RenderableType]:
    from trueup.report.console import indented, table  # noqa: PLC0415 - heavy

    yield indented(one_line(plan.message, 4000), by=0)
    yield "\nChance of the verdict by then, where users got that part of what was due:"
    unit = "releases" if plan.design == "releases" else "periods"
    first = plan.curves[0]
    wanted = [at for at, after in enumerate(first.after) if after in _shown(first.after)]
    yield table(
        (
            {
                unit: f"{first.after[at]}",
                **{f"{one.finds}, {one.phi:.0%}": f"{one.chance[at]:.0%}"
                   for one in plan.curves},
            }
            for at in wanted
        ),
        right=(unit, *(f"{one.finds}, {one.phi:.0%}" for one in plan.curves)),
    )  # fmt: skip


def _shown(after: tuple[int, ...]) -> set[int]:
    """Return a handful of the periods, the last one among them."""
    step = max(len(after) // 6, 1)
    return {*after[::step], after[-1]}
