"""The records as the aggregation adds them up: cleaned, binned, with what counts of each signal.

What a sum leaves out is null here, before it is summed: a `filter` on each of forty sums costs a
third more than the same done once per row.
"""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.goodhart.cells.query import BUCKETS, SKEW, micros_of, missing, quoted

if TYPE_CHECKING:
    import duckdb

    from trueup.goodhart.cells.query import Plan
    from trueup.goodhart.spec import Signal, WatchSpec

TOLD_APART = 0.9
"""With fewer hashes than this part of the outputs, outputs of nobody are numbered."""


def rows(spec: WatchSpec, plan: Plan) -> str:
    """Return the SQL of one row per output, with the columns that `query.sums` adds up."""
    return _masked(spec, _counted(spec, plan, _read(spec, plan)))


def _read(spec: WatchSpec, plan: Plan) -> str:
    """Return the SQL that takes from the source what is needed, cleaned."""
    time = plan.micros(spec.time) if spec.time else "0"
    texts = {"version": spec.version, "arm": spec.arm, "instrument": spec.instrument,
             "segment": spec.segment}  # fmt: skip
    columns = [f"{plan.word(name)} as {key}" for key, name in texts.items() if name]
    columns += [
        f"{plan.period(spec)} as period",
        f"({_owner(spec, plan)} % {BUCKETS})::utinyint as bucket",
        f"{time} as t",
        f"{plan.number(spec.judge)} as j",
        f"{plan.number(spec.judge_repeat) if spec.judge_repeat else 'null::double'} as j2",
    ]
    if spec.judge_weight:
        columns.append(f"{plan.number(spec.judge_weight)} as weight")
    for k, signal in enumerate(spec.signals):
        columns.append(f"{plan.number(signal.name)} as v{k}")
        if signal.arrived and spec.time:
            columns.append(f"{plan.micros(signal.arrived)} as a{k}")
    columns += [f"{plan.number(name)} as x{i}" for i, name in enumerate(spec.features)]
    columns += [f"{plan.number(name)} as c{i}" for i, name in enumerate(spec.criteria)]
    return f"select {', '.join(columns)} from {plan.table}{plan.condition}"


def alone_of(spec: WatchSpec, plan: Plan) -> str:
    """Return the hash by which an output of nobody is told from others, whenever it is read."""
    time = plan.micros(spec.time) if spec.time else "0"
    return f"hash({time}, {plan.number(spec.judge)})"


def find_alike(database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan) -> bool:
    """Say whether many outputs that belong to nobody are told from no other, as by a day's date."""
    if spec.group or spec.unit:
        return False
    every, apart = database.execute(
        f"select count(*), approx_count_distinct({alone_of(spec, plan)}) from {plan.table}"
        f"{plan.condition}"
    ).fetchall()[0]
    return bool(apart < TOLD_APART * every)


def _owner(spec: WatchSpec, plan: Plan) -> str:
    """Return the hash of whom an output belongs to; without anyone each is its own."""
    alone = alone_of(spec, plan)
    owner = spec.group or spec.unit
    if not owner:
        # numbered among its like: a day's outputs of one score are many, and no user's
        return f"hash({alone}, row_number() over (partition by {alone}))" if plan.alike else alone
    column = plan.columns[owner]
    gone = missing(column.sql, column.kind)
    return f"case when {gone} then {alone} else hash({quoted(column.sql)}) end"


def _counted(spec: WatchSpec, plan: Plan, inner: str) -> str:
    """Return the SQL that adds each judged output's bin and weight, and what signals count."""
    bins = " + ".join(f"(j > {edge!r})::utinyint" for edge in plan.edges) or "0"
    columns = ["*", f"case when j is null then 255 else {bins} end as bin"]
    if spec.judge_weight:
        columns.append("case when j is not null and weight > 0 then weight end as w")
    for k, signal in enumerate(spec.signals):
        columns.append(f"{_arrived(signal, k, plan, timed=spec.time is not None)} as p{k}")
        if signal.arrived and spec.time:
            columns.append(f"case when a{k} < t - {SKEW} then v{k} end as b{k}")
    return f"select {', '.join(columns)} from ({inner})"


def _arrived(signal: Signal, k: int, plan: Plan, *, timed: bool) -> str:
    """Return a signal's value if it counts.

    It counts if it arrived within its window; without an instant once the window has closed, which
    without `until` is taken for granted. What comes later is as missing as what never came; what
    came before the output is no answer to it at all.
    """
    value = f"v{k}" if signal.absent is None else f"coalesce(v{k}, {float(signal.absent)!r})"
    other = "null" if signal.absent is None else repr(float(signal.absent))
    if not timed:
        return value
    closes = f"t + {micros_of(signal.window)}"
    closed = "true" if plan.until is None else f"{closes} <= {plan.until}"
    if not signal.arrived:
        return value if plan.until is None else f"case when {closed} then {value} end"
    end = closes if plan.until is None else f"least({closes}, {plan.until})"
    if signal.absent is None and plan.until is None:
        return f"case when a{k} is null or a{k} between t - {SKEW} and {end} then v{k} end"
    untimed = value if plan.until is None else f"case when {closed} then {value} else {other} end"
    found = (
        f"case when a{k} is null then {untimed} when a{k} > {end} then {other} "
        f"when a{k} >= t - {SKEW} then {value} end"
    )
    if k not in plan.waiting:
        return found
    return f"case when t + {plan.waiting[k]} <= {plan.until} then {found} end"


def _masked(spec: WatchSpec, inner: str) -> str:
    """Return the SQL that adds what sums over part of the outputs add up."""
    columns = ["*", "case when j2 is not null then j end as ja",
               "case when j is not null then j2 end as jb"]  # fmt: skip
    weight = "w" if spec.judge_weight else "j"
    for k in range(len(spec.signals)):
        columns.append(f"case when p{k} is not null then {weight} end as w{k}")
        if not spec.judge_weight:
            columns.append(f"case when j is not null then p{k} end as u{k}")
    if spec.features:
        here = " and ".join(f"x{i} is not null" for i in range(len(spec.features)))
        columns.append(f"case when {here} then {'w' if spec.judge_weight else 'j * 0 + 1'} end wf")
    return f"select {', '.join(columns)} from ({inner})"
