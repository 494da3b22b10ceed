"""Statements: how rows are written and found by key, in the words of one driver.

A run asks and commits every few milliseconds, a handful of rows at a time. Put together anew, or
looked up in SQLAlchemy's cache, such statements cost several times the database's own work.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trueup.judge.verdict import ASK_AGAIN
from trueup.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection, Dialect, Table
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert


@dataclass(frozen=True, slots=True)
class Insert:
    """One table's statement in the words of one driver."""

    sql: str
    values: Callable[[dict[str, Any]], Any]
    """Makes of a row what the driver takes: values in order, or the row itself by name."""

    def run(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Write rows, each with all the columns that the table has but `id`."""
        connection.exec_driver_sql(self.sql, [self.values(row) for row in rows])


@dataclass(frozen=True, slots=True)
class Lookup:
    """Finds some columns of one table's rows by what stands in others."""

    select: str
    columns: tuple[str, ...]
    quote: Callable[[str], str]
    mark: str
    """How the driver writes a parameter."""

    @classmethod
    def of(cls, dialect: Dialect, table: Table, *columns: str) -> Lookup:
        """Return the look-up of columns."""
        found = sa.select(*(table.c[name] for name in columns)).compile(dialect=dialect)
        mark = "?" if dialect.paramstyle == "qmark" else "%s"
        return cls(str(found), columns, dialect.identifier_preparer.quote, mark)

    def run(self, connection: Connection, **wanted: Sequence[object]) -> Iterator[dict[str, Any]]:
        """Yield the rows in which each of these columns has one of these values."""
        where = " AND ".join(
            f"{self.quote(name)} IN ({', '.join([self.mark] * len(values))})"
            for name, values in wanted.items()
        )
        values = tuple(chain.from_iterable(wanted.values()))
        for row in connection.exec_driver_sql(f"{self.select} WHERE {where}", values):
            yield dict(zip(self.columns, row, strict=True))


def inserts(dialect: Dialect) -> dict[str, Insert]:
    """Return table name -> how its rows are written.

    What is there already stays, except that a verdict or a call which is to be asked again
    gives way to a later one.
    """
    return {
        "observation": _compiled(insert(dialect, schema.observation), schema.observation, dialect),
        "content": _compiled(
            insert(dialect, schema.content, unless="hash"), schema.content, dialect
        ),
        "verdict": _compiled(_verdict(dialect), schema.verdict, dialect),
        "call": _compiled(_call(dialect), schema.call, dialect),
        "answerer": _compiled(insert(dialect, schema.answerer), schema.answerer, dialect),
    }


def insert(dialect: Dialect, table: Table, *, unless: str | None = None) -> sa.Insert:
    """Return a statement that adds rows, and leaves alone those that are there.

    Args:
        dialect: Whose words it is in.
        table: Where rows go.
        unless: The unique column by which a row is there already; its primary key by default.
    """
    return _new(dialect, table).on_conflict_do_nothing(index_elements=[unless] if unless else None)


def _verdict(dialect: Dialect) -> sa.Insert:
    table = schema.verdict
    statement = _new(dialect, table)
    # what is settled stays: a late failure never takes the place of a verdict
    again = ", ".join(f"'{outcome}'" for outcome in sorted(ASK_AGAIN))
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_=_excluded(statement, table),
        where=sa.literal_column(f"verdict.outcome IN ({again})"),
    )


def _call(dialect: Dialect) -> sa.Insert:
    table = schema.call
    statement = _new(dialect, table)
    new = _excluded(statement, table)
    new["attempts"] = table.c.attempts + statement.excluded["attempts"]
    return statement.on_conflict_do_update(index_elements=["key"], set_=new)


def _excluded(statement: SqliteInsert | PostgresqlInsert, table: Table) -> dict[str, Any]:
    kept = {"key", *table.primary_key.columns.keys()}
    return {c.name: statement.excluded[c.name] for c in table.c if c.name not in kept}


def _new(dialect: Dialect, table: Table) -> SqliteInsert | PostgresqlInsert:
    if dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - one dialect is used

        return postgresql.insert(table).inline()
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - one dialect is used

    return sqlite.insert(table).inline()


def _compiled(statement: sa.Insert, table: Table, dialect: Dialect) -> Insert:
    columns = [column.name for column in table.c if column.name != "id"]
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    order: list[str] | None = getattr(compiled, "positiontup", None)
    return Insert(str(compiled), dict if order is None else itemgetter(*order))
