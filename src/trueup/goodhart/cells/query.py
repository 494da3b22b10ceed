"""The one aggregation that turns records into cells, written as SQL for DuckDB.

Every figure is a sum over the rows of a cell, so that cells of disjoint rows add up: a new week
costs reading that week, and a log of any length becomes one small table.
"""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.goodhart.cells.source import Column
    from trueup.goodhart.spec import WatchSpec

KEYS = ("version", "arm", "instrument", "period", "segment", "bin", "bucket")
BUCKETS = 64
"""Users are spread over so many buckets by a hash: leaving one out at a time tells what users that
come back do to an error bar."""
BINS = 5
SKEW = 300_000_000
"""Microseconds by which a signal's clock may run behind that of its output."""
LARGEST = 1e50
"""Size beyond which nothing was measured. The fourth power of what is smaller is still a number, so
that no sum, variance or weight overflows."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read of a source, and how it is laid out.

    Attributes:
        columns: The source's columns by their own names.
        origin: Start of period 0, microseconds since 1970.
        edges: Upper ends of all of the judge's bins but the last.
        where: SQL of the records that take part; empty for all.
        until: Instant that nothing later is known at, microseconds since 1970.
        waiting: Place of a signal -> microseconds that an output must be old before it counts,
            with `until`. Values of the others count from when they arrived.
        table: Where the rows come from.
        alike: Whether many outputs of nobody are told from no other.
    """

    columns: Mapping[str, Column]
    origin: int
    edges: tuple[float, ...]
    where: str = ""
    until: int | None = None
    waiting: Mapping[int, int] = field(default_factory=dict)
    table: str = "source"
    alike: bool = False

    def number(self, name: str) -> str:
        """Return a column as a number of a size that can be, or null."""
        return number(self.columns[name].sql, self.columns[name].kind)

    def micros(self, name: str) -> str:
        """Return an instant's column as microseconds since 1970."""
        return micros(self.columns[name].sql, self.columns[name].kind)

    def word(self, name: str | None) -> str:
        """Return a column as text, empty where it is missing."""
        return word(self.columns[name].sql) if name else "''"

    def period(self, spec: WatchSpec) -> str:
        """Return the period of a record, all records that take part being past the origin."""
        if not spec.time:
            return "0"
        return f"(({self.micros(spec.time)} - {self.origin}) // {micros_of(spec.step)})::integer"

    @property
    def condition(self) -> str:
        """What stands after the table."""
        return f" where {self.where}" if self.where else ""


def quoted(name: str) -> str:
    """Return a column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def micros_of(span: dt.timedelta) -> int:
    """Return a length of time in microseconds."""
    return span // dt.timedelta(microseconds=1)


def micros(column: str, kind: str) -> str:
    """Return an instant's column as microseconds since 1970, UTC; of text that is none, null."""
    name = quoted(column)
    return f"epoch_us(try_cast({name} as timestamptz))" if kind == "text" else f"epoch_us({name})"


def number(column: str, kind: str) -> str:
    """Return a column as a number of a size that can be, or null."""
    name = quoted(column)
    if kind == "float":
        return f"case when {sized(name)} then cast({name} as double) end"
    if kind == "text":
        truth = f"try_cast(try_cast({name} as boolean) as double)"
        cast = f"coalesce(try_cast({name} as double), {truth})"
        return f"case when {sized(cast)} then {cast} end"
    return f"cast({name} as double)"


def sized(value: str) -> str:
    """Return the SQL that says whether a float is a number, and of a size that can be."""
    return f"abs({value}) <= {LARGEST!r}"  # NaN is above all to DuckDB


def word(column: str | None) -> str:
    """Return a column as text, empty where it is missing."""
    return f"coalesce(cast({quoted(column)} as varchar), '')" if column else "''"


def missing(column: str, kind: str) -> str:
    """Return the SQL that says whether a column is empty."""
    name = quoted(column)
    return f"({name} is null or isnan({name}))" if kind == "float" else f"({name} is null)"


def keys_of(spec: WatchSpec) -> tuple[str, ...]:
    """Return the keys that differ between cells; the texts of the others are empty."""
    named = {"version": spec.version, "arm": spec.arm, "instrument": spec.instrument,
             "segment": spec.segment}  # fmt: skip
    return tuple(key for key in KEYS if key not in named or named[key] is not None)


def sums(
    signals: int,
    features: int,
    criteria: int,
    *,
    weighted: bool = True,
    arrivals: tuple[int, ...] = (),
) -> dict[str, str]:
    """Return the name of every sum in a cell, and its SQL.

    n counts outputs; w, wj, wjj are sums over judged outputs of the judge's weight times powers of
    its score. Per signal k: m, s, q count, sum and sum the squares of what arrived in time; g, gj,
    gjj, gp, gjp are weighted sums over outputs that have both; b counts values that came before
    their output. r... are over outputs answered twice; f... over judged outputs with all features;
    d, e are weight and weighted sum of each criterion.

    Args:
        signals: How many signals there are.
        features: How many features.
        criteria: How many criteria.
        weighted: Whether judged outputs have weights; else each weighs 1, which is cheaper to add.
        arrivals: Places of the signals that say when a value arrived.
    """
    found = {"n": "count(*)", "nj": "count(j)"}
    if weighted:
        found |= {"w": "sum(w)", "wj": "sum(w * j)", "wjj": "sum(w * j * j)"}
    else:
        found |= {"w": "count(j)", "wj": "sum(j)", "wjj": "sum(j * j)"}
    for k in range(signals):
        found |= {f"m{k}": f"count(p{k})", f"s{k}": f"sum(p{k})", f"q{k}": f"sum(p{k} * p{k})"}
        found |= _both(k, weighted=weighted)
        if k in arrivals:
            found[f"b{k}"] = f"count(b{k})"
    found |= {
        "rn": "count(ja)", "ra": "sum(ja)", "rb": "sum(jb)",
        "raa": "sum(ja * ja)", "rbb": "sum(jb * jb)", "rab": "sum(ja * jb)",
    }  # fmt: skip
    if features:
        found |= _explained(features)
    for i in range(criteria):
        weight = f"sum(case when c{i} is not null then w end)" if weighted else f"count(c{i})"
        found |= {f"d{i}": weight, f"e{i}": f"sum(w * c{i})" if weighted else f"sum(c{i})"}
    return found


def _both(k: int, *, weighted: bool) -> dict[str, str]:
    """Return the sums over outputs that have both a score and a signal."""
    if weighted:
        return {
            f"g{k}": f"sum(w{k})", f"gj{k}": f"sum(w{k} * j)", f"gjj{k}": f"sum(w{k} * j * j)",
            f"gp{k}": f"sum(w * p{k})", f"gjp{k}": f"sum(w * j * p{k})",
        }  # fmt: skip
    return {
        f"g{k}": f"count(w{k})", f"gj{k}": f"sum(w{k})", f"gjj{k}": f"sum(w{k} * w{k})",
        f"gp{k}": f"sum(u{k})", f"gjp{k}": f"sum(j * p{k})",
    }  # fmt: skip


def _explained(features: int) -> dict[str, str]:
    """Return the sums that a regression of the score on the features needs."""
    found = {"fn": "sum(wf)", "fj": "sum(wf * j)", "fjj": "sum(wf * j * j)"}
    for i in range(features):
        found |= {f"fx{i}": f"sum(wf * x{i})", f"fxj{i}": f"sum(wf * x{i} * j)"}
    for i, o in combinations_with_replacement(range(features), 2):
        found[f"fxx{i}_{o}"] = f"sum(wf * x{i} * x{o})"
    return found


def by_value(signals: int, features: int) -> dict[str, tuple[str, int]]:
    """Return the sums that are another one times a power of the score, where a bin has but one."""
    found = {"wj": ("w", 1), "wjj": ("w", 2), "ra": ("rn", 1), "raa": ("rn", 2), "rab": ("rb", 1),
             "fj": ("fn", 1), "fjj": ("fn", 2)}  # fmt: skip
    for k in range(signals):
        found |= {f"gj{k}": (f"g{k}", 1), f"gjj{k}": (f"g{k}", 2), f"gjp{k}": (f"gp{k}", 1)}
    return found | {f"fxj{i}": (f"fx{i}", 1) for i in range(features)}


def cells(inner: str, figures: Mapping[str, str], keys: tuple[str, ...] = KEYS) -> str:
    """Return the SQL of the cells: one row per combination of the keys, with every sum."""
    wanted = ", ".join(f"coalesce({sql}, 0)::double as {name}" for name, sql in figures.items())
    return f"select {', '.join(keys)}, {wanted} from ({inner}) group by {', '.join(keys)}"
